// Runs a sweep: records its upgrade (or takes the recording from the cache), expands it into points, and runs those – crash
// states many to a cell, everything else one by one.
import { createHash } from "node:crypto";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import type { Environment } from "../environment/index.ts";
import picomatch from "picomatch";
import { type Cell, type CellEnd, type Observation, type RecordedRun, unpackRecorded } from "../model/index.ts";
import { type ExpandedSweep, expandSweep } from "../plan/index.ts";
import { batchesOf, type CutsRun, runCuts } from "./cuts.ts";
import { recordingKey, type StoredRecording } from "./recordings.ts";
import { comparison, replayProblem, undeterminedBy, type Witnessed, withWitnesses, witnessesOf } from "./self-checks.ts";
import { placedRecorder, type SweepTools } from "./sweep-tools.ts";

/** What is told of a sweep besides its cells. */
export interface SweepRun {
  readonly cell: Cell;
  readonly points: readonly Cell[];
  readonly expanded: Omit<ExpandedSweep, "points"> | null;
  readonly cached: boolean;
  /** Why nothing was foretold after all; left out: nothing was to be, or it held. */
  readonly undetermined?: string;
}

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
    const why = `self-check failed: the recording does not lead to what was there in the end: ${problem}`;
    await tools.judged(cell, [...stored.observations, worthless(stored.observations, why)]);
    return { cell, points: [], expanded: null, cached: stored.cached };
  }
  const tier = tools.everyPoint ? "full" : tools.tier;
  const { points: all, ...expanded } = expandSweep({
    cell,
    product: tools.product,
    recording: stored.recorded,
    again: stored.again,
    tier,
    most: tools.most,
    digest: (bytes) => createHash("sha256").update(bytes).digest("hex"),
  });
  if (all.length === 0) {
    // a sweep that strikes nowhere would recover from all of nothing
    const why = `there is nothing to strike at: ${NOWHERE[cell.script.sweep?.part ?? "all"]}`;
    await tools.judged(cell, [...stored.observations, worthless(stored.observations, why)]);
    return { cell, points: [], expanded: null, cached: stored.cached };
  }
  await tools.store.notePoints(cell.id, tier, all);
  const points = all.filter(({ id }) => tools.wanted(cell, id));
  tools.expanded(points);
  const cuts = points.filter(({ script }) => script.cut !== undefined);
  const strikes = points.filter(({ script }) => script.cut === undefined);
  const most = tier === "full" ? WITNESSES_IN_FULL : WITNESSES;
  const [witnesses] = await Promise.all([crashes(cell, cuts, stored, most, tools), Promise.all(strikes.map((point) => tools.one(point)))]);
  await tools.judged(cell, withWitnesses(stored.observations, witnesses));
  const undetermined = undeterminedBy(witnesses);
  return { cell, points, expanded, cached: stored.cached, ...(undetermined === undefined ? {} : { undetermined }) };
}

/**
 * Runs the points that begin with a state. Where a state turns out not to decide how the product boots, what was foretold does not
 * count, and is really booted. Returns what witnesses said of the foretelling.
 */
async function crashes(
  cell: Cell,
  cuts: readonly Cell[],
  stored: StoredRecording,
  most: number,
  tools: SweepTools,
): Promise<readonly Witnessed[]> {
  const run = async (points: readonly Cell[], foretell: boolean): Promise<CutsRun> => {
    const batches = batchesOf(points, tools.slots);
    const witnesses = Math.ceil(most / Math.max(1, batches.length));
    const ran = await Promise.all(batches.map((batch) => runCuts(cell, batch, { stored, foretell, witnesses }, tools)));
    return { witnesses: ran.flatMap((one) => one.witnesses), foretold: ran.flatMap((one) => one.foretold) };
  };
  const { sweep } = cell.script;
  const { witnesses, foretold } = await run(cuts, sweep !== undefined && "foretell" in sweep && sweep.foretell === true);
  if (undeterminedBy(witnesses) === undefined)
    await Promise.all(foretold.map(({ point, observations }) => tools.judged(point, observations)));
  else
    await run(
      foretold.map(({ point }) => point),
      false,
    );
  return witnesses;
}

const NOWHERE = {
  all: "the recorded upgrade changes no file",
  "after-restart": "in the recorded upgrade none of the product's services is started, or no file is changed after that",
} as const;

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
  const { sweep } = cell.script;
  const computed = sweep?.kind === "kill" || sweep?.kind === "power-loss";
  const proof = computed ? await testimony(cell, unpacked(zipped), key, environment, tools) : await repetition(cell, environment, tools);
  if (tools.signal.aborted) return { observations: [...observations, last] };
  const said = proof.said.map((message): Observation => ({ t: last.t, kind: "problem", message: `self-check: ${message}` }));
  if (proof.failed === undefined)
    return { stored: await store.save(key, { zipped, again: proof.again }, [...observations, ...said, last]) };
  const lost: CellEnd = { how: "lost", detail: `self-check failed: ${proof.failed}`, leaks: [] };
  return { observations: [...observations, ...said, { ...last, end: lost }] };
}

/** What else was done to see what a recording is worth. */
interface Proof {
  readonly said: readonly string[];
  /** Why it is worth nothing. */
  readonly failed?: string;
  /** A second recording of the same. */
  readonly again?: Buffer;
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

/** Where the upgrade is run again for each point: another recording tells which operations come by each time. */
async function repetition(cell: Cell, environment: Environment, tools: SweepTools): Promise<Proof> {
  const { observations, zipped, end } = await record(cell, environment, tools);
  if (zipped !== undefined && end.how === "complete") return { said: [], again: zipped };
  const said = observations.flatMap((seen) => (seen.kind === "problem" ? [seen.message] : []));
  return { said, failed: `the upgrade could not be recorded a second time: ${end.detail || end.how}` };
}

/** Really kills everything at a few operations, and compares what is left with what replaying gives. */
async function testimony(cell: Cell, recorded: RecordedRun, key: string, environment: Environment, tools: SweepTools): Promise<Proof> {
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

/** The end of a recording from which nothing follows. */
function worthless(observations: readonly Observation[], detail: string): Observation {
  return { t: observations.at(-1)?.t ?? 0, kind: "end", end: { how: "lost", detail, leaks: [] } };
}
