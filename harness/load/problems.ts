// What is wrong with the configuration: data with a position, and the error that carries all of it.

export interface Position {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface Problem extends Position {
  /** Relative to the project, with forward slashes. */
  readonly file: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** Everything that is wrong, in all files; the message has one line for each problem. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}

/** `matrix.yaml:9:33: Cannot … (did you mean …?)`. */
export function formatProblem({ file, line, column, message, hint }: Problem): string {
  return `${file}:${line}:${column}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
}
