// Writes the views of a record beside it and prints the summary. A view that fails is told and does not break the run.
import { appendFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import type { CellRecord, Observation, RunRecord } from "../model/index.ts";
import { htmlStream, junitStream, markdownStream, terminalSummary } from "../report/index.ts";
import { evidenceOf, RecordFolder } from "../run/index.ts";

/** Looks up on disk what was observed of a cell. */
export function detailsFrom(directory: string): (cell: CellRecord) => readonly Observation[] | undefined {
  return (cell) => evidenceOf(directory, cell);
}

/** Compressed as the report's own script unpacks it. */
function pack(text: string): string {
  return gzipSync(text, { level: 9 }).toString("base64");
}

/** index.html, junit.xml and summary.md, and the job summary of GitHub Actions where there is one. Returns what could not be written. */
export async function writeViews(record: RunRecord, directory: string): Promise<string[]> {
  const folder = new RecordFolder(path.dirname(directory), path.basename(directory));
  const details = detailsFrom(directory);
  const views: [string, () => Iterable<string>][] = [
    ["junit.xml", () => junitStream(record, details)],
    ["summary.md", () => markdownStream(record, details)],
    ["index.html", () => htmlStream(record, { details, pack })],
  ];
  const problems: string[] = [];
  for (const [name, pieces] of views) {
    await folder.view(name, pieces()).catch((error: Error) => problems.push(`Cannot write ${name}: ${error.stack ?? error.message}`));
  }
  const summary = process.env["GITHUB_STEP_SUMMARY"];
  if (summary !== undefined) {
    const text = [...markdownStream(record, details)].join("");
    await appendFile(summary, text).catch((error: Error) => problems.push(`Cannot write the job summary: ${error.message}`));
  }
  return problems;
}

/** Prints the summary to standard output. */
export function printSummary(record: RunRecord, directory: string): void {
  const color = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
  const width = process.stdout.columns ?? 120;
  process.stdout.write(
    `\n${terminalSummary(record, { color, width, details: detailsFrom(directory), report: path.relative(process.cwd(), path.join(directory, "index.html")) })}`,
  );
}
