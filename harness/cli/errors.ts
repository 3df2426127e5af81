// How errors end a command: known ones print what to do, unknown ones their stack as well.
import { BuildError } from "../build/index.ts";
import { EnvironmentError } from "../environment/index.ts";
import { HistoryError } from "../history/index.ts";
import { ConfigurationError } from "../load/index.ts";
import { FilterError } from "../plan/index.ts";
import { RecordError } from "../run/index.ts";

/** A wrong use of the command line. */
export class UsageError extends Error {}

const CONFIGURATION = [ConfigurationError, FilterError, RecordError, UsageError];
const KNOWN = [...CONFIGURATION, BuildError, EnvironmentError, HistoryError];

export function printError(error: unknown): void {
  const known = KNOWN.some((kind) => error instanceof kind);
  if (error instanceof Error) console.error(known ? error.message : (error.stack ?? error.message));
  else console.error(String(error));
}

/** 2 for usage and configuration, 3 for everything that broke. */
export function exitCodeOf(error: unknown): number {
  return CONFIGURATION.some((kind) => error instanceof kind) ? 2 : 3;
}
