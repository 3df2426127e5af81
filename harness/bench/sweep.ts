// How fast a sweep is: every distinct state that a kill or a power loss can leave of one upgrade, booted and judged; and against
// really running the updater once more for each point. The recording is made before, for it is kept from run to run.
import { buildRecorder } from "../build/index.ts";
import { address, type Cell, type CellRecord, type Fault, type Script } from "../model/index.ts";
import { planCells } from "../plan/index.ts";
import type { RecorderFile, RunEvent } from "../run/index.ts";
import { Ground } from "./ground.ts";
import { type Measure, type Measured, medianOf } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { sampled } from "./random.ts";

const RATE = "sweep-rate";
const AGAINST = "sweep-vs-rerun";
const RUNS = 3;
/** Really killed runs that stand for one at every point. */
const RERUNS = 16;
/** The last operations may come when the upgrade counts as over already, and nothing strikes any more. */
const SURE = 0.75;
const SEED = 20_261_121;

/** What was run, and how long it took in all slots together. */
interface Timed {
  readonly records: readonly CellRecord[];
  readonly msEach: number;
}

export async function sweepVsRerun(options: BenchOptions): Promise<Measured[]> {
  await using ground = await Ground.begin("docker", options);
  const recorder = await buildRecorder(ground.cache);
  if ("unavailable" in recorder) return [RATE, AGAINST].map((name) => ({ name, skipped: recorder.unavailable }));
  const sweeps = sweepsOf(ground, options.product ?? Object.keys(ground.project.matrix.products).at(-1)).map(foretelling);
  const { points, operations } = await pointsOf(sweeps, ground, recorder);
  const chosen = new Set(options.cells === undefined || options.cells === "all" ? points : sampled(points, options.cells, SEED));
  const reruns = rerunsOf(sweeps[0], operations);
  const pairs: { readonly swept: Timed; readonly rerun: Timed }[] = [];
  for (let pair = 0; pair < (options.runs ?? RUNS); pair++) {
    const swept = await timedSweep(sweeps, chosen, ground, recorder);
    options.say(`${AGAINST} ${pair + 1}: ${rateOf(swept).toFixed(1)} states/s; ${countsOf(swept.records)}; ${bootedOf(swept.records)}`);
    const rerun = await rerunAll(reruns, ground, recorder, options.say);
    options.say(`${AGAINST} ${pair + 1}: ${rateOf(rerun).toFixed(2)} real kills/s`);
    pairs.push({ swept, rerun });
  }
  return measuresOf(pairs, { sweeps, chosen: chosen.size, all: points.length, slots: ground.environment.slots });
}

function measuresOf(
  pairs: readonly { readonly swept: Timed; readonly rerun: Timed }[],
  {
    sweeps,
    chosen,
    all,
    slots,
  }: { readonly sweeps: readonly Cell[]; readonly chosen: number; readonly all: number; readonly slots: number },
): Measure[] {
  const left = chosen === all ? "" : ` of ${all}`;
  const states = `${chosen}${left} distinct states of ${sweeps.map(({ id }) => id).join(" and ")}, ${slots} at once`;
  const verdicts = countsOf(pairs.flatMap(({ swept }) => swept.records));
  const each = ({ swept, rerun }: { readonly swept: Timed; readonly rerun: Timed }): number => rerun.msEach / swept.msEach;
  const reran = pairs.flatMap(({ rerun }) => rerun.records);
  const killed = reran.filter(({ fault }) => fault?.fired === true);
  const rerunRate = medianOf(pairs.map(({ rerun }) => rateOf(rerun))).toFixed(2);
  return [
    {
      ...{ name: RATE, unit: "states/s", goal: { than: "at least", value: 15 } as const },
      values: pairs.map(({ swept }) => rateOf(swept)),
      note: `${states}, judged, recorded before; ${bootedOf(pairs.flatMap(({ swept }) => swept.records))}; in all runs ${verdicts}`,
    },
    {
      ...{ name: AGAINST, unit: "×", goal: { than: "at least", value: 10 } as const },
      values: pairs.map(each),
      note: `the same against real runs, ${RERUNS} a time, ${killed.length} of ${reran.length} killed at their operation: ${rerunRate} a second`,
    },
  ];
}

/** The kill sweep and the power-loss sweep of a product's updater, over the whole upgrade, on the pair that the default matrix takes. */
function sweepsOf({ project, environment: { facts } }: Ground, product: string | undefined): Cell[] {
  if (product === undefined || project.products[product] === undefined)
    throw new Error(
      `Cannot measure: there is no product ${product ?? "in the matrix"}; there are ${Object.keys(project.products).join(", ")}`,
    );
  const environments = [{ ...facts, capabilities: [...facts.capabilities, "recorder"] }];
  const { cells } = planCells({ ...project, environments, tier: "gate", filter: { product } });
  const sweeps = cells.filter(({ script: { sweep: own, candidate }, skip }) => {
    if (own === undefined || own.part !== "all" || candidate !== undefined || skip !== undefined) return false;
    return own.kind === "kill" || own.kind === "power-loss";
  });
  const kinds = new Set(sweeps.map(({ script }) => script.sweep?.kind));
  if (kinds.size < 2) throw new Error(`Cannot measure: the default matrix has not both a kill sweep and a power-loss sweep of ${product}`);
  return sweeps;
}

