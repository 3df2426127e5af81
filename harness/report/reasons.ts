// The few reasons that matter for a decision, in words: culprits before causes, causes before counts.
import type { CellRecord, RunRecord } from "../model/index.ts";
import { type Attribution, attributionLine } from "./attribution.ts";
import { cellLine } from "./cell-detail.ts";
import { cellsOf, gateReasons, reasonLine } from "./gate.ts";
import type { Overview } from "./overview.ts";
import { clipWords, count, grouped, oneLine } from "./text.ts";

export interface MainReason {
  readonly text: string;
  /** The cell that shows it best; null when it is not about cells. */
  readonly cell: CellRecord | null;
}

const MOST = 3;
const LENGTH = 240;

/** At most three reasons why the gate is closed; for an open one, what it lets pass. What is about a product names it. */
export function mainReasons(record: RunRecord, overview: Overview, found: readonly Attribution[]): MainReason[] {
  const all = record.gate === "open" ? letPass(overview) : [...broke(record), ...culprits(found), ...otherCauses(overview, found)];
  const told = all.length > 0 ? all : gateReasons(record, overview).map((text) => ({ text, cell: null }));
  return told.slice(0, MOST).map(({ text, cell }) => ({ text: clipWords(oneLine(text), LENGTH), cell }));
}

function broke(record: RunRecord): MainReason[] {
  return record.interrupted ? [{ text: "The run was interrupted: not all cells ran", cell: null }] : [];
}

function culprits(found: readonly Attribution[]): MainReason[] {
  return found.map((one) => ({ text: attributionLine(one), cell: one.cells.find(({ verdict }) => verdict === "failed") ?? null }));
}

/** Causes that no attribution covers: one of their cells at least is about something else. */
function otherCauses(overview: Overview, found: readonly Attribution[]): MainReason[] {
  const covered = new Set(found.flatMap(({ cells }) => cells));
  return overview.attention
    .map(({ cell, others }) => [cell, ...others].filter((one) => !covered.has(one)))
    .flatMap((cells) => {
      const [cell] = cells;
      return cell === undefined
        ? []
        : [{ text: `${oneLine(cell.product)}: ${count(cells.length, "cell")} ${cell.verdict}: ${cellLine(cell)}`, cell }];
    });
}

function letPass({ counts, total, products, known, skips }: Overview): MainReason[] {
  const names = products.map(({ name }) => name);
  const passed = `${grouped(counts.passed)} of ${cellsOf(total, names)} passed`;
  const [first, skip] = [known[0], skips[0]];
  return [
    { text: counts.known + counts.skipped === 0 ? passed : `${passed}; none failed that is not known`, cell: null },
    ...(first === undefined
      ? []
      : [{ text: `${count(counts.known, "known failure")} tolerated, the most common one in ${reasonLine(first)}`, cell: null }]),
    ...(skip === undefined
      ? []
      : [{ text: `${count(counts.skipped, "cell")} skipped, the most common reason in ${reasonLine(skip)}`, cell: null }]),
  ];
}
