// What every check is given: the facts, the outcome, and which snapshots are to be right by which reference.
import { type Outcome, type Tree, versionsIn } from "../model/index.ts";
import { type Facts, referenceOf, referenceRules } from "./facts.ts";
import type { ReleaseRole, Roles } from "./fleet.ts";
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
  /** Of a fleet whose members differ: the one it is about; where there is no reference, the one that has none. */
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
  return { span, from, role, to, known: from === null ? undefined : knownOutcome(from, to, pairOutcome), ran, seen, reached };
}

/** Where several versions run, the worst of what their pairs are capable of; a member that has the version already has nothing to do. */
function knownOutcome(from: string, to: string, pairOutcome: Facts["pairOutcome"]): Outcome | undefined {
  const versions = versionsIn(from);
  if (versions.size === 1) return pairOutcome(from, to);
  const outcomes = [...versions].map((version) => (version === to ? "upgraded" : pairOutcome(version, to)));
  const bad = outcomes.find((outcome) => outcome === "stuck" || outcome === "bricked");
  if (bad !== undefined) return bad;
  return outcomes.every((outcome) => outcome === "upgraded") ? "upgraded" : undefined;
}

function strictLayout(facts: Facts, { outcome, running, roles = () => running ?? "from" }: Reading): LayoutTarget | null {
  const seen = facts.timeline.snapshots.get("after");
  if (seen === undefined || running === null) return null;
  const variant = outcome === "upgraded" ? facts.goal.variant : undefined;
  return { seen, ...compared(facts, running, roles), rules: referenceRules(facts, running, variant) };
}

function compared(facts: Facts, role: ReleaseRole, roles: Roles): Pick<LayoutTarget, "role" | "reference"> {
  const found = referenceOf(facts, role, roles);
  return "missing" in found ? { role: found.missing, reference: null } : { role, reference: found.tree };
}

/** Only a good upgrade is asked to repair what a power cut left. */
function repairedLayout(facts: Facts, next: NextUpgrade | null): LayoutTarget | null {
  if (next === null || !next.reached || next.seen === undefined) return null;
  const { seen, role } = next;
  return { seen, ...compared(facts, role, () => role), rules: referenceRules(facts, role, undefined) };
}
