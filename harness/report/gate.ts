// The decision of a run in words: is the gate open, and why. The same words stand in every report.
import type { RunRecord } from "../model/index.ts";
import { VERDICTS } from "./marks.ts";
import type { Counts, LeftOutOverview, Overview, ReasonOverview } from "./overview.ts";
import { count, grouped, listed, oneLine } from "./text.ts";

/** `Gate closed` or `Gate open`. */
export function gateLine(record: RunRecord): string {
  return record.gate === "open" ? "Gate open" : `Gate closed (exit code ${record.exitCode})`;
}

/** Why the gate is closed; for an open gate what it lets pass. */
export function gateReasons(record: RunRecord, overview: Overview): string[] {
  const { failed, errored, fixed, known, skipped } = overview.counts;
  const reasons: string[] = [];
  if (record.interrupted) reasons.push("the run was interrupted");
  if (failed > 0) reasons.push(`${count(failed, "cell")} failed`);
  if (errored > 0) reasons.push(`${count(errored, "cell")} could not be judged`);
  if (fixed > 0)
    reasons.push(`${count(fixed, "known failure")} ${fixed === 1 ? "passes" : "pass"} now and must be removed from matrix.yaml`);
  if (record.problems.length > 0) reasons.push(count(record.problems.length, "problem around the cells", "problems around the cells"));
  if (record.unavailable.length > 0 && reasons.length === 0)
    reasons.push(`without ${record.unavailable.map((one) => one.name).join(", ")}`);
  if (overview.total === 0) reasons.push("no cell ran");
  if (record.gate === "closed") return reasons;
  if (known > 0) reasons.push(`${count(known, "known failure")} tolerated`);
  if (skipped > 0) reasons.push(`${count(skipped, "cell")} skipped`);
  return reasons;
}

/** `412 passed · 3 failed`; verdicts that no cell has are left out. */
export function countsLine(counts: Counts): string {
  const parts = VERDICTS.filter((verdict) => counts[verdict] > 0).map((verdict) => `${grouped(counts[verdict])} ${verdict}`);
  return parts.length === 0 ? "no cells" : parts.join(" · ");
}

/** The cells that are skipped, or known to fail, for one reason: `3 cells of sample: why`. */
export function reasonLine(one: ReasonOverview): string {
  return `${cellsOf(one.cells, one.products)}: ${oneLine(one.reason)}`;
}

/** `3 cells of sample and other`; without products, how many there are. */
export function cellsOf(cells: number, products: readonly string[]): string {
  return `${count(cells, "cell")}${products.length === 0 ? "" : ` of ${listed(products, MOST_PRODUCTS, "product")}`}`;
}

const MOST_PRODUCTS = 4;

/** What a selection left out, as a sentence. */
export function leftOutLine(one: LeftOutOverview): string {
  return `${oneLine(one.product)}: ${count(one.cells, "cell")} of ${count(one.scenarios, "scenario")}, ${SELECTION[one.selection]}`;
}

const SELECTION: Record<LeftOutOverview["selection"], string> = {
  all: "although all pairs are selected",
  traits: "because one pair for each combination of traits runs",
  updaters: "because one pair for each traits of the upgrading release runs",
  newest: "because only pairs into the newest release run",
  latest: "because only the pair of the two newest releases runs",
};

/** Milliseconds that the run took; NaN when the record has no times. */
export function runDuration(record: RunRecord): number {
  return Date.parse(record.endedAt) - Date.parse(record.startedAt);
}
