// Paths in the install tree that match a glob, walked segment by segment so that watching one path costs one readdir.
import { readdirSync, type Dirent } from "node:fs";
import path from "node:path";

const answers = new Map<string, boolean>();
const MOST_ANSWERS = 10_000;

/** Whether a path, with forward slashes, matches. Answers are kept: Node makes the matcher anew each time, and the same is asked again and again. */
export function matchesGlob(text: string, glob: string): boolean {
  const key = `${glob}\0${text}`;
  const matches = answers.get(key) ?? path.matchesGlob(text, glob);
  if (answers.size >= MOST_ANSWERS) answers.clear();
  answers.set(key, matches);
  return matches;
}

const MAGIC = /[*?[{!(]/;

/** Existing paths below `root` that match, relative with forward slashes, sorted. `**` matches any depth. */
export function matchingPaths(root: string, glob: string): string[] {
  let found = [""];
  const segments = glob.split("/");
  for (const [index, segment] of segments.entries()) {
    if (segment === "**") {
      const rest = segments.slice(index).join("/");
      return found
        .flatMap((base) => below(root, base).filter((entry) => matchesGlob(base === "" ? entry : entry.slice(base.length + 1), rest)))
        .sort();
    }
    found = found.flatMap((base) =>
      entries(root, base)
        .filter((entry) => (MAGIC.test(segment) ? matchesGlob(entry.name, segment) : entry.name === segment))
        .map((entry) => join(base, entry.name)),
    );
  }
  return found.sort();
}

function below(root: string, base: string): string[] {
  return entries(root, base).flatMap((entry) => {
    const here = join(base, entry.name);
    return entry.isDirectory() ? [here, ...below(root, here)] : [here];
  });
}

function entries(root: string, base: string): Dirent[] {
  try {
    return readdirSync(path.join(root, base), { withFileTypes: true });
  } catch {
    return []; // not there (yet), not a directory, or just removed: nothing matches
  }
}

function join(base: string, name: string): string {
  return base === "" ? name : `${base}/${name}`;
}