/** A state that looks alike to all that a boot looks at is not booted: that is what makes a sweep of every point fast. */
function foretelling(cell: Cell): Cell {
  const { sweep } = cell.script;
  if (sweep?.kind !== "kill" && sweep?.kind !== "power-loss") return cell;
  return { ...cell, script: { ...cell.script, sweep: { ...sweep, foretell: true } } };
}

/** Records, or takes what was recorded, and runs no point. `operations`: of the upgrade. */
async function pointsOf(
  sweeps: readonly Cell[],
  ground: Ground,
  recorder: RecorderFile,
): Promise<{ readonly points: readonly string[]; readonly operations: number }> {
  const points: string[] = [];
  const wanted = (_: Cell, point: string): boolean => {
    points.push(point);
    return false;
  };
  const { record } = await ground.runOnce(sweeps, { recorder, everyPoint: true, wanted });
  const operations = record.sweeps[0]?.operations ?? 0;
  if (points.length > 0 && operations > 0) return { points: points.toSorted(), operations };
  throw new Error(`Cannot measure: nothing was recorded: ${record.cells.map(({ id, reason }) => `${id}: ${reason}`).join("; ")}`);
}

/** From the first sweep's expansion to the last verdict: references and recordings are not in it. */
async function timedSweep(sweeps: readonly Cell[], chosen: ReadonlySet<string>, ground: Ground, recorder: RecorderFile): Promise<Timed> {
  const began: number[] = [];
  let ended = 0;
  const on = (event: RunEvent): void => {
    if (event.kind === "expanded") began.push(performance.now());
    if (event.kind === "ended" && chosen.has(event.cell.id)) ended = performance.now();
  };
  const { record } = await ground.runOnce(sweeps, { recorder, everyPoint: true, wanted: (_, point) => chosen.has(point), on });
  const records = record.cells.filter(({ id }) => chosen.has(id));
  const unjudged = records.filter(({ outcome }) => outcome === null);
  const [first] = unjudged;
  if (first !== undefined || records.length < chosen.size)
    throw new Error(`Cannot measure: ${unjudged.length} of ${records.length} states were not judged: ${first?.id}: ${first?.reason}`);
  return { records, msEach: (ended - Math.min(...began)) / records.length };
}

/** Cells that run the updater, kill everything at an operation, and go on as the points of a sweep do. */
function rerunsOf(like: Cell | undefined, operations: number): Cell[] {
  if (like === undefined) throw new Error("Cannot measure: there is no sweep");
  return Array.from({ length: RERUNS }, (_, index): Cell => {
    const nth = 1 + Math.floor((index * SURE * operations) / RERUNS);
    const { sweep: _sweep, ...script } = like.script;
    const scenario = `${like.scenario}.killed-at-${nth}`;
    const fault: Fault = {
      when: { operation: "any", path: "**", nth, moment: "after" },
      do: { kill: "all", signal: "SIGKILL" },
      undo: "never",
    };
    const killed: Script = { ...script, scenario, faults: [fault], steps: thenBoot(script) };
    return { ...like, scenario, id: address({ ...like, scenario }), script: killed };
  });
}

function thenBoot({ steps }: Pick<Script, "steps">): Script["steps"] {
  const struck = steps.findIndex((step) => step.kind === "upgrade" && step.faults);
  const boot = steps.findIndex(({ kind }) => kind === "reboot");
  return [...steps.slice(0, struck + 1), ...steps.slice(boot)];
}

/** From the first cell's start to the last verdict. */
async function rerunAll(cells: readonly Cell[], ground: Ground, recorder: RecorderFile, say: BenchOptions["say"]): Promise<Timed> {
  let began = Infinity;
  let ended = 0;
  const on = (event: RunEvent): void => {
    if (event.kind === "started") began = Math.min(began, performance.now());
    if (event.kind === "ended") ended = performance.now();
  };
  const { record } = await ground.runOnce(cells, { recorder, on });
  const spared = record.cells.filter(({ fault }) => fault?.fired !== true);
  for (const { id, reason } of spared) say(`${id} was not killed: ${reason}`);
  // on a crowded machine one may be given up before it comes to its operation; it took its time all the same
  if (spared.length > cells.length / 4) throw new Error(`Cannot measure: ${spared.length} of ${cells.length} real runs were not killed`);
  return { records: record.cells, msEach: (ended - began) / record.cells.length };
}

function rateOf({ msEach }: Timed): number {
  return 1000 / msEach;
}

/** The others are known from those: nothing that those looked at is different there. */
function bootedOf(records: readonly CellRecord[]): string {
  const booted = records.filter(({ same }) => same?.boot === undefined);
  const whole = booted.filter(({ same }) => same?.rest === undefined);
  return `${booted.length} of ${records.length} booted, ${whole.length} upgraded once more`;
}

function countsOf(records: readonly CellRecord[]): string {
  const groups = Map.groupBy(records, ({ verdict }) => verdict);
  return [...groups].map(([verdict, own]) => `${own.length} ${verdict}`).join(", ");
}
