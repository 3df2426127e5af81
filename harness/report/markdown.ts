// The run as Markdown, for the job summary of GitHub Actions: the decision first, then tables, then what is behind them.
import type { RunRecord } from "../model/index.ts";
import { attributionLine, attributions } from "./attribution.ts";
import type { Cause } from "./causes.ts";
import { cellDetail, cellLine } from "./cell-detail.ts";
import { countsLine, gateLine, gateReasons, leftOutLine, reasonLine, runDuration } from "./gate.ts";
import type { Details } from "./junit.ts";
import { code, fenced, inline, table } from "./markdown-text.ts";
import { INVERTED, MARKS, NO_CELL, VERDICTS } from "./marks.ts";
import { type Overview, type ProductOverview, overviewOf, pairKey } from "./overview.ts";
import { axes, pairsToLookAt } from "./pair-table.ts";
import { sweepBasis, sweepFailures, sweepLine } from "./sweeps.ts";
import { clip, count, formatDuration, grouped } from "./text.ts";

/** GitHub refuses a summary of more than 1 MiB; the last note fits in what is left. */
const BUDGET_BYTES = 1_000_000;
const MOST_CAUSES = 100;
const MOST_SHORT_CAUSES = 500;
const MOST_SAME = 20;
const MOST_ROWS = 200;
const MOST_COLUMNS = 30;
const DETAIL_CHARACTERS = 20_000;
const WIDTH = 120;

export function markdown(record: RunRecord, details: Details): string {
  return [...markdownStream(record, details)].join("");
}

/** The same in chunks. What does not fit into GitHub's limit is left out, and the end says so. */
export function* markdownStream(record: RunRecord, details: Details): Generator<string> {
  const encoder = new TextEncoder();
  let left = BUDGET_BYTES;
  let cut = 0;
  for (const chunk of chunks(record, details)) {
    const size = encoder.encode(chunk).length;
    if (size > left) cut += 1;
    else {
      left -= size;
      yield chunk;
    }
  }
  if (cut > 0)
    yield `\n> [!NOTE]\n> ${count(cut, "section")} did not fit into a job summary of 1 MiB and ${cut === 1 ? "is" : "are"} left out here. The record has everything.\n`;
}

function* chunks(record: RunRecord, details: Details): Generator<string> {
  const overview = overviewOf(record);
  yield decision(record, overview);
  if (overview.products.length > 0) yield products(overview);
  yield blame(record);
  yield* attention(overview, details);
  for (const product of overview.products) yield pairs(product);
  yield sweeps(record);
  yield folded(
    "Skipped",
    overview.skips.map((one) => `- ${inline(reasonLine(one))}`),
    overview.counts.skipped,
  );
  yield folded(
    "Known failures",
    overview.known.map((one) => `- ${inline(reasonLine(one))}`),
    overview.counts.known,
  );
  const leftOut = overview.leftOut.reduce((sum, one) => sum + one.cells, 0);
  yield folded(
    "Left out by selections",
    overview.leftOut.map((one) => `- ${inline(leftOutLine(one))}`),
    leftOut,
  );
  yield settings(record);
}

function decision(record: RunRecord, overview: Overview): string {
  const open = record.gate === "open";
  const list = [
    ...gateReasons(record, overview).map((reason) => `- ${inline(reason)}`),
    ...record.unavailable.slice(0, MOST_SAME).map((one) => `- environment ${code(one.name)} could not be used: ${inline(one.reason)}`),
    ...record.problems.slice(0, MOST_SAME).map((problem) => `- ${inline(clip(problem, 500))}`),
  ];
  const where = record.environments.map((one) => `${code(one.name)} (${inline(`${one.platform}, ${one.description}`)})`).join(", ");
  const facts = [
    `run ${code(record.run)}`,
    `tier ${record.tier}`,
    ...(where === "" ? [] : [where]),
    formatDuration(runDuration(record)),
    `upmatrix ${inline(record.upmatrix)}`,
  ];
  const head = `## ${open ? MARKS.passed.emoji : MARKS.failed.emoji} ${gateLine(record)}\n\n**${count(overview.total, "cell")}: ${countsLine(overview.counts)}**\n`;
  return `${head}${list.length === 0 ? "" : `\n${list.join("\n")}\n`}\n${facts.join(" · ")}\n`;
}

function products(overview: Overview): string {
  const seen = VERDICTS.filter((verdict) => overview.products.some((product) => product.counts[verdict] > 0));
  const head = ["product", "cells", ...seen.map((verdict) => `${MARKS[verdict].emoji} ${verdict}`), "time"];
  const body = overview.products.map((product) => [
    inline(product.name),
    grouped(product.cells.length),
    ...seen.map((verdict) => (product.counts[verdict] === 0 ? "" : grouped(product.counts[verdict]))),
    formatDuration(product.durationMs),
  ]);
  return `\n${table(head, body)}`;
}

function blame(record: RunRecord): string {
  const found = attributions(record).slice(0, MOST_ROWS);
  return found.length === 0
    ? ""
    : `\n### Whose fault it seems to be\n\n${found.map((one) => `- ${inline(attributionLine(one))}\n`).join("")}`;
}

