// The words of the environments: what one can do, what a cell asks of it, and how it fails. No foreign types.
import type { CellEnd, CellJob, EnvironmentFacts, Observation } from "../model/index.ts";

/** Where cells run. Disposing it ends and removes everything it started, also while cells run. */
export interface Environment extends AsyncDisposable {
  readonly facts: EnvironmentFacts;
  /** How many cells run at once; more wait for their turn. */
  readonly slots: number;
  /** Makes artifacts available inside. Asking again for a key costs nothing. */
  prepare(artifacts: readonly ArtifactFiles[]): Promise<void>;
  /** The folder of an artifact inside the environment. */
  artifactDirectory(key: string): string;
  /** Runs one cell. Never throws for what goes wrong with the cell: that stands in its end. */
  run(request: CellRequest): Promise<CellEnd>;
}

export interface ArtifactFiles {
  readonly key: string;
  /** Folder on this machine. */
  readonly directory: string;
  /** Names of the files in it that the environment needs. */
  readonly files: readonly string[];
}

export interface CellRequest {
  /** The environment fills in where the cell's trees are and what it can do. */
  readonly job: Omit<CellJob, "root" | "work" | "capabilities">;
  /** Called for every observation in order; the last one is the only one of kind `end` and says the same as the result. */
  observe(observation: Observation): void;
  readonly signal: AbortSignal;
  /** Leave the cell's trees standing; the end's detail says how to enter and how to remove them. */
  readonly keep?: boolean;
  /** Call `onBreak` once more when the cell is over, before anything of it is removed. */
  readonly shell?: boolean;
  /** Called when the cell stops before the step `breakAt`; it goes on when the promise resolves. */
  onBreak?(enter: readonly string[]): Promise<void>;
}

/** Why an environment cannot be used; known, so it is printed without a stack. */
export class EnvironmentError extends Error {
  readonly what: string;
  readonly why: string;
  readonly whatToDo: string;

  constructor(parts: { readonly what: string; readonly why: string; readonly whatToDo: string; readonly cause?: unknown }) {
    super(`${parts.what}: ${parts.why}. ${parts.whatToDo}`, parts.cause === undefined ? {} : { cause: parts.cause });
    this.name = "EnvironmentError";
    this.what = parts.what;
    this.why = parts.why;
    this.whatToDo = parts.whatToDo;
  }
}

/** The message of anything that was thrown. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}

/** Quotes an argument vector so that it can be pasted into a POSIX shell. */
export function shellLine(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}
