// The tools that a product finds on its search path. Where a fault takes some away, the path leads to one folder of links to
// all of them, made for the cell: so a tool can go, and come back, while the product runs, and nobody else misses it.
import { accessSync, constants, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { NOTHING, type Place } from "./place.ts";

/** Links every tool of this program's own search path; returns the folder. What is called by its whole path is not affected. */
export function linkTools(work: string): string {
  const folder = path.join(work, "tools");
  mkdirSync(folder, { recursive: true });
  const known = new Set<string>();
  for (const directory of (process.env["PATH"] ?? "").split(path.delimiter).filter(path.isAbsolute)) {
    for (const name of namesIn(directory)) {
      if (known.has(name)) continue; // an earlier folder goes first, as in any search
      known.add(name);
      symlinkSync(path.join(directory, name), path.join(folder, name));
    }
  }
  return folder;
}

/** Takes the links of these tools away. */
export function hideTools(
  place: Pick<Place, "ground" | "variables">,
  tools: readonly string[],
): { readonly taken: readonly string[]; readonly left: readonly string[]; undo(): void } {
  const folder = place.ground.tools;
  if (folder === undefined) throw new Error("Cannot hide tools: the cell was made without a search path of its own");
  const links = tools.flatMap((name) => {
    const target = namesIn(folder).includes(name) ? readlinkSync(path.join(folder, name)) : undefined;
    return target === undefined ? [] : [{ name, target }];
  });
  for (const { name } of links) rmSync(path.join(folder, name));
  const searched = (place.variables(NOTHING)["PATH"] ?? "").split(path.delimiter);
  const left = tools.flatMap((name) => searched.map((directory) => path.join(directory, name)).filter(isExecutable));
  return {
    taken: links.map(({ target }) => target),
    left,
    undo: () => links.forEach(({ name, target }) => symlinkSync(target, path.join(folder, name))),
  };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // the path may name folders that are not there
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
