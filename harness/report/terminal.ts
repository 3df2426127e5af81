// The summary of a run for a terminal. Failures come last but for the decision, so that both are on the screen at the end.
import type { CellRecord, Observation, RunRecord } from "../model/index.ts";
import { attributionLine, attributions } from "./attribution.ts";
import type { Cause } from "./causes.ts";
import { cellDetail, cellLine } from "./cell-detail.ts";
import { countsLine, gateLine, gateReasons, leftOutLine, reasonLine, runDuration } from "./gate.ts";
import { INVERTED, MARKS, NO_CELL, type Paint, VERDICTS, painter } from "./marks.ts";
import { type Overview, overviewOf } from "./overview.ts";
import { pairTable } from "./pair-table.ts";
import { sweepBasis, sweepFailures, sweepLine } from "./sweeps.ts";
import { LEAST_WIDTH, clip, count, formatDuration, oneLine, wrap } from "./text.ts";

export interface TerminalOptions {
  readonly color: boolean;
  readonly width: number;
  /** The observations of a cell, when there are some; asked only for the few cells that are told at length. */
  readonly details: (cell: CellRecord) => readonly Observation[] | undefined;
  /** Where the whole report lies. */
  readonly report?: string;
}

const MOST_CAUSES = 10;
const MOST_SHORT_CAUSES = 30;
const MOST_SAME = 5;
const MOST_ROWS = 12;

export function terminalSummary(record: RunRecord, options: TerminalOptions): string {
  const paint = painter(options.color);
  const width = Math.max(LEAST_WIDTH, options.width);
  const overview = overviewOf(record);
  const blocks = [
    products(overview, paint, width),
    sweeps(record, paint, width),
    rows("Skipped", overview.skips.map(reasonLine), paint, width),
    rows("Known failures", overview.known.map(reasonLine), paint, width),
    rows("Left out by selections", overview.leftOut.map(leftOutLine), paint, width),
    rows("Settings, published → test", settings(record), paint, width),
    rows(
      "Unavailable environments",
      record.unavailable.map((one) => `${one.name}: ${oneLine(one.reason)}`),
      paint,
      width,
    ),
    ...attention(overview, options, paint, width),
    rows("Whose fault it seems to be", attributions(record).map(attributionLine), paint, width),
    rows("Problems around the cells", record.problems.map(oneLine), paint, width),
    decision(record, overview, paint, width, options.report),
  ];
  return `${[heading(record, paint, width), ...blocks.filter((block) => block.length > 0).map((block) => block.join("\n"))].join("\n\n")}\n`;
}

function heading(record: RunRecord, paint: Paint, width: number): string {
  const where = record.environments.map((one) => `${one.name} (${one.platform}, ${oneLine(one.description)})`).join(", ");
  const facts = [
    `run ${oneLine(record.run)}`,
    `tier ${record.tier}`,
    ...(where === "" ? [] : [where]),
    formatDuration(runDuration(record)),
  ];
  return wrap(`upmatrix ${oneLine(record.upmatrix)} · ${facts.join(" · ")}`, width)
    .map((line) => paint("dim", line))
    .join("\n");
}

function products(overview: Overview, paint: Paint, width: number): string[] {
  if (overview.products.length === 0) return [];
  const lines = overview.products.flatMap((product) => {
    const counts = `${count(product.cells.length, "cell")}: ${countsLine(product.counts)}`;
    return [
      ...wrap(`${oneLine(product.name)}  ${counts}`, width).map((line) => paint("strong", line)),
      ...pairTable(product, paint, width),
      "",
    ];
  });
  const signs = VERDICTS.filter((verdict) => overview.counts[verdict] > 0).map(
    (verdict) => `${paint(MARKS[verdict].tone, MARKS[verdict].sign)} ${verdict}`,
  );
  const legend = [
    ...signs,
    `${NO_CELL} no cell`,
    `${INVERTED} inverted: version order and build order disagree`,
    "a number: so many cells of the pair",
  ];
  return [...lines, ...fold(legend, "   ", width)];
}

/** Every sweep, and below it each way of failing with the point that shows it best. */
function sweeps(record: RunRecord, paint: Paint, width: number): string[] {
  if (record.sweeps.length === 0) return [];
  return [
    paint("strong", "Sweeps"),
    ...record.sweeps.flatMap((sweep) => [
      `  ${clip(oneLine(sweep.id), width - 2)}`,
      ...wrap(sweepLine(sweep), width - 4).map((line) => `    ${paint(sweep.recovered === sweep.run ? "good" : "bad", line)}`),
      ...wrap(sweepBasis(sweep), width - 4).map((line) => paint("dim", `    ${line}`)),
      ...sweepFailures(sweep)
        .slice(0, MOST_ROWS)
        .flatMap(({ what, first, where }) => [
          ...wrap(what, width - 8).map((line, index) => `    ${index === 0 ? paint("bad", "✗") : " "} ${line}`),
          ...wrap(`first ${where}`, width - 8).map((line) => paint("dim", `      ${line}`)),
          paint("dim", `      ${clip(first, width - 6)}`),
        ]),
    ]),
  ];
}

