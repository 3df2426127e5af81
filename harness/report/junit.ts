// The run as JUnit XML, piece by piece: a test suite for each product, a test case for each cell.
import type { CellRecord, Observation, RunRecord } from "../model/index.ts";
import { cellDetail, cellLine } from "./cell-detail.ts";
import { gateLine, gateReasons, runDuration } from "./gate.ts";
import { type Counts, type Overview, overviewOf } from "./overview.ts";
import { xmlAttributes, xmlElement, xmlText } from "./xml.ts";

/** The observations of a cell, when there are some. */
export type Details = (cell: CellRecord) => readonly Observation[] | undefined;

/** Cells told with their observations; the others have plan and findings only, so that the file stays small. */
const MOST_DETAILED = 100;
const MESSAGE = 1000;
const WIDTH = 120;

export function junit(record: RunRecord, details?: Details): string {
  return [...junitStream(record, details)].join("");
}

/** The same in chunks, to be written one after the other. */
export function* junitStream(record: RunRecord, details?: Details): Generator<string> {
  const overview = overviewOf(record);
  const timestamp = record.startedAt;
  const gate = gateCase(record, overview);
  const totals = { ...overview.counts, failed: overview.counts.failed + (gate === undefined ? 0 : 1) };
  // strict readers, such as Jenkins' xUnit plugin, refuse `skipped` and `timestamp` here, and want them at the suites
  const { tests, failures, errors } = suiteCounts(totals);
  const all = { name: "upmatrix", tests, failures, errors, time: seconds(runDuration(record)) };
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${xmlAttributes(all)}>\n`;
  const detail = limited(details);
  for (const product of overview.products) {
    const attributes = { name: product.name, ...suiteCounts(product.counts), time: seconds(product.durationMs), timestamp };
    yield `  <testsuite${xmlAttributes(attributes)}>\n${properties(record)}`;
    for (const cell of product.cells) yield testCase(cell, detail);
    yield "  </testsuite>\n";
  }
  yield* namedSkips(overview, timestamp);
  if (gate !== undefined) yield gate;
  yield "</testsuites>\n";
}

/** A known failure counts as skipped, for it keeps no gate closed; a fixed one as failed, for it does. */
function suiteCounts(counts: Counts): { tests: number; failures: number; errors: number; skipped: number } {
  const tests = Object.values(counts).reduce((sum, amount) => sum + amount, 0);
  return { tests, failures: counts.failed + counts.fixed, errors: counts.errored, skipped: counts.skipped + counts.known };
}

function properties(record: RunRecord): string {
  const facts = { run: record.run, upmatrix: record.upmatrix, tier: record.tier };
  const lines = Object.entries(facts).map(([name, value]) => `      ${xmlElement("property", { name, value })}\n`);
  return `    <properties>\n${lines.join("")}    </properties>\n`;
}

function testCase(cell: CellRecord, detail: (cell: CellRecord) => string): string {
  const attributes = { name: cell.id, classname: `${cell.product}.${cell.scenario}`, time: seconds(cell.durationMs) };
  const result = resultOf(cell, detail);
  if (result === "") return `    ${xmlElement("testcase", attributes)}\n`;
  return `    ${xmlElement("testcase", attributes, `\n      ${result}\n    `)}\n`;
}

function resultOf(cell: CellRecord, detail: (cell: CellRecord) => string): string {
  const message = cellLine(cell).slice(0, MESSAGE);
  switch (cell.verdict) {
    case "passed":
      return "";
    case "failed":
      return xmlElement("failure", { message, type: "failed" }, xmlText(detail(cell)));
    case "fixed":
      return xmlElement(
        "failure",
        { message: `A known failure passes now, remove it from matrix.yaml: ${message}`, type: "fixed" },
        xmlText(detail(cell)),
      );
    case "errored":
      return xmlElement("error", { message, type: "errored" }, xmlText(detail(cell)));
    case "known":
      return xmlElement("skipped", { message: `Known failure: ${message}` });
    case "skipped":
      return xmlElement("skipped", { message });
    default:
      return cell.verdict satisfies never;
  }
}

/** Skipped cells of which the record knows the name and the reason only. */
function* namedSkips(overview: Overview, timestamp: string): Generator<string> {
  const skips = overview.namedSkips;
  if (skips.length === 0) return;
  const attributes = { name: "skipped", tests: skips.length, failures: 0, errors: 0, skipped: skips.length, time: "0.000", timestamp };
  yield `  <testsuite${xmlAttributes(attributes)}>\n`;
  for (const { id, reason } of skips) {
    yield `    ${xmlElement("testcase", { name: id, classname: "skipped", time: "0.000" }, xmlElement("skipped", { message: reason }))}\n`;
  }
  yield "  </testsuite>\n";
}

/** A gate that is closed although no test case says why must not look green. */
function gateCase(record: RunRecord, overview: Overview): string | undefined {
  const { failed, errored, fixed } = overview.counts;
  if (record.gate === "open" || failed + errored + fixed > 0) return undefined;
  const text = [gateLine(record), ...gateReasons(record, overview), ...record.problems].join("\n");
  const failure = xmlElement("failure", { message: gateReasons(record, overview).join(", "), type: "gate" }, xmlText(text));
  const suite = { name: "upmatrix", tests: 1, failures: 1, errors: 0, skipped: 0, time: "0.000", timestamp: record.startedAt };
  return `  ${xmlElement("testsuite", suite, xmlElement("testcase", { name: "gate", classname: "upmatrix.gate", time: "0.000" }, failure))}\n`;
}

function limited(details: Details | undefined): (cell: CellRecord) => string {
  let left = MOST_DETAILED;
  return (cell) => {
    left -= 1;
    const observations = left >= 0 ? details?.(cell) : undefined;
    return `\n${cellDetail(cell, observations, { color: false, width: WIDTH })}`;
  };
}

function seconds(ms: number): string {
  return Number.isFinite(ms) && ms > 0 ? (ms / 1000).toFixed(3) : "0.000";
}
