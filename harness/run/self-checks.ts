// What a recording must prove of itself before anything is computed from it. Each check can fail, and then the sweep does.
import { createHash } from "node:crypto";
import { compareRecordings, type ErrnoPoint, errnoPoints, treeAt, unfollowed } from "../crash/index.ts";
import type { Cell, Fault, Observation, RecordedRun } from "../model/index.ts";

/** In words, why the recording proves nothing; undefined: replayed to its end it gives the tree that was really there. */
export function replayProblem(recorded: RecordedRun): string | undefined {
  const last = recorded.operations.at(-1)?.k ?? 0;
  const replayed = treeAt(recorded, last, "kill").map(({ path, type, mode, uid, gid, target, content }) => {
    const digest =
      type === "file"
        ? createHash("sha256")
            .update(content ?? new Uint8Array(0))
            .digest("hex")
        : "";
    return [path, described({ type, mode, uid, gid, target, digest })] as const;
  });
  const real = new Map(recorded.end.map((entry) => [entry.path, described(entry)]));
  for (const [path, replayedAs] of replayed) {
    const really = real.get(path);
    if (really !== replayedAs) return `${path} is ${replayedAs} when replayed, and ${really ?? "not there"} in truth`;
    real.delete(path);
  }
  const [extra] = real.keys();
  return extra === undefined ? unfollowed(recorded)[0] : `${extra} is there in truth, and not when replayed`;
}

interface Entry {
  readonly type: string;
  readonly mode?: string | undefined;
  readonly uid: number;
  readonly gid: number;
  readonly target?: string | undefined;
  readonly digest?: string | undefined;
}

function described({ type, mode, uid, gid, target, digest }: Entry): string {
  return [type, type === "link" ? "" : mode, `${uid}:${gid}`, target, digest].filter((part) => part !== undefined && part !== "").join(" ");
}

/** An operation at which everything is really killed, to compare what is left with what replaying gives. */
export interface Witness {
  readonly cell: Cell;
  readonly point: ErrnoPoint;
}

/**
 * Witnesses of a recording, spread over it by its own key: another recording has others. Every other one is killed before
 * its operation, which must leave what killing after the one before it leaves.
 * @param count how many
 */
export function witnessesOf(cell: Cell, recorded: RecordedRun, key: string, count: number): Witness[] {
  const points = errnoPoints(recorded);
  const offset = Number.parseInt(key.slice(0, 8), 16);
  const own = cell.script.steps.findIndex((step) => step.kind === "upgrade" && step.faults);
  return Array.from({ length: Math.min(count, points.length) }, (_, index) => {
    const point = points[(offset + Math.floor((index * points.length) / count)) % points.length];
    if (point === undefined) return [];
    const { op, path, nth } = point;
    const fault: Fault = {
      when: { operation: op, path, nth, moment: index % 2 === 0 ? "after" : "before" },
      do: { kill: "all", signal: "SIGKILL" },
      undo: "never",
    };
    const script = {
      ...cell.script,
      scenario: `${cell.script.scenario}.witness`,
      faults: [fault],
      steps: cell.script.steps.slice(0, own + 1),
    };
    return [{ cell: { ...cell, id: `${cell.id}.witness-${index + 1}`, script }, point }];
  }).flat();
}

/** What a second recording, cut off by a kill, says of the first: one sentence, and whether it did the same up to there. */
export function comparison(recorded: RecordedRun, witness: RecordedRun, { point }: Witness, ignored: (path: string) => boolean): string {
  const until = { ...recorded, operations: recorded.operations.filter(({ k }) => k < point.k) };
  const other = witness.operations.length;
  const same = compareRecordings(until, { ...witness, operations: witness.operations.slice(0, -1) }, ignored);
  const where = `a real kill at ${point.sentence} left what replaying ${other} operations gives`;
  return same.equal
    ? `${where}; both recordings did the same until then`
    : `${where}; until then the recordings differ: ${same.difference}`;
}

export type Witnessed = Extract<Observation, { kind: "witness" }>;

/** In words, the state that booted in two ways; undefined: none was seen to. */
export function undeterminedBy(witnesses: readonly Witnessed[]): string | undefined {
  return witnesses.find(({ undetermined }) => undetermined !== null)?.undetermined ?? undefined;
}

/**
 * What a sweep's own cell saw, with what its witnesses say. A point that was foretold wrongly makes the whole sweep worthless:
 * what else was foretold may be wrong, too. Where a state does not decide how the product boots nothing that was foretold is left.
 */
export function withWitnesses(observations: readonly Observation[], witnesses: readonly Witnessed[]): readonly Observation[] {
  const t = observations.at(-1)?.t ?? 0;
  const failed = witnesses.filter(({ problem }) => problem !== null);
  const [wrong] = failed;
  const undetermined = undeterminedBy(witnesses);
  const held = witnesses.length - failed.length;
  const message = `self-check: ${held} of ${witnesses.length} points that were foretold from others and really booted came as foretold`;
  const others = failed.map(({ point, like, problem }) => `self-check: ${point}, foretold from ${like}: ${problem}`);
  const given = undetermined === undefined ? [] : [`nothing is foretold, and every state booted: ${undetermined}`];
  const said = (witnesses.length === 0 ? [] : [message, ...others, ...given]).map((one): Observation => ({
    t,
    kind: "problem",
    message: one,
  }));
  if (wrong === undefined || undetermined !== undefined) return [...observations.slice(0, -1), ...said, ...observations.slice(-1)];
  const detail = `self-check failed: ${wrong.point} was foretold from ${wrong.like}, and booting it really gave ${wrong.problem}; both, booted once more, came as before`;
  return [...observations.slice(0, -1), ...said, { t, kind: "end", end: { how: "lost", detail, leaks: [] } }];
}
