// Runs the points of a sweep that begin with a state: many to a cell, and each is put together and judged as it ends.
import type { Environment } from "../environment/index.ts";
import type { Cell, CellEnd, Cut, Observation } from "../model/index.ts";
import { completed, composed, PointCollector, type PointSeen, prefixOf } from "./points.ts";
import { RECORDING_FILE, type StoredRecording } from "./recordings.ts";
import type { Witnessed } from "./self-checks.ts";
import { type JobParts, placedRecorder, type SweepTools } from "./sweep-tools.ts";

/**
 * Many points share a cell: its start costs little then, and what is known of one point is known to those after it. Each further
 * cell has to learn all of it anew; so a sweep takes only two of the slots, or a third where there are many.
 */
const MOST_POINTS_A_CELL = 250;

/** What each cell gets to do. */
export function batchesOf(points: readonly Cell[], slots: number): Cell[][] {
  const cells = Math.max(Math.min(2, slots), Math.ceil(slots / 3));
  const size = Math.max(1, Math.min(MOST_POINTS_A_CELL, Math.ceil(points.length / cells)));
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => points.slice(index * size, (index + 1) * size));
}

interface Cutting {
  readonly stored: StoredRecording;
  /** Without it every state is booted. */
  readonly foretell: boolean;
  /** How many points that were foretold are booted all the same. */
  readonly witnesses: number;
}

/** A point of which something is only foretold: it counts when all witnesses have spoken. */
export interface Foretold {
  readonly point: Cell;
  readonly observations: readonly Observation[];
}

/** What points of one cell, or of several, came to besides verdicts. */
export interface CutsRun {
  /** What really booted points said of the foretelling. */
  readonly witnesses: readonly Witnessed[];
  readonly foretold: readonly Foretold[];
}

/**
 * Runs points in one cell; when it is lost, the point it was lost at has no verdict and the rest go on in another one. Judges what
 * was really seen.
 */
export async function runCuts(sweep: Cell, points: readonly Cell[], cutting: Cutting, tools: SweepTools): Promise<CutsRun> {
  const told: CutsRun[] = [];
  let rest = points;
  while (rest.length > 0) {
    const ran = await tools.inSlot(sweep, (environment) => runBatch(rest, cutting, environment, tools));
    told.push(ran);
    rest = ran.left;
  }
  return { witnesses: told.flatMap(({ witnesses }) => witnesses), foretold: told.flatMap(({ foretold }) => foretold) };
}

interface Ran extends CutsRun {
  /** The points that were not begun. */
  readonly left: readonly Cell[];
}

async function runBatch(
  points: readonly Cell[],
  { stored, foretell, witnesses }: Cutting,
  environment: Environment,
  tools: SweepTools,
): Promise<Ran> {
  const told: Witnessed[] = [];
  const foretold: Foretold[] = [];
  const [first] = points;
  if (first === undefined) return { left: [], witnesses: told, foretold };
  const byName = new Map(points.flatMap((point) => (point.script.cut === undefined ? [] : [[point.script.cut.name, point] as const])));
  const prefix = prefixOf(stored.observations, first.script.steps.findIndex((step) => step.kind === "upgrade" && step.faults) + 1);
  const whole = new Map<string, readonly Observation[]>();
  const judging: Promise<unknown>[] = [];
  const finish = ({ name, observations, ended }: PointSeen, end: CellEnd): void => {
    const point = byName.get(name);
    if (point === undefined) return;
    byName.delete(name);
    const own = completed(observations, ended?.same ?? {}, (other) => whole.get(other) ?? []);
    whole.set(name, own);
    if (ended?.foretold === true) foretold.push({ point, observations: composed(prefix, own, end) });
    else judging.push(tools.judged(point, composed(prefix, own, end)));
  };
  const collector = new PointCollector((seen) => finish(seen, { how: seen.ended?.how ?? "lost", detail: "", leaks: [] }));
  const recordingFiles = `recording/${stored.key}`;
  await environment.prepare([{ key: recordingFiles, directory: stored.directory, files: [RECORDING_FILE] }]);
  const parts = tools.job(first, environment);
  const cuts: Cut[] = points.flatMap(({ script }) => (script.cut === undefined ? [] : [script.cut]));
  const job: JobParts = {
    ...parts,
    limits: { ...parts.limits, cellMs: parts.limits.cellMs * cuts.length },
    ...(foretell ? { recorder: await placedRecorder(tools.recorder, environment) } : {}),
    points: { recording: `${environment.artifactDirectory(recordingFiles)}/${RECORDING_FILE}`, cuts, witnesses },
  };
  const end = await tools.observe(first, environment, job, (seen) => {
    if (seen.kind === "witness") told.push(seen);
    else collector.add(seen);
  });
  const unfinished = collector.unfinished();
  if (unfinished !== undefined) finish(unfinished, end);
  await Promise.all(judging);
  const left = [...byName.values()];
  const lost = unfinished === undefined && left.length === points.length;
  if (!lost && end.how !== "interrupted" && !tools.signal.aborted) return { left, witnesses: told, foretold };
  // not one was begun: another try would end alike
  for (const point of left) await tools.judged(point, composed(prefix, [], end));
  return { left: [], witnesses: told, foretold };
}
