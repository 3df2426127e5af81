// What happened: reads the outcome out of the snapshots after the upgrade and what was seen between trigger and settling.
import type { MemberName, Outcome, Snapshot, SnapshotLabel } from "../model/index.ts";
import { memberAt } from "./answers.ts";
import { type Facts, referenceOf, referenceRules } from "./facts.ts";
import { answerOf, type Fleet, type ReleaseRole, type Roles } from "./fleet.ts";
import { processPatterns } from "./patterns.ts";
import { layoutRules } from "./rules.ts";
import { openStep, type Seen, stepName } from "./timeline.ts";
import { treeDiff } from "./tree-diff.ts";

export interface Reading {
  readonly outcome: Outcome;
  /** In words, what it was read from. */
  readonly why: string;
  /** Number of the step where it was seen. */
  readonly step: number | null;
  /** The release that runs; null when none can be named. */
  readonly running: ReleaseRole | null;
  /** Which release each member of a fleet runs; there is no fleet, or nothing can be named, where it is left out. */
  readonly roles?: Roles;
}

/**
 * The outcome of a cell whose baseline is sound.
 *
 * - `upgraded`: the release upgraded to runs and is healthy, and no upgrade is going on.
 * - `refused`: what ran before still runs, healthy, and was never touched: no service started, ended or stopped, and its
 *   processes are the same. Or the trigger command was turned down and the new release never answered.
 * - `rolled-back`: what ran before runs again, healthy, and no upgrade is going on.
 * - `stuck`: something is left in between: an upgrade still going on, a third version, an agent that only a reboot brings
 *   back, or time ran out.
 * - `bricked`: nothing healthy answers, not even after a reboot.
 *
 * Of a fleet: `upgraded` when each member runs what it is to run (`runs`, else what it was upgraded to); `rolled-back` and
 * `refused` when each runs what it ran before; one that is down is a fleet that is down. Where a scenario allows both ways,
 * such as when everything is killed halfway, each member may go its own: that counts as `rolled-back`.
 *
 * It is read from the snapshot `after`; where the power was cut (`settled: repaired`), from the one after the reboot.
 * A string says why it cannot be told.
 */
export function readOutcome(facts: Facts): Reading | string {
  const { timeline, cell } = facts;
  const cut = cutShort(facts);
  if (cut !== undefined) return cut;
  const repaired = cell.script.settled === "repaired";
  const after = timeline.snapshots.get("after");
  const rebooted = timeline.snapshots.get("rebooted");
  const seen = repaired ? (rebooted ?? after) : after;
  if (seen === undefined) return "there is no snapshot from after the upgrade";
  if (facts.fleet !== null && seen.snapshot.members === undefined) return "the members of the fleet were not looked at";
  if (!seen.snapshot.healthy) return unhealthy(facts, seen);
  const always = seen.snapshot.busy.filter((sign) => facts.before.busy.includes(sign));
  if (always.length > 0) return `baseline: a sign of an upgrade is there whether or not one is going on: ${always.join("; ")}`;
  // right after a reboot a recovery may still be at work; whether it ends is seen after one more upgrade
  const ended = repaired && timeline.snapshots.get("again")?.snapshot.busy.length === 0;
  if (seen.snapshot.busy.length > 0 && !ended) return stuck(seen, `an upgrade is still going on: ${seen.snapshot.busy.join("; ")}`);
  return facts.fleet === null ? settled(facts, seen) : settledFleet(facts, facts.fleet, seen);
}

/** Time that runs out before the outcome can be seen is the updater's doing: the baseline was quick enough. */
function cutShort(facts: Facts): Reading | undefined {
  const { timeline, cell } = facts;
  const open = openStep(timeline);
  const seenFirst = timeline.snapshots.get("rebooted")?.step ?? Infinity;
  if (timeline.end?.how !== "deadline") return undefined;
  const at = open ?? timeline.steps.findLast((span) => span.startedAt !== null);
  if (at === undefined || at.number > seenFirst) return undefined;
  return { outcome: "stuck", why: `not over when the cell's time was up, in ${stepName(at, cell)}`, step: at.number, running: null };
}

