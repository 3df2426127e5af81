// Reads the configuration's files. The only place of loading that touches the disk.
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { parseSource } from "./source.ts";
import type { Parsed } from "./source.ts";

/** A file's name as messages show it: relative to the project, with forward slashes. */
export function shownPath(directory: string, file: string): string {
  const relative = path.relative(directory, file);
  return (relative.startsWith("..") ? file : relative).split(path.sep).join("/");
}

/** Reads and parses a YAML file; null when there is none. */
export async function readSource(directory: string, file: string): Promise<Parsed | null> {
  const shown = shownPath(directory, file);
  try {
    return parseSource(shown, await readFile(file));
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    const message = code === "EISDIR" ? "Cannot read the file: it is a folder" : `Cannot read the file: ${code}`;
    return { problems: [{ file: shown, line: 1, column: 1, message }] };
  }
}

/** Names of the files in a folder, sorted; null when there is no such folder. */
export async function filesIn(folder: string): Promise<readonly string[] | null> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
    return names.toSorted();
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  throw error;
}
