// Which upgrades a script asks for, and in which stretch of time each happened.
import type { Cell } from "../model/index.ts";
import type { StepSpan, Timeline } from "./timeline.ts";

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

function windowOf(span: StepSpan, timeline: Timeline): Window | null {
  if (span.startedAt === null) return null;
  let end = span.endedAt ?? timeline.lastAt;
  // an upgrade that was only begun goes on while the scenario does other things
  const goesOn = span.step.kind === "upgrade" && span.step.until === "accepted";
  for (const next of timeline.steps.slice(span.number)) {
    if (!(next.step.kind === "settle" || (goesOn && next.step.kind === "fleet")) || next.startedAt === null) break;
    end = next.endedAt ?? timeline.lastAt;
  }
  return { start: span.startedAt, end };
}
