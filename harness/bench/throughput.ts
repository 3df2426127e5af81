// How many cells the harness gets through in Docker, against two other ways to do the same work. Pairs of runs, A B A B, and
// the ratio of each pair. Measure on a quiet machine: other work weighs more on the containers, which together have one share of
// the processors, than on commands, which have one each. The note says how busy the machine was.
import os from "node:os";
import type { Cell, CellRecord } from "../model/index.ts";
import { BareWay } from "./bare-way.ts";
import { Ground } from "./ground.ts";
import { HarnessWay } from "./harness-way.ts";
import { type Measure, medianOf } from "./measure.ts";
import { NaiveWay } from "./naive-way.ts";
import type { BenchOptions } from "./options.ts";

/** Unless another number is asked for. Several rounds of all slots: else the last ones, beside which nothing is left to do, count for more than in a matrix. */
const CELLS = 48;

interface Way {
  runCells(cells: readonly Cell[]): Promise<number>;
}

/** Against one testcontainers container a cell and one exec a step, one cell after another: warm containers are worth nothing there, and neither is time in which a product only waits. */
export async function throughputVsNaive(options: BenchOptions): Promise<Measure[]> {
  await using ground = await Ground.open({ ...options, cells: options.cells ?? CELLS });
  const naive = await NaiveWay.open(ground);
  return [await compared(ground, naive, { name: "throughput-vs-naive", other: "naive", goal: { than: "at least", value: 5 } }, options)];
}

/** Against the bare commands on this machine, as many at once. */
export async function throughputVsBare(options: BenchOptions): Promise<Measure[]> {
  await using ground = await Ground.open({ ...options, cells: options.cells ?? CELLS });
  await using bare = await BareWay.open(ground);
  return [await compared(ground, bare, { name: "throughput-vs-bare", other: "bare", goal: { than: "at least", value: 0.8 } }, options)];
}

async function compared(
  ground: Ground,
  way: Way,
  what: Pick<Measure, "name" | "goal"> & { readonly other: string },
  { runs, say }: BenchOptions,
): Promise<Measure> {
  const { cells, environment, leftOut } = ground;
  const harness = new HarnessWay(ground);
  const busy = os.loadavg()[0] ?? 0;
  let otherwise = 0;
  const pairs: { readonly ours: number; readonly theirs: number }[] = [];
  for (let pair = 0; pair < (runs ?? 5); pair++) {
    const { ms: ours, records } = await harness.runCells(cells);
    // on a crowded machine a product may miss its own deadlines: such cells take longer, they are counted and told
    const failed = records.filter(({ verdict }) => verdict !== "passed");
    for (const record of failed) say(told(record));
    otherwise += failed.length;
    const theirs = await way.runCells(cells);
    pairs.push({ ours, theirs });
    say(`${what.name} ${pair + 1}: harness ${seconds(ours)}, ${what.other} ${seconds(theirs)}, ratio ${(theirs / ours).toFixed(2)}`);
  }
  const rate = (ms: number): string => `${Math.round((cells.length / ms) * 60_000)} cells/min`;
  const left = leftOut === 0 ? "" : `; ${leftOut} of the sample left out, for they do not pass`;
  const failures = otherwise === 0 ? "" : `; in all runs ${otherwise} cells of the harness did not pass`;
  const note = `${cells.length} clean upgrades, ${environment.slots} at once${what.other === "naive" ? " against one after another" : ""}, pool warm, artifacts built; harness ${rate(medianOf(pairs.map(({ ours }) => ours)))}, ${what.other} ${rate(medianOf(pairs.map(({ theirs }) => theirs)))}${left}${failures}; load average at the beginning ${busy.toFixed(1)} on ${os.availableParallelism()} processors`;
  return { name: what.name, unit: "×", values: pairs.map(({ ours, theirs }) => theirs / ours), goal: what.goal, note };
}

function told({ id, verdict, reason, findings }: CellRecord): string {
  return `${id} ${verdict} ${reason} ${findings.map(({ check, actual }) => `${check}: ${actual}`).join("; ")}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
