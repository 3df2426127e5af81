// Judges an old run again from what it kept: the same observations, today's judge and today's list of known failures.
import { gateOf, referencesOf, summarizeSweep } from "../judge/index.ts";
import type { Cell, CellRecord, KnownFailure, RunRecord, SweepRecord } from "../model/index.ts";
import { type Fresh, freshTree, referenceCell } from "./fresh.ts";
import { withInputs } from "./inputs.ts";
import { CellJudge } from "./judging.ts";
import { readKeptPlan, readObservations, referenceName } from "./record-folder.ts";

export interface RejudgeOptions {
  readonly directory: string;
  /** Instead of the list that was in force then. */
  readonly known: readonly KnownFailure[];
  /** YYYY-MM-DD, decides which known failures have expired. */
  readonly today: string;
}

/** The same record with new verdicts. Cells that did not run stay as they are. */
export async function rejudge(record: RunRecord, { directory, known, today }: RejudgeOptions): Promise<RunRecord> {
  const { products, cells } = await readKeptPlan(directory);
  const old = new Map(record.cells.map((cell) => [cell.id, cell]));
  const replayCommand = (cell: Cell): string => old.get(cell.id)?.replay ?? "";
  const judge = new CellJudge({ products, known }, { directory }, { replayCommand }, today);
  const references = new Map<string, Promise<Fresh>>();
  const fresh = (cell: Cell, role: "to" | "next"): Promise<Fresh> => {
    const { id } = referenceCell(cell, role);
    const read = references.get(id) ?? readObservations(directory, referenceName(id)).then(freshTree);
    references.set(id, read);
    return read;
  };
  for (const cell of cells) {
    const file = old.get(cell.id)?.observations;
    if (file === undefined || file === null) continue;
    const next = referencesOf(cell).includes("next") ? await fresh(cell, "next") : undefined;
    judge.judge(cell, await readObservations(directory, file), { to: await fresh(cell, "to"), next }, file);
  }
  await judge.again();
  const judged = judge.records(cells).map((cell) => withInputs(cell, old.get(cell.id)?.inputs));
  const verdicts = judged.map((cell) => cell.verdict);
  const sweeps = record.sweeps.map((sweep) => summedUpAgain(sweep, cells, judged));
  return { ...record, ...gateOf(verdicts, record.interrupted), sweeps, cells: judged };
}

/** What was recorded stays; what the points come to may be another now. */
function summedUpAgain(old: SweepRecord, cells: readonly Cell[], judged: readonly CellRecord[]): SweepRecord {
  const sweep = cells.find(({ id }) => id === old.id);
  if (sweep === undefined) return old; // kept by an older version, without its points
  const points = cells.filter((cell) => isPointOf(cell, sweep));
  return summarizeSweep({ ...old, sweep, points }, judged);
}

function isPointOf(cell: Cell, sweep: Cell): boolean {
  const same = cell.product === sweep.product && cell.from === sweep.from && cell.to === sweep.to && cell.environment === sweep.environment;
  return same && cell.scenario.startsWith(`${sweep.scenario}.`);
}
