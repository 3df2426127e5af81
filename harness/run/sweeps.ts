// Runs a sweep: records its upgrade (or takes the recording from the cache), expands it into points, and runs those – crash
// states many to a cell, everything else one by one.
import { createHash } from "node:crypto";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import type { Environment } from "../environment/index.ts";
import picomatch from "picomatch";
import {
  type Cell,
  type CellEnd,
  type CellJob,
  type CellRecord,
  type Cut,
  type Observation,
  type Product,
  type RecordedRun,
  type Tier,
  unpackRecorded,
} from "../model/index.ts";
import { type ExpandedSweep, expandSweep } from "../plan/index.ts";
import { completed, composed, PointCollector, type PointSeen, prefixOf } from "./points.ts";
import { comparison, replayProblem, type Witnessed, withWitnesses, witnessesOf } from "./self-checks.ts";
import { RECORDING_FILE, type RecordingStore, recordingKey, type StoredRecording } from "./recordings.ts";

/** The recorder's program on this machine. */
export interface RecorderFile {
  readonly file: string;
  readonly digest: string;
}

export interface SweepTools {
  readonly store: RecordingStore;
  /** Digest of the program that runs inside the environment: what it does differently is recorded differently. */
  readonly program: string;
  readonly recorder: RecorderFile;
  readonly tier: Tier;
  readonly product: Product;
  /** Whether a point is asked for; a point that is named alone is run whatever the tier. */
  readonly wanted: (sweep: Cell, point: string) => boolean;
  readonly everyPoint: boolean;
  readonly signal: AbortSignal;
  /** The job of a cell in an environment, without what only sweeps add. */
  job(cell: Cell, environment: Environment): JobParts;
  inSlot<T>(cell: Cell, body: (environment: Environment) => Promise<T>): Promise<T>;
  /** How many cells of a kind run at once. */
  readonly slots: number;
  /** Runs a job; every observation but the end is handed over. */
  observe(cell: Cell, environment: Environment, job: JobParts, see: (observation: Observation) => void): Promise<CellEnd>;
  /** Judges a cell from what was observed, and keeps that. */
  judged(cell: Cell, observations: readonly Observation[]): Promise<CellRecord>;
  /** Runs an ordinary cell from its start to its verdict. */
  one(cell: Cell): Promise<void>;
  expanded(points: readonly Cell[]): void;
}

export type JobParts = Omit<CellJob, "root" | "work" | "capabilities">;

/** What is told of a sweep besides its cells. */
export interface SweepRun {
  readonly cell: Cell;
  readonly points: readonly Cell[];
  readonly expanded: Omit<ExpandedSweep, "points"> | null;
  readonly cached: boolean;
}

/**
 * Many points share a cell: its start costs little then, and what is known of one point is known to those after it. Each further
 * cell has to learn all of it anew; so a sweep takes only a part of the slots.
 */
const MOST_POINTS_A_CELL = 250;
const PART_OF_SLOTS = 1 / 3;

export async function runSweep(cell: Cell, tools: SweepTools): Promise<SweepRun> {
  const taken = await tools.inSlot(cell, (environment) => recordingOf(cell, environment, tools));
  if (!("stored" in taken)) {
    await tools.judged(cell, taken.observations);
    return { cell, points: [], expanded: null, cached: false };
  }
  const { stored } = taken;
  const problem = replayProblem(stored.recorded);
  if (problem !== undefined) {
    // what is computed from such a recording proves nothing: no point of it runs
    await tools.judged(cell, [...stored.observations, untrue(stored.observations, problem)]);
    return { cell, points: [], expanded: null, cached: stored.cached };
  }
  const tier = tools.everyPoint ? "full" : tools.tier;
  const { points: all, ...expanded } = expandSweep({
    cell,
    product: tools.product,
    recording: stored.recorded,
    tier,
    digest: (bytes) => createHash("sha256").update(bytes).digest("hex"),
  });
  await tools.store.notePoints(cell.id, tier, all);
  const points = all.filter(({ id }) => tools.wanted(cell, id));
  tools.expanded(points);
  const cuts = points.filter(({ script }) => script.cut !== undefined);
  const strikes = points.filter(({ script }) => script.cut === undefined);
  const batches = batchesOf(cuts, tools.slots);
  const witnesses = Math.ceil((tier === "full" ? WITNESSES_IN_FULL : WITNESSES) / Math.max(1, batches.length));
  const [told] = await Promise.all([
    Promise.all(batches.map((batch) => runCuts(cell, batch, { stored, witnesses }, tools))),
    Promise.all(strikes.map((point) => tools.one(point))),
  ]);
  await tools.judged(cell, withWitnesses(stored.observations, told.flat()));
  return { cell, points, expanded, cached: stored.cached };
}

