// Which upgrades a script asks for, in which stretch of time each happened, and how long nothing healthy answered meanwhile.
import type { Cell } from "../model/index.ts";
import { round, type StepSpan, type Timeline } from "./timeline.ts";

/** An upgrade that the scenario itself asks for. */
export interface OwnUpgrade {
  readonly span: StepSpan;
  readonly role: "from" | "to" | "next";
  readonly version: string;
  readonly variant: string | undefined;
  readonly faults: boolean;
  /** From the trigger to the end of the settling behind it; null when it was not reached. */
  readonly window: Window | null;
}

export interface Window {
  readonly start: number;
  readonly end: number;
}

/** The scenario's upgrades in order, without the one more at the end. */
export function ownUpgrades(cell: Cell, timeline: Timeline): OwnUpgrade[] {
  return timeline.steps.flatMap((span): OwnUpgrade[] => {
    const { step } = span;
    if (step.kind !== "upgrade" || step.role === "again") return [];
    const { role, variant, faults } = step;
    return [{ span, role, version: cell[role], variant, faults, window: windowOf(span, timeline) }];
  });
}

/** The upgrade to `again`, when the script has one. */
export function oneMoreUpgrade(timeline: Timeline): StepSpan | undefined {
  return timeline.steps.find(({ step }) => step.kind === "upgrade" && step.role === "again");
}

/** The longest stretch without a healthy answer during the upgrades; null when nothing was measured. */
export function downtimeOf(timeline: Timeline, upgrades: readonly OwnUpgrade[]): { readonly ms: number; readonly step: number } | null {
  let longest: { readonly ms: number; readonly step: number } | null = null;
  if (timeline.health.length === 0) return null;
  for (const { window, span } of upgrades) {
    if (window === null) continue;
    const ms = round(longestGap(timeline, window));
    if (longest === null || ms > longest.ms) longest = { ms, step: span.number };
  }
  return longest;
}

function windowOf(span: StepSpan, timeline: Timeline): Window | null {
  if (span.startedAt === null) return null;
  let end = span.endedAt ?? timeline.lastAt;
  for (const next of timeline.steps.slice(span.number)) {
    if (next.step.kind !== "settle" || next.startedAt === null) break;
    end = next.endedAt ?? timeline.lastAt;
  }
  return { start: span.startedAt, end };
}

function longestGap({ health }: Timeline, { start, end }: Window): number {
  let longest = 0;
  let downSince: number | null = null;
  const up = (t: number): void => {
    if (downSince !== null) longest = Math.max(longest, Math.min(t, end) - Math.max(downSince, start));
    downSince = null;
  };
  for (const seen of health) {
    if (seen.healthy) up(seen.t);
    else downSince ??= seen.t;
  }
  up(end);
  return longest;
}
