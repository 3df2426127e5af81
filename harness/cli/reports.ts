// `upmatrix report` and `upmatrix judge`: views of an old run, as it was judged then or judged again now.
import path from "node:path";
import type { Command } from "commander";
import { readRecord, RecordFolder, rejudge } from "../run/index.ts";
import { type HistoryOptions, remember } from "./history.ts";
import { foldersOf, openProject } from "./session.ts";
import { printSummary, writeViews } from "./views.ts";

export async function reportCommand(run: string, _options: object, command: Command): Promise<void> {
  const { record, directory } = await readRecord(foldersOf(command).reports, run);
  for (const problem of await writeViews(record, directory)) console.error(problem);
  printSummary(record, directory);
  process.exitCode = record.exitCode;
}

/** The new record replaces the old one: observations, which both come from, stay. */
export async function judgeCommand(run: string, options: HistoryOptions, command: Command): Promise<void> {
  const { record, directory } = await readRecord(foldersOf(command).reports, run);
  const project = await openProject(command);
  const judged = await rejudge(record, { directory, known: project.matrix.known, today: new Date().toISOString().slice(0, 10) });
  const before = new Map(record.cells.map(({ id, verdict }) => [id, verdict]));
  const changed = judged.cells.filter(({ id, verdict }) => verdict !== before.get(id));
  for (const cell of changed) console.log(`${cell.id}: was ${before.get(cell.id)}, now ${cell.verdict}`);
  console.log(`${judged.cells.length} cells judged again, ${changed.length} with another verdict`);
  await new RecordFolder(path.dirname(directory), path.basename(directory)).write(judged);
  for (const problem of [...(await writeViews(judged, directory)), ...(await remember(judged, options, command))]) console.error(problem);
  printSummary(judged, directory);
  process.exitCode = judged.exitCode;
}
