// What recording costs an updater: pairs of runs, bare and recorded in turn, and the ratio of each pair. The bare updater runs as
// its users run it; the recorded one as in a cell, with one thread for Node's file calls. On the file system of the temporary
// folder, because that is where an updater has to wait for a disk; nothing of an earlier run is left to be written then.
import { type Goal, type Measured, medianOf } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import type { Updater } from "./updaters.ts";
import { Workbench } from "./workbench.ts";

const NAME = "recorder-overhead";
const PAIRS = 15;
/** Of every kind that has a goal. */
const GOALS: Readonly<Record<string, Goal>> = {
  node: { than: "at most", value: 1.2 },
  static: { than: "at most", value: 1.3 },
  shell: { than: "at most", value: 1.7 },
};

export async function recorderOverhead(options: BenchOptions): Promise<Measured[]> {
  const bench = await Workbench.open({ settled: true });
  if ("unavailable" in bench) return Object.keys(GOALS).map((kind) => ({ name: `${NAME}-${kind}`, skipped: bench.unavailable }));
  await using workbench = bench;
  const measured: Measured[] = [];
  for (const updater of workbench.updaters) {
    const goal = GOALS[updater.name];
    if (goal === undefined) continue;
    const name = `${NAME}-${updater.name}`;
    if ("unavailable" in updater) measured.push({ name, skipped: updater.unavailable });
    else measured.push({ name, unit: "×", goal, ...(await ratiosOf(updater, workbench, options)) });
  }
  return measured;
}

async function ratiosOf(
  updater: Updater,
  workbench: Workbench,
  { runs, say, signal }: BenchOptions,
): Promise<{ readonly values: readonly number[]; readonly note: string }> {
  // once each before, so that programs and artifacts are in memory
  await workbench.bare(updater);
  const { recorded } = await workbench.recorded(updater);
  const pairs: { readonly bare: number; readonly under: number }[] = [];
  for (let pair = 0; pair < (runs ?? PAIRS); pair++) {
    signal.throwIfAborted();
    const bare = await workbench.bare(updater);
    const { ms: under, code } = await workbench.recorded(updater);
    if (code !== 0) throw new Error(`Cannot measure: the updater ${updater.name} ended with ${String(code)} under the recorder`);
    pairs.push({ bare, under });
    say(`${NAME}-${updater.name} ${pair + 1}: bare ${bare.toFixed(0)} ms, recorded ${under.toFixed(0)} ms`);
  }
  const [bare, under] = [medianOf(pairs.map((pair) => pair.bare)), medianOf(pairs.map((pair) => pair.under))];
  const micros = (1000 * (under - bare)) / recorded.operations.length; // start of the recorder included
  return {
    values: pairs.map((pair) => pair.under / pair.bare),
    note: `${recorded.operations.length} operations, 30 files of 1.2 MB; bare ${bare.toFixed(0)} ms, recorded ${under.toFixed(0)} ms: ${micros.toFixed(0)} µs an operation`,
  };
}
