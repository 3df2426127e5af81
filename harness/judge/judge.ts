// Judges a cell from its observations: outcome, findings, and whether it can be told at all. Pure: an old run can be judged again.
import {
  actionKind,
  type Cell,
  type CellRecord,
  conditionNames,
  decisiveSnapshot,
  type Finding,
  type Outcome,
  type StepRecord,
} from "../model/index.ts";
import { answerLines, downtimes, longestDowntime } from "./answers.ts";
import { CHECKS } from "./checks/index.ts";
import { checkContext, type CheckContext } from "./context.ts";
import { type Facts, gatherFacts, type JudgeInput } from "./facts.ts";
import { fleetOf } from "./fleet.ts";
import { membersOf } from "./members.ts";
import { readOutcome } from "./outcome.ts";
import { readTimeline, round, stepRecords, type Timeline } from "./timeline.ts";
import { ownUpgrades } from "./upgrades.ts";

export interface Judgement {
  /** null: it could not be told. */
  readonly outcome: Outcome | null;
  /** Why it could not be told whether all is well; null when it could. */
  readonly errored: string | null;
  /** Why it proves nothing although nothing is wrong with it: what a fault acts upon does not exist in this release. */
  readonly skipped?: string;
  /** Cause first. */
  readonly findings: Finding[];
  /** null: the scenario has no faults. */
  readonly fault: CellRecord["fault"];
  /** The longest of all hosts and services. */
  readonly downtimeMs: number | null;
  /** All such times together, of the one that has most. */
  readonly downtimeTotalMs: number | null;
  /** Where the longest lies; absent when there was none. */
  readonly downtimeAt?: NonNullable<CellRecord["downtimeAt"]>;
  /** Of a fleet: each host and service. */
  readonly members?: NonNullable<CellRecord["members"]>;
  /** What the product's facts were in the end. */
  readonly facts?: NonNullable<CellRecord["facts"]>;
  readonly steps: StepRecord[];
  readonly durationMs: number;
}

/** Judges one cell. Findings are only told where the cell proves something: a broken baseline or a fault that never fired leaves none. */
export function judge(input: JudgeInput): Judgement {
  const { cell, product } = input;
  const timeline = readTimeline(cell, input.observations);
  const fleet = fleetOf(cell, product);
  const down = downtimes(timeline, fleet, ownUpgrades(cell, timeline));
  const members = fleet === null ? undefined : membersOf(timeline, fleet, down);
  const longest = longestDowntime(down);
  const lastFacts = timeline.snapshots.get(decisiveSnapshot(cell.script))?.snapshot.facts;
  const measured = {
    fault: faultOf(cell, timeline),
    downtimeMs: longest?.ms ?? null,
    downtimeTotalMs: down.length === 0 ? null : Math.max(...down.map(({ totalMs }) => totalMs)),
    ...(longest === null || longest.at === null
      ? {}
      : { downtimeAt: { member: longest.member, from: round(longest.at.start), to: round(longest.at.end) } }),
    ...(members === undefined ? {} : { members }),
    ...(lastFacts === undefined ? {} : { facts: { ...lastFacts } }),
    steps: stepRecords(timeline, cell),
    durationMs: timeline.lastAt,
  };
  const facts = gatherFacts(input, timeline);
  if (typeof facts === "string") return { ...measured, outcome: null, errored: facts, findings: [] };
  return { ...measured, ...looked(facts) };
}

function looked(facts: Facts): Pick<Judgement, "outcome" | "errored" | "findings" | "skipped"> {
  const reading = readOutcome(facts);
  if (typeof reading === "string") return { outcome: null, errored: reading, findings: [] };
  const { outcome } = reading;
  const moot = facts.timeline.faults.find(({ event }) => event === "moot");
  if (moot !== undefined) return { outcome, errored: null, findings: [], skipped: moot.evidence };
  const unfired = unmet(facts) ?? unseen(facts) ?? neverFired(facts);
  if (unfired !== null) return { outcome, errored: unfired, findings: [] };
  const context = checkContext(facts, reading);
  const findings = inOrder(CHECKS.flatMap((check) => check.run(context)));
  return { outcome, errored: findings.length === 0 ? withoutReference(context) : null, findings };
}

/** The outcome stands first, then by the moment when it was seen; within a moment in the order of the checks. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const [outcome] = CHECKS;
  const rank = ({ check, step }: Finding): number => (check === outcome?.name ? -1 : (step ?? 0));
  return findings.toSorted((one, other) => rank(one) - rank(other));
}

/** What a broken layout would show cannot be seen without something to compare with; other findings stand by themselves. */
function withoutReference({ layout, cell, freshProblem }: CheckContext): string | null {
  if (layout === null || layout.reference !== null) return null;
  const why = layout.role === "to" && freshProblem !== undefined && freshProblem !== "" ? `: ${freshProblem}` : "";
  return `no fresh install of ${cell[layout.role]} to compare with${why}`;
}

/** Nor does a condition that did not hold. */
function unmet({ cell, timeline }: Facts): string | null {
  for (const name of conditionNames(cell.script.conditions)) {
    const seen = timeline.conditions.filter(({ condition }) => condition === name);
    if (seen.length === 0) return `the condition ${name} was never looked at`;
    const broken = seen.find(({ holds }) => !holds);
    if (broken !== undefined) return `the condition ${name} did not hold: ${broken.evidence}`;
  }
  return null;
}

/** What is asked of time says nothing about a host or service that nobody looked at. */
function unseen({ cell, timeline, fleet }: Facts): string | null {
  const { downtime, overlap, concurrency } = cell.script;
  if (downtime === undefined && overlap === undefined && concurrency === undefined) return null;
  const silent = answerLines(timeline, fleet).find(({ answers }) => answers.length === 0);
  return silent === undefined ? null : `it was never seen what ${silent.member ?? "the agent"} answers`;
}

/** A fault that did not fire proves nothing. */
function neverFired({ cell, timeline }: Facts): string | null {
  for (const [index, fault] of cell.script.faults.entries()) {
    const events = timeline.faults.filter((seen) => seen.fault === index);
    if (events.some(({ event }) => event === "fired")) continue;
    const last = events.at(-1);
    const name = `fault ${index + 1} (${actionKind(fault.do)})`;
    if (last === undefined) return `${name} never fired: it was not armed`;
    return last.event === "impossible"
      ? `${name} was not possible: ${last.evidence}`
      : `${name} never fired: ${last.event} (${last.evidence})`;
  }
  return null;
}

function faultOf({ script }: Cell, { faults }: Timeline): Judgement["fault"] {
  if (script.faults.length === 0) return null;
  const told = faults.filter(({ event }) => event === "fired" || event === "impossible");
  const fired = script.faults.every((_, index) => told.some((seen) => seen.fault === index && seen.event === "fired"));
  return { fired, evidence: told.map(({ event, evidence }) => (event === "fired" ? evidence : `not possible: ${evidence}`)) };
}
