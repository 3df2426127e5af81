// Collects problems of one file whose shape is already right: checks say the path, this finds the position.
import type { Problem } from "./problems.ts";
import type { Path, Source } from "./source.ts";

export type Report = (path: Path, message: string, hint?: string, part?: "key" | "value") => void;

/** A file that fits its schema. */
export interface Loaded<T> {
  readonly source: Source;
  readonly value: T;
}

/** A `Report` that adds to `problems`. */
export function reporter(source: Source, problems: Problem[]): Report {
  return (path, message, hint, part = "value") => {
    problems.push({ file: source.file, ...source.locate(path, part), message, ...(hint === undefined ? {} : { hint }) });
  };
}
