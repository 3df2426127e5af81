// Whether replaying a recording up to an operation gives what a real kill there leaves: the promise that sweeps rest on. Each
// point of the sample runs the updater once more, kills it there, and compares the folder with the killed run's own log.
import { replayProblem } from "../run/index.ts";
import type { Measured } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { sampled } from "./random.ts";
import type { Updater } from "./updaters.ts";
import { Workbench } from "./workbench.ts";

const NAME = "replay-equals-kill";
const KINDS = ["node", "shell", "static", "dpkg"];
const POINTS = 200;
const SEED = 20_261_121;

export async function replayEqualsKill(options: BenchOptions): Promise<Measured[]> {
  const bench = await Workbench.open();
  if ("unavailable" in bench) return KINDS.map((kind) => ({ name: `${NAME}-${kind}`, skipped: bench.unavailable }));
  await using workbench = bench;
  const measured: Measured[] = [];
  for (const updater of workbench.updaters) {
    const name = `${NAME}-${updater.name}`;
    measured.push("unavailable" in updater ? { name, skipped: updater.unavailable } : await equalsOf(name, updater, workbench, options));
  }
  return measured;
}

/** A kill; `left`: how many operations were carried out before it. */
interface Kill {
  readonly moment: "before" | "after";
  readonly k: number;
  readonly left: number;
}

async function equalsOf(name: string, updater: Updater, workbench: Workbench, { cells, say, signal }: BenchOptions): Promise<Measured> {
  const whole = await workbench.recorded(updater);
  const problem = whole.code === 0 ? replayProblem(whole.recorded) : `it ended with ${String(whole.code)}`;
  if (problem !== undefined) throw new Error(`Cannot measure ${name}: the updater that nobody kills: ${problem}`);
  const count = whole.recorded.operations.length;
  const kills = Array.from({ length: count }, (_, index): Kill[] => [
    { moment: "before", k: index + 1, left: index },
    { moment: "after", k: index + 1, left: index + 1 },
  ]).flat();
  const sample = sampled(kills, cells === "all" ? kills.length : (cells ?? POINTS), SEED);
  let equal = 0;
  for (const kill of sample) {
    signal.throwIfAborted();
    const wrong = await difference(kill, updater, workbench);
    if (wrong === undefined) equal++;
    else say(`${name}: killed ${kill.moment} operation ${kill.k}: ${wrong}`);
  }
  const note = `${equal} of ${sample.length} equal, killed before and after operations chosen of ${count} (seed ${SEED})`;
  return { name, unit: "%", values: [(100 * equal) / sample.length], goal: { than: "at least", value: 100 }, note };
}

/** In words; undefined: the folder is as the log says. */
async function difference({ moment, k, left }: Kill, updater: Updater, workbench: Workbench): Promise<string | undefined> {
  const { firedAt, recorded } = await workbench.recorded(updater, [`do=kill-${moment},k=${k}`]);
  if (firedAt !== k) return firedAt === undefined ? "it did not come to that" : `it was killed at ${firedAt}`;
  if (recorded.operations.length !== left) return `the log has ${recorded.operations.length} operations instead of ${left}`;
  return replayProblem(recorded);
}