type Taken = { readonly stored: StoredRecording } | { readonly observations: readonly Observation[] };

async function recordingOf(cell: Cell, environment: Environment, tools: SweepTools): Promise<Taken> {
  const { recorder, store } = tools;
  const parts = tools.job(cell, environment);
  const key = recordingKey(cell, parts, [recorder.digest, tools.program]);
  const known = await store.load(key);
  if (known !== undefined) return { stored: known };
  const { observations, zipped, end } = await record(cell, environment, tools);
  const last: Observation = { t: observations.at(-1)?.t ?? 0, kind: "end", end };
  if (zipped === undefined || end.how !== "complete") return { observations: [...observations, last] };
  const witnessed = await testimony(cell, unpacked(zipped), key, environment, tools);
  if (tools.signal.aborted) return { observations: [...observations, last] };
  const said = witnessed.said.map((message): Observation => ({ t: last.t, kind: "problem", message: `self-check: ${message}` }));
  if (witnessed.failed === undefined) return { stored: await store.save(key, zipped, [...observations, ...said, last]) };
  const lost: CellEnd = { how: "lost", detail: `self-check failed: ${witnessed.failed}`, leaks: [] };
  return { observations: [...observations, ...said, { ...last, end: lost }] };
}

interface Recorded {
  readonly observations: Observation[];
  /** undefined: it did not come to that. */
  readonly zipped: Buffer | undefined;
  readonly end: CellEnd;
}

async function record(cell: Cell, environment: Environment, tools: SweepTools): Promise<Recorded> {
  const observations: Observation[] = [];
  const chunks: Buffer[] = [];
  const job = { ...tools.job(cell, environment), recorder: await placedRecorder(tools.recorder, environment) };
  const end = await tools.observe(cell, environment, job, (seen) => {
    if (seen.kind === "recorded") chunks.push(Buffer.from(seen.chunk, "base64"));
    else observations.push(seen);
  });
  return { observations, zipped: chunks.length === 0 ? undefined : Buffer.concat(chunks), end };
}

function unpacked(zipped: Buffer): RecordedRun {
  return unpackRecorded(gunzipSync(zipped));
}

/** Really kills everything at a few operations, and compares what is left with what replaying gives. */
async function testimony(
  cell: Cell,
  recorded: RecordedRun,
  key: string,
  environment: Environment,
  tools: SweepTools,
): Promise<{ readonly said: readonly string[]; readonly failed?: string }> {
  const { sweep } = cell.script;
  if (sweep?.kind !== "kill" && sweep?.kind !== "power-loss") return { said: [] };
  const isLog = picomatch([...tools.product.logs.agent, ...tools.product.logs.updater], { dot: true });
  const said: string[] = [];
  for (const witness of witnessesOf(cell, recorded, key, tools.tier === "full" ? WITNESSES_IN_FULL : WITNESSES)) {
    const { zipped } = await record(witness.cell, environment, tools);
    if (zipped === undefined) {
      said.push(`${witness.point.sentence} did not come by a second time: two recordings differ`);
      continue;
    }
    const other = unpacked(zipped);
    const problem = replayProblem(other);
    if (problem !== undefined) return { said, failed: `after a real kill at ${witness.point.sentence}: ${problem}` };
    said.push(comparison(recorded, other, witness, (file) => isLog(path.posix.relative(recorded.base[0]?.path ?? "/", file))));
  }
  return { said };
}