function unhealthy({ timeline }: Facts, seen: Seen): Reading {
  const { version, members = [] } = seen.snapshot;
  const one = version === null ? "nothing answers" : `${version} runs, but is not healthy`;
  const answer = members.length > 1 ? answerOf(seen.snapshot) : one;
  const later = (["rebooted", "again"] as const).flatMap((label) => timeline.snapshots.get(label) ?? []).filter((other) => other !== seen);
  const back = later.find(({ snapshot }) => snapshot.healthy);
  if (back !== undefined) return stuck(seen, `${answer}; ${back.snapshot.version ?? "an agent"} comes back only ${LATER[back.label]}`);
  const also = seen.label === "rebooted" || later.length > 0 ? ", also after a reboot" : "";
  return { outcome: "bricked", why: `${answer}${also}`, step: seen.step, running: null };
}

const LATER: Record<SnapshotLabel, string> = {
  fresh: "in a fresh install",
  before: "before the upgrade",
  after: "after the upgrade",
  rebooted: "by a reboot",
  again: "long after the reboot",
};

function settled(facts: Facts, seen: Seen): Reading {
  const { goal, origin, cell } = facts;
  const { version } = seen.snapshot;
  const whole = { was: () => origin.role, is: () => goal.role };
  const back = (role: ReleaseRole): Reading => {
    const untouched = wasRefused(facts);
    const why = untouched ? `${version} still runs` : `${version} runs again`;
    return { outcome: untouched ? "refused" : "rolled-back", why, step: seen.step, running: role };
  };
  if (version === goal.version && (version !== origin.version || origin.role === goal.role || isGoal(facts, seen.snapshot, whole))) {
    return { outcome: "upgraded", why: `${version} runs`, step: seen.step, running: goal.role };
  }
  if (version === origin.version) return back(origin.role);
  if (version === cell.from) return back("from");
  return stuck(seen, `${version ?? "an unknown version"} runs, neither ${goal.version} nor ${origin.version}`);
}

function settledFleet(facts: Facts, fleet: Fleet, seen: Seen): Reading {
  const { goal, cell } = facts;
  const answers = new Map((seen.snapshot.members ?? []).map((member) => [member.name, member.version]));
  const origins = new Map(fleet.members.map((member) => [member.name, originOf(facts, member)]));
  const origin: Roles = ({ name }) => origins.get(name)?.role ?? "from";
  const before = ({ name }: MemberName): string => origins.get(name)?.version ?? cell.from;
  const off = fleet.members.filter((member) => answers.get(member.name) !== cell[fleet.goal(member)]);
  const moved = fleet.members.some((member) => cell[fleet.goal(member)] !== before(member));
  const sameRoles = fleet.members.every((member) => fleet.goal(member) === origin(member));
  if (off.length === 0 && (moved || sameRoles || isGoal(facts, seen.snapshot, { was: origin, is: fleet.goal })))
    return { outcome: "upgraded", why: answerOf(seen.snapshot), step: seen.step, running: goal.role, roles: fleet.goal };
  if (fleet.members.every((member) => answers.get(member.name) === before(member))) {
    const untouched = wasRefused(facts);
    const why = untouched ? `${seen.snapshot.version} still runs` : `${seen.snapshot.version} runs again`;
    return { outcome: untouched ? "refused" : "rolled-back", why, step: seen.step, running: facts.origin.role, roles: origin };
  }
  const back = off.filter((member) => answers.get(member.name) === before(member));
  const { expect } = cell.script;
  if (back.length === off.length && expect.includes("upgraded") && expect.includes("rolled-back")) {
    const roles: Roles = (member) => (back.some(({ name }) => name === member.name) ? origin(member) : fleet.goal(member));
    return { outcome: "rolled-back", why: answerOf(seen.snapshot), step: seen.step, running: goal.role, roles };
  }
  const wrong = off.map((member) => `${member.name} runs ${answers.get(member.name) ?? "nothing"}, not ${cell[fleet.goal(member)]}`);
  return stuck(seen, wrong.join("; "));
}