function settings(record: RunRecord): string[] {
  return record.settings.map((one) => `${oneLine(one.product)} ${oneLine(one.name)}: ${oneLine(one.published)} → ${oneLine(one.test)}`);
}

/** A titled list, cut after a dozen rows. */
function rows(title: string, all: readonly string[], paint: Paint, width: number): string[] {
  if (all.length === 0) return [];
  const shown = all
    .slice(0, MOST_ROWS)
    .flatMap((row) => wrap(row, width - 4).map((line, index) => `${index === 0 ? "  " : "    "}${line}`));
  const rest = all.length - MOST_ROWS;
  return [paint("strong", title), ...shown, ...(rest > 0 ? [paint("dim", `  … and ${rest} more`)] : [])];
}

/** The first causes at length, each with the cells that share it; the others as one line each. */
function attention(overview: Overview, options: TerminalOptions, paint: Paint, width: number): string[][] {
  const long = overview.attention.slice(0, MOST_CAUSES);
  const short = overview.attention.slice(MOST_CAUSES);
  const blocks = long.map((cause) => [paint("dim", "─".repeat(width)), ...causeBlock(cause, options, paint, width)]);
  if (short.length === 0) return blocks;
  const lines = short.slice(0, MOST_SHORT_CAUSES).flatMap((cause) => shortCause(cause, paint, width));
  const rest = short.slice(MOST_SHORT_CAUSES).reduce((sum, cause) => sum + 1 + cause.others.length, 0);
  const more = rest > 0 ? [paint("dim", `  … and ${count(rest, "more cell")}, all in the report`)] : [];
  return [...blocks, [paint("strong", "More to look at, each with another cause"), ...lines, ...more]];
}

function causeBlock(cause: Cause, options: TerminalOptions, paint: Paint, width: number): string[] {
  const detail = cellDetail(cause.cell, options.details(cause.cell), { color: options.color, width }).trimEnd();
  if (cause.others.length === 0) return [detail];
  const same = cause.others.slice(0, MOST_SAME).map((cell) => clip(`    ${oneLine(cell.id)}`, width));
  const rest = cause.others.length - same.length;
  const more = rest > 0 ? [paint("dim", `    … and ${count(rest, "more cell")}`)] : [];
  return [detail, "", paint("strong", `  The same in ${count(cause.others.length, "other cell")}`), ...same, ...more];
}

function shortCause(cause: Cause, paint: Paint, width: number): string[] {
  const { sign, tone } = MARKS[cause.cell.verdict];
  const others = cause.others.length === 0 ? "" : ` (and ${count(cause.others.length, "other cell")})`;
  return [
    `  ${paint(tone, sign)} ${clip(oneLine(cause.cell.id) + others, width - 4)}`,
    paint("dim", `      ${clip(cellLine(cause.cell), width - 6)}`),
  ];
}

function decision(record: RunRecord, overview: Overview, paint: Paint, width: number, report: string | undefined): string[] {
  const reasons = gateReasons(record, overview);
  const line = reasons.length === 0 ? gateLine(record) : `${gateLine(record)}: ${reasons.join(", ")}`;
  const tone = record.gate === "open" ? "good" : "bad";
  return [
    paint("dim", "─".repeat(width)),
    ...wrap(`${count(overview.total, "cell")}: ${countsLine(overview.counts)}`, width),
    ...wrap(line, width).map((part) => paint(tone, part)),
    ...(report === undefined ? [] : [`Report: ${oneLine(report)}`]),
  ];
}

/** Parts side by side, on as many lines as they need. */
function fold(parts: readonly string[], gap: string, width: number): string[] {
  const lines: { text: string; length: number }[] = [];
  for (const part of parts) {
    // oxlint-disable-next-line no-control-regex -- colour codes take no room
    const length = part.replace(/\u001b\[\d+m/g, "").length;
    const last = lines.at(-1);
    if (last === undefined || last.length + gap.length + length > width - 2) lines.push({ text: part, length });
    else Object.assign(last, { text: last.text + gap + part, length: last.length + gap.length + length });
  }
  return lines.map((line) => `  ${line.text}`);
}
