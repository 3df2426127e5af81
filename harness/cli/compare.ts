// `upmatrix compare`: what changed between two runs. Exit code 1 when something fails that did not.
import type { Command } from "commander";
import { compareMarkdown, compareRuns, compareText, isWorse, painter } from "../report/index.ts";
import { readRecord } from "../run/index.ts";
import { foldersOf } from "./session.ts";
import { colored, columns } from "./terminal.ts";

export async function compareCommand(
  earlier: string,
  later: string,
  { format }: { readonly format: "terminal" | "markdown" },
  command: Command,
): Promise<void> {
  const { reports } = foldersOf(command);
  const [before, after] = [await readRecord(reports, earlier), await readRecord(reports, later)];
  const comparison = compareRuns(before.record, after.record);
  process.stdout.write(format === "markdown" ? compareMarkdown(comparison) : compareText(comparison, painter(colored()), columns()));
  process.exitCode = isWorse(comparison) ? 1 : 0;
}