/** What a member ran when the decisive upgrade was triggered. */
function originOf(
  { cell, timeline, upgrades, goal, before }: Facts,
  { name }: MemberName,
): { readonly role: ReleaseRole; readonly version: string } {
  const then = upgrades.length > 1 && goal.window !== null ? memberAt(timeline, name, goal.window.start)?.version : null;
  const version = then ?? before.members?.find((member) => member.name === name)?.version ?? cell.from;
  const earlier = upgrades.slice(0, -1).findLast((upgrade) => upgrade.version === version && version !== cell.from);
  return { role: earlier?.role ?? "from", version };
}

function stuck({ step }: Seen, why: string): Reading {
  return { outcome: "stuck", why, step, running: null };
}

/**
 * Two builds of one version answer alike: then pointer and tree tell which one is there, whichever is nearer. Builds that
 * leave equal trees are told apart by nothing but the updater's own word.
 */
function isGoal(facts: Facts, { active, tree }: Snapshot, { was, is }: { readonly was: Roles; readonly is: Roles }): boolean {
  const { before, goal, origin } = facts;
  if (active.target !== null && before.active.target !== null && active.target !== before.active.target) return true;
  const old = referenceOf(facts, origin.role, was);
  const fresh = referenceOf(facts, goal.role, is);
  const fromOld = "missing" in old ? Infinity : treeDiff(old.tree, tree, layoutRules(facts.product)).length;
  if ("missing" in fresh) return fromOld > 0;
  const fromNew = treeDiff(fresh.tree, tree, referenceRules(facts, goal.role, goal.variant)).length;
  return fromOld === 0 && fromNew === 0 ? wasAccepted(facts) : fromNew < fromOld;
}

/** Whether a command that triggered the decisive upgrade was accepted; a second trigger may be turned down. */
function wasAccepted({ timeline, goal }: Facts): boolean {
  return timeline.commands.some(({ step, command }) => step === goal.span.number && command.accepted === true);
}

function wasRefused(facts: Facts): boolean {
  const { timeline, goal, cell, product } = facts;
  if (cell.script.cut !== undefined) return false; // begun it had, or there would be nothing to cut off
  const { window } = goal;
  if (window === null) return false;
  const during = <T extends { readonly t: number }>(list: readonly T[]): T[] =>
    list.filter(({ t }) => t >= window.start && t <= window.end);
  const own = timeline.services.filter(({ service }) =>
    product.services.some(({ unit }) => service === unit || service.endsWith(`/${unit}`)),
  );
  if (during(own).length === 0 && sameProcesses(facts)) return true;
  const answered = during(timeline.health).some(({ version }) => version === goal.version && version !== facts.origin.version);
  return (
    timeline.commands.some(({ step, command }) => step === goal.span.number && command.accepted === false) &&
    !wasAccepted(facts) &&
    !answered
  );
}

/** Whether the product's own processes are those from before the upgrade, where nothing but the upgrade could change them. */
function sameProcesses({ timeline, before, product, upgrades, goal }: Facts): boolean {
  const after = timeline.snapshots.get("after")?.snapshot;
  const between = timeline.steps.slice(timeline.snapshots.get("before")?.step ?? 0, goal.span.number - 1);
  if (after === undefined || upgrades.length > 1 || between.some(({ step }) => step.kind === "reboot" || step.kind === "start"))
    return true;
  const { kinds } = processPatterns(product);
  const pids = (snapshot: Snapshot): string => {
    const own = snapshot.processes.filter(({ command }) => kinds.some(({ expression }) => expression.test(command)));
    return own
      .map(({ pid }) => pid)
      .toSorted((one, other) => one - other)
      .join(" ");
  };
  return pids(before) === pids(after);
}
