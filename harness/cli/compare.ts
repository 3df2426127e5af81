// `upmatrix compare`: what changed between two runs. Exit code 1 when something fails that did not.
import type { Command } from "commander";
import { type Comparison, compareHtml, compareMarkdown, compareRuns, compareText, isWorse, painter } from "../report/index.ts";
import { readRecord } from "../run/index.ts";
import { foldersOf } from "./session.ts";
import { colored, columns } from "./terminal.ts";

export async function compareCommand(
  earlier: string,
  later: string,
  { format }: { readonly format: "terminal" | "markdown" | "html" },
  command: Command,
): Promise<void> {
  const { reports } = foldersOf(command);
  const [before, after] = [await readRecord(reports, earlier), await readRecord(reports, later)];
  const comparison = compareRuns(before.record, after.record);
  for (const piece of pieces(comparison, format)) process.stdout.write(piece);
  process.exitCode = isWorse(comparison) ? 1 : 0;
}

function pieces(comparison: Comparison, format: "terminal" | "markdown" | "html"): Iterable<string> {
  switch (format) {
    case "terminal":
      return [compareText(comparison, painter(colored()), columns())];
    case "markdown":
      return [compareMarkdown(comparison)];
    case "html":
      return compareHtml(comparison);
    default:
      return format satisfies never;
  }
}
