// Groups cells that failed for the same cause, so that one bug in a hundred pairs is read once.
import type { CellRecord } from "../model/index.ts";
import { ATTENTION } from "./marks.ts";

/** Cells with the same product, verdict, outcome and findings, but for versions, hashes and numbers. */
export interface Cause {
  /** The cell that is told at length: the first one. */
  readonly cell: CellRecord;
  readonly others: readonly CellRecord[];
}

/** The groups, most urgent verdict first, then the largest first. */
export function causes(cells: readonly CellRecord[]): Cause[] {
  const groups = new Map<string, { cell: CellRecord; others: CellRecord[] }>();
  for (const cell of cells) {
    const key = causeKey(cell);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { cell, others: [] });
    else group.others.push(cell);
  }
  const urgency = (cause: Cause): number => ATTENTION.indexOf(cause.cell.verdict);
  return [...groups.values()].toSorted((a, b) => urgency(a) - urgency(b) || b.others.length - a.others.length);
}

function causeKey(cell: CellRecord): string {
  const general = (text: string): string => generalise(text, cell);
  const findings = new Map<string, string>(); // of each check the first finding is enough: a broken layout breaks many paths
  for (const { check, path, expected, actual } of cell.findings) {
    if (!findings.has(check)) findings.set(check, path === null ? `${general(expected)}\t${general(actual)}` : general(path));
  }
  const seen = [...findings].map(([check, what]) => `${check}\t${what}`).toSorted();
  return [cell.product, cell.verdict, cell.outcome, general(cell.reason), ...seen].join("\n");
}

/** The text without what differs from pair to pair: versions, hashes, numbers. */
function generalise(text: string, cell: CellRecord): string {
  let general = text;
  for (const version of [cell.from, cell.to, cell.next]) if (version !== "") general = general.replaceAll(version, "#");
  return general.replace(/\b(?=\w*\d)[0-9a-f]{6,}\b/gi, "#").replace(/\d+(?:\.\d+)*/g, "#");
}
