// `upmatrix history`: what became of a cell from run to run. And the place where runs are remembered.
import { existsSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { type History, openHistory } from "../history/index.ts";
import type { RunRecord } from "../model/index.ts";
import { addressMatcher } from "../plan/index.ts";
import { historyText, painter } from "../report/index.ts";
import { UsageError } from "./errors.ts";
import { foldersOf } from "./session.ts";
import { colored, columns } from "./terminal.ts";

/** Of the commands that remember: a place, or false when nothing is to be remembered. */
export interface HistoryOptions {
  readonly history?: string | false;
}

const MOST_CELLS = 20;

export async function historyCommand(patterns: string[], options: HistoryOptions, command: Command): Promise<void> {
  const place = placeOf(options, command);
  if (place === undefined) throw new UsageError("Cannot show a history: it was switched off");
  if (!isUrl(place) && !existsSync(place))
    throw new UsageError(
      `Cannot find a history at ${place}: every run adds to it; another place is named with --history or UPMATRIX_HISTORY`,
    );
  const matchers = patterns.map(addressMatcher);
  await using history = await openHistory(place);
  const found = (await history.cells()).filter((id) => matchers.some((matches) => matches(id)));
  if (found.length === 0) throw new UsageError(`Cannot find a cell for ${patterns.join(", ")} in the history ${history.name}`);
  const texts: string[] = [];
  for (const id of found.slice(0, MOST_CELLS)) texts.push(historyText(id, await history.of(id), painter(colored()), columns()));
  process.stdout.write(texts.join("\n"));
  if (found.length > MOST_CELLS) console.log(`… and ${found.length - MOST_CELLS} more cells: name them more closely`);
}

/** Adds a run to the history. Returns what went wrong; the verdict of a run does not depend on it. */
export async function remember(record: RunRecord, options: HistoryOptions, command: Command): Promise<string[]> {
  const place = placeOf(options, command);
  if (place === undefined) return [];
  try {
    await using history: History = await openHistory(place);
    await history.add(record);
    return [];
  } catch (error) {
    return [`This run is not in the history: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** undefined: nowhere. */
function placeOf({ history }: HistoryOptions, command: Command): string | undefined {
  if (history === false) return undefined;
  const asked = history ?? process.env["UPMATRIX_HISTORY"];
  if (asked === undefined || asked === "") return path.join(foldersOf(command).project, ".upmatrix", "history.db");
  return isUrl(asked) ? asked : path.resolve(asked);
}

function isUrl(place: string): boolean {
  return /^\w+:\/\//.test(place);
}