const WITNESSES = 2;
const WITNESSES_IN_FULL = 6;

/** Makes the recorder, or another file of ours, available in an environment; returns where it lies there. */
export async function placedRecorder({ file, digest }: RecorderFile, environment: Environment): Promise<string> {
  const key = `recorder/${digest}`;
  await environment.prepare([{ key, directory: path.dirname(file), files: [path.basename(file)] }]);
  return `${environment.artifactDirectory(key)}/${path.basename(file)}`;
}

/** The end of a sweep whose recording, replayed to its end, does not give the tree that was really there. */
function untrue(observations: readonly Observation[], problem: string): Observation {
  const detail = `self-check failed: the recording does not lead to what was there in the end: ${problem}`;
  return { t: observations.at(-1)?.t ?? 0, kind: "end", end: { how: "lost", detail, leaks: [] } };
}

function batchesOf(points: readonly Cell[], slots: number): Cell[][] {
  const size = Math.max(1, Math.min(MOST_POINTS_A_CELL, Math.ceil(points.length / Math.ceil(slots * PART_OF_SLOTS))));
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => points.slice(index * size, (index + 1) * size));
}

interface Cutting {
  readonly stored: StoredRecording;
  /** How many points that were foretold are booted all the same. */
  readonly witnesses: number;
}

/**
 * Runs points in one cell; when it is lost, the point it was lost at has no verdict and the rest go on in another one. Returns what
 * really booted points said of the foretelling.
 */
async function runCuts(sweep: Cell, points: readonly Cell[], cutting: Cutting, tools: SweepTools): Promise<Witnessed[]> {
  const told: Witnessed[] = [];
  let rest = points;
  while (rest.length > 0) {
    const ran = await tools.inSlot(sweep, (environment) => runBatch(rest, cutting, environment, tools));
    told.push(...ran.witnesses);
    rest = ran.left;
  }
  return told;
}

interface Ran {
  /** The points that were not begun. */
  readonly left: readonly Cell[];
  readonly witnesses: readonly Witnessed[];
}

async function runBatch(
  points: readonly Cell[],
  { stored, witnesses }: Cutting,
  environment: Environment,
  tools: SweepTools,
): Promise<Ran> {
  const [first] = points;
  if (first === undefined) return { left: [], witnesses: [] };
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
    judging.push(tools.judged(point, composed(prefix, own, end)));
  };
  const collector = new PointCollector((seen) => finish(seen, { how: seen.ended?.how ?? "lost", detail: "", leaks: [] }));
  const recordingFiles = `recording/${stored.key}`;
  await environment.prepare([{ key: recordingFiles, directory: stored.directory, files: [RECORDING_FILE] }]);
  const parts = tools.job(first, environment);
  const cuts: Cut[] = points.flatMap(({ script }) => (script.cut === undefined ? [] : [script.cut]));
  const job: JobParts = {
    ...parts,
    limits: { ...parts.limits, cellMs: parts.limits.cellMs * cuts.length },
    recorder: await placedRecorder(tools.recorder, environment),
    points: { recording: `${environment.artifactDirectory(recordingFiles)}/${RECORDING_FILE}`, cuts, witnesses },
  };
  const told: Witnessed[] = [];
  const end = await tools.observe(first, environment, job, (seen) => {
    if (seen.kind === "witness") told.push(seen);
    else collector.add(seen);
  });
  const unfinished = collector.unfinished();
  if (unfinished !== undefined) finish(unfinished, end);
  await Promise.all(judging);
  const left = [...byName.values()];
  const lost = unfinished === undefined && left.length === points.length;
  if (!lost && end.how !== "interrupted" && !tools.signal.aborted) return { left, witnesses: told };
  // not one was begun: another try would end alike
  for (const point of left) await tools.judged(point, composed(prefix, [], end));
  return { left: [], witnesses: told };
}
