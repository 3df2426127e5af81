// What changed between two runs, cell by cell: what broke, what was mended, what is newly known, slower, or flaky.
import type { CellRecord, RunRecord, Verdict } from "../../model/index.ts";

/** A cell of the later run beside the same one of the earlier. */
export interface Change {
  readonly cell: CellRecord;
  /** null: the earlier run did not have it. */
  readonly before: Verdict | null;
}

/** What took longer, in milliseconds. */
export interface Slower {
  readonly cell: CellRecord;
  readonly what: "duration" | "downtime";
  readonly beforeMs: number;
  readonly afterMs: number;
}

export interface Comparison {
  readonly before: RunRecord;
  readonly after: RunRecord;
  /** Failed or errored now, and neither before. */
  readonly failing: readonly Change[];
  /** Equal inputs, another verdict: nobody's change did this. Such cells are in no other list. */
  readonly flaky: readonly Change[];
  /** Failed, errored or was known before, and passes now. */
  readonly fixed: readonly Change[];
  readonly known: readonly Change[];
  /** Beyond what the run as a whole was slower; the worst first. */
  readonly slower: readonly Slower[];
  /** Failed or errored before, and does so still. */
  readonly still: number;
  /** Cells that only one of the runs has judged. */
  readonly added: number;
  readonly gone: number;
  /** How much longer the later run took for what passed in both: the median, 1 when too few cells tell. */
  readonly pace: number;
}

/** A cell counts as slower from this factor, and from so many milliseconds: less than that is the machine's mood. */
const FACTOR = 1.5;
const LEAST_MS = 1000;
/** Of fewer cells a median would hide what it should show. */
const LEAST_FOR_PACE = 20;

export function compareRuns(before: RunRecord, after: RunRecord): Comparison {
  const earlier = judged(before);
  const later = judged(after);
  const changes = [...later.values()].map((cell): Change => ({ cell, before: earlier.get(cell.id)?.verdict ?? null }));
  const isFlaky = (change: Change): boolean => contradicts(earlier.get(change.cell.id), change.cell);
  const [flaky, steady] = [changes.filter(isFlaky), changes.filter((change) => !isFlaky(change))];
  const pace = paceOf(earlier, later);
  return {
    ...{ before, after, flaky, pace },
    failing: steady.filter((change) => fails(change.cell.verdict) && !fails(change.before)),
    fixed: steady.filter((change) => passes(change.cell.verdict) && (fails(change.before) || change.before === "known")),
    known: steady.filter((change) => change.cell.verdict === "known" && change.before !== "known"),
    still: steady.filter((change) => fails(change.cell.verdict) && fails(change.before)).length,
    slower: slowerCells(earlier, later, pace),
    added: changes.filter((change) => change.before === null).length,
    gone: [...earlier.keys()].filter((id) => !later.has(id)).length,
  };
}

/** Whether the later run is worse: something fails that did not, be it by chance. */
export function isWorse({ failing, flaky }: Comparison): boolean {
  return failing.length > 0 || flaky.some(({ cell }) => fails(cell.verdict));
}

function judged({ cells }: RunRecord): Map<string, CellRecord> {
  return new Map(cells.filter(({ verdict }) => verdict !== "skipped").map((cell) => [cell.id, cell]));
}

function fails(verdict: Verdict | null): boolean {
  return verdict === "failed" || verdict === "errored";
}

function passes(verdict: Verdict | null): boolean {
  return verdict === "passed" || verdict === "fixed";
}

/** One of them found something wrong, the other did not, and nothing that was put into them differs. */
function contradicts(before: CellRecord | undefined, after: CellRecord): boolean {
  if (before?.inputs === undefined || before.inputs !== after.inputs) return false;
  return isSound(before) !== isSound(after);
}

/** By what was found, because the list of known failures is no input. */
function isSound({ verdict, findings }: CellRecord): boolean {
  return verdict !== "errored" && findings.length === 0;
}

function bothPassed(earlier: ReadonlyMap<string, CellRecord>, later: ReadonlyMap<string, CellRecord>): [CellRecord, CellRecord][] {
  return [...later.values()].flatMap((cell): [CellRecord, CellRecord][] => {
    const before = earlier.get(cell.id);
    return before !== undefined && passes(before.verdict) && passes(cell.verdict) ? [[before, cell]] : [];
  });
}

function paceOf(earlier: ReadonlyMap<string, CellRecord>, later: ReadonlyMap<string, CellRecord>): number {
  const ratios = bothPassed(earlier, later)
    .filter(([before]) => before.durationMs > 0)
    .map(([before, after]) => after.durationMs / before.durationMs)
    .toSorted((a, b) => a - b);
  return ratios.length < LEAST_FOR_PACE ? 1 : (ratios[Math.floor(ratios.length / 2)] ?? 1);
}

/** A later run that is faster as a whole does not make what kept its time slower. */
function slowerCells(earlier: ReadonlyMap<string, CellRecord>, later: ReadonlyMap<string, CellRecord>, pace: number): Slower[] {
  const fair = Math.max(1, pace);
  const isSlower = (beforeMs: number, afterMs: number): boolean =>
    afterMs >= beforeMs * fair * FACTOR && afterMs - beforeMs * fair >= LEAST_MS;
  return bothPassed(earlier, later)
    .flatMap(([before, cell]): Slower[] => [
      { cell, what: "duration", beforeMs: before.durationMs, afterMs: cell.durationMs },
      ...(before.downtimeMs === null || cell.downtimeMs === null
        ? []
        : [{ cell, what: "downtime" as const, beforeMs: before.downtimeMs, afterMs: cell.downtimeMs }]),
    ])
    .filter(({ beforeMs, afterMs }) => isSlower(beforeMs, afterMs))
    .toSorted((a, b) => b.afterMs - b.beforeMs - (a.afterMs - a.beforeMs));
}
