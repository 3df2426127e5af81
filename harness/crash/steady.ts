// Paths as they are in every run: process numbers, times and random parts of names are different in each.
import type { Recording } from "../model/index.ts";

/** How a path of this recording would be found again in another one: what varies is `*`. */
export function steadyPaths({ operations, notes }: Recording): (path: string) => string {
  const pids = new Set([...operations.map(({ pid }) => pid), ...notes.flatMap((note) => ("pid" in note ? [note.pid] : []))].map(String));
  const known = new Map<string, string>();
  return (path) => {
    const pattern =
      known.get(path) ??
      path
        .split("/")
        .map((name) => steadyName(name, pids))
        .join("/");
    known.set(path, pattern);
    return pattern;
  };
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
/** Seconds since 1970 and what is finer: no version and no size has so many digits. */
const TIME = /(?<!\d)\d{10,}(?!\d)/g;
/** The end of a name made by mktemp and its like. */
const RANDOM = /(?<=te?mp.*)[A-Za-z0-9]{6,}$/i;

/** Not a part of a version such as 1.40.0. */
const PLAIN_NUMBER = /(?<!\d|\d\.)\d+(?!\d|\.\d)/g;

function steadyName(name: string, pids: ReadonlySet<string>): string {
  return name
    .replace(UUID, "*")
    .replace(TIME, "*")
    .replace(RANDOM, (end) => (looksRandom(end) ? "*" : end))
    .replace(PLAIN_NUMBER, (digits) => (pids.has(digits) ? "*" : digits));
}

/** A word is written in one case and without digits between its letters. */
function looksRandom(text: string): boolean {
  return /\d/.test(text) ? /[A-Za-z]/.test(text) : /[a-z]/.test(text) && /[A-Z]/.test(text.slice(1));
}

/** Whether a pattern with `*` within its components fits a path. */
export function fits(pattern: string, path: string): boolean {
  if (!pattern.includes("*")) return pattern === path;
  const escaped = pattern.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll("\\*", "[^/]*");
  return new RegExp(`^${escaped}$`).test(path);
}