function* attention(overview: Overview, details: Details): Generator<string> {
  if (overview.attention.length === 0) return;
  yield "\n### To look at\n";
  for (const cause of overview.attention.slice(0, MOST_CAUSES)) yield causeBlock(cause, details);
  const short = overview.attention.slice(MOST_CAUSES);
  if (short.length > 0) yield "\nMore, each with another cause:\n\n";
  for (const { cell, others } of short.slice(0, MOST_SHORT_CAUSES)) {
    const more = others.length === 0 ? "" : ` and ${count(others.length, "other cell")}`;
    yield `- ${MARKS[cell.verdict].emoji} ${code(cell.id)}${more}: ${inline(clip(cellLine(cell), 300))}\n`;
  }
  const rest = short.slice(MOST_SHORT_CAUSES).reduce((sum, cause) => sum + 1 + cause.others.length, 0);
  if (rest > 0) yield `- … and ${count(rest, "more cell")}, all in the record\n`;
}

function causeBlock({ cell, others }: Cause, details: Details): string {
  const title = `${MARKS[cell.verdict].emoji} ${code(cell.id)}${others.length === 0 ? "" : ` and ${count(others.length, "other cell")}`}`;
  const text = clip(cellDetail(cell, details(cell), { color: false, width: WIDTH }), DETAIL_CHARACTERS);
  const same = others.slice(0, MOST_SAME).map((other) => `- ${code(other.id)}`);
  if (others.length > same.length) same.push(`- … and ${count(others.length - same.length, "more cell")}`);
  const list = same.length === 0 ? "" : `\nThe same in:\n\n${same.join("\n")}\n`;
  return `\n<details>\n<summary>${title}<br>${inline(clip(cellLine(cell), 300))}</summary>\n\n${fenced(text)}${list}\n</details>\n`;
}

/** The from × to table; for more columns than one can read, only the pairs to look at. */
function pairs(product: ProductOverview): string {
  const { rows, columns } = axes(product);
  const bad = pairsToLookAt(product);
  const title = `${inline(product.name)}: ${count(product.pairs.size, "pair")}, ${bad.length === 0 ? "none" : grouped(bad.length)} to look at`;
  if (columns.length > MOST_COLUMNS || rows.length > MOST_ROWS) {
    const list = bad.slice(0, MOST_ROWS).map((pair) => `- ${mark(product, pair.from, pair.to)} ${inline(`${pair.from} → ${pair.to}`)}`);
    const more = bad.length > MOST_ROWS ? [`- … and ${count(bad.length - MOST_ROWS, "more pair")}`] : [];
    return `\n<details>\n<summary>${title}</summary>\n\n${[...list, ...more].join("\n")}\n\n</details>\n`;
  }
  const body = rows.map((from) => [`**${inline(from)}**`, ...columns.map((to) => mark(product, from, to))]);
  const legend = `${INVERTED} inverted: version order and build order disagree. A number: how many of the pair's cells.`;
  return `\n<details${bad.length > 0 ? " open" : ""}>\n<summary>${title}</summary>\n\n${table(["from \\ to", ...columns.map(inline)], body)}\n${inline(legend)}\n\n</details>\n`;
}

function mark(product: ProductOverview, from: string, to: string): string {
  const pair = product.pairs.get(pairKey(from, to));
  if (pair === undefined) return NO_CELL;
  const many = pair.worst === "passed" || pair.worst === "skipped" || pair.cells === 1 ? "" : ` ${grouped(pair.worstCells)}`;
  return `${MARKS[pair.worst].emoji}${many}${pair.inverted ? inline(INVERTED) : ""}`;
}

function folded(title: string, rows: readonly string[], cells: number): string {
  if (rows.length === 0) return "";
  const more = rows.length > MOST_ROWS ? [`- … and ${grouped(rows.length - MOST_ROWS)} more`] : [];
  return `\n<details>\n<summary>${title}: ${count(cells, "cell")}</summary>\n\n${[...rows.slice(0, MOST_ROWS), ...more].join("\n")}\n\n</details>\n`;
}

function sweeps(record: RunRecord): string {
  if (record.sweeps.length === 0) return "";
  const blocks = record.sweeps.map((sweep) => {
    const failures = sweepFailures(sweep)
      .slice(0, MOST_SAME)
      .map(({ what, first, where }) => `  - ${inline(what)}; first ${inline(where)}: ${code(first)}`);
    const sign = sweep.recovered === sweep.run ? MARKS.passed.emoji : MARKS.failed.emoji;
    return [`- ${sign} ${code(sweep.id)}: ${inline(sweepLine(sweep))} (${inline(sweepBasis(sweep))})`, ...failures].join("\n");
  });
  return `\n### Sweeps\n\n${blocks.join("\n")}\n`;
}

function settings(record: RunRecord): string {
  if (record.settings.length === 0) return "";
  const body = record.settings.slice(0, MOST_ROWS).map((one) => [one.product, one.name, one.published, one.test].map(inline));
  return `\n<details>\n<summary>Settings: ${record.settings.length} shortened for the test</summary>\n\n${table(["product", "setting", "published", "test"], body)}\n</details>\n`;
}
