// What every check is given: the facts, the outcome, and which snapshots are to be right by which reference.
import type { Outcome, Tree } from "../model/index.ts";
import { type Facts, type ReleaseRole, referenceRules, referenceTree } from "./facts.ts";
import type { Reading } from "./outcome.ts";
import type { LayoutRules } from "./rules.ts";
import { healthAt, type Seen, type StepSpan } from "./timeline.ts";
import { oneMoreUpgrade } from "./upgrades.ts";

/** The one more, sound, upgrade at the end. */
export interface NextUpgrade {
  readonly span: StepSpan;
  /** What ran when it was triggered; null: nothing did. */
  readonly from: string | null;
  readonly role: "to" | "next";
  readonly to: string;
  /** What this pair is capable of by itself, when that is known. */
  readonly known: Outcome | undefined;
  /** false: no healthy agent was left that could have been upgraded. */
  readonly ran: boolean;
  readonly seen: Seen | undefined;
  readonly reached: boolean;
}

/** A tree and what it must equal. */
export interface LayoutTarget {
  readonly seen: Seen;
  readonly role: ReleaseRole;
  /** null: there is no fresh install to compare with. */
  readonly reference: Tree | null;
  readonly rules: LayoutRules;
}

export interface CheckContext extends Facts {
  readonly reading: Reading;
  readonly nextUpgrade: NextUpgrade | null;
  /** Snapshots in which all must be right: from `after` on, or only the last one where the power was cut. */
  readonly settled: readonly Seen[];
  /** Snapshots in which the agent must at least be whole: with the one after the reboot, also where the power was cut. */
  readonly alive: readonly Seen[];
  /** null: what runs is not settled enough to be compared. */
  readonly layout: LayoutTarget | null;
}

export function checkContext(facts: Facts, reading: Reading): CheckContext {
  const { timeline, cell } = facts;
  const nextUpgrade = nextUpgradeOf(facts);
  // one more upgrade of a pair that breaks things by itself says nothing about this cell
  const counts = nextUpgrade !== null && nextUpgrade.ran && nextUpgrade.known !== "stuck" && nextUpgrade.known !== "bricked";
  const seen = (label: "after" | "rebooted" | "again"): Seen[] => {
    const found = timeline.snapshots.get(label);
    return found === undefined || (label === "again" && !counts) ? [] : [found];
  };
  const repaired = cell.script.settled === "repaired";
  const alive = [...(repaired ? [] : seen("after")), ...seen("rebooted"), ...seen("again")];
  const settled = repaired ? seen("again") : alive;
  return {
    ...facts,
    reading,
    nextUpgrade,
    settled,
    alive,
    layout: repaired ? repairedLayout(facts, nextUpgrade) : strictLayout(facts, reading),
  };
}

function nextUpgradeOf({ timeline, cell, pairOutcome }: Facts): NextUpgrade | null {
  const span = oneMoreUpgrade(timeline);
  if (span === undefined || span.startedAt === null) return null;
  const triggered = timeline.commands.some(({ step, command }) => step === span.number && command.accepted !== undefined);
  const ran = span.ok !== false || triggered;
  const from = healthAt(timeline, span.startedAt)?.version ?? null;
  const role = from === cell.to ? "next" : "to"; // as the cell program chooses
  const seen = timeline.snapshots.get("again");
  const to = cell[role];
  const reached = ran && seen !== undefined && seen.snapshot.healthy && seen.snapshot.version === to && seen.snapshot.busy.length === 0;
  return { span, from, role, to, known: from === null ? undefined : pairOutcome(from, to), ran, seen, reached };
}

function strictLayout(facts: Facts, { outcome, running }: Reading): LayoutTarget | null {
  const seen = facts.timeline.snapshots.get("after");
  if (seen === undefined || running === null) return null;
  const variant = outcome === "upgraded" ? facts.goal.variant : undefined;
  return { seen, role: running, reference: referenceTree(facts, running), rules: referenceRules(facts, running, variant) };
}

/** Only a good upgrade is asked to repair what a power cut left. */
function repairedLayout(facts: Facts, next: NextUpgrade | null): LayoutTarget | null {
  if (next === null || !next.reached || next.seen === undefined) return null;
  return {
    seen: next.seen,
    role: next.role,
    reference: referenceTree(facts, next.role),
    rules: referenceRules(facts, next.role, undefined),
  };
}
