// Paths in the install tree that match a glob, walked segment by segment so that watching one path costs one readdir.
import { readdirSync, type Dirent } from "node:fs";
import path from "node:path";

const MAGIC = /[*?[{!(]/;

/** Existing paths below `root` that match, relative with forward slashes, sorted. `**` matches any depth. */
export function matchingPaths(root: string, glob: string): string[] {
  let found = [""];
  const segments = glob.split("/");
  for (const [index, segment] of segments.entries()) {
    if (segment === "**") {
      const rest = segments.slice(index).join("/");
      return found.flatMap((base) => below(root, base).filter((entry) => path.matchesGlob(entry, join(base, rest)))).sort();
    }
    found = found.flatMap((base) =>
      entries(root, base)
        .filter((entry) => (MAGIC.test(segment) ? path.matchesGlob(entry.name, segment) : entry.name === segment))
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
