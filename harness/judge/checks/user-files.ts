// Check of what belongs to the user: after everything as before it, to the byte, with its rights.
import type { Tree, TreeEntry } from "../../model/index.ts";
import type { CheckContext } from "../context.ts";
import { type Matcher, productGlobs } from "../rules.ts";
import { entriesOf, entryDiff, extra, missing, type TreeDifference } from "../tree-diff.ts";
import { type Broken, type Check, defineCheck } from "./check.ts";

export const userFiles: Check = defineCheck("user-files", "What belongs to the user is as before the upgrade, byte for byte", (context) => {
  const { preserved, volatile } = productGlobs(context.product);
  const users: Matcher = (path) => preserved(path) && !volatile(path);
  const told = new Set<string>();
  return context.alive.flatMap(({ snapshot, step }) =>
    differences(context, snapshot.tree, users).flatMap(({ path, expected, actual }): Broken[] => {
      if (told.has(path)) return []; // once lost, lost in every later snapshot
      told.add(path);
      return [{ path, expected, actual, step }];
    }),
  );
});

function differences({ before, fresh, freshNext, fleet }: CheckContext, tree: Tree, users: Matcher): TreeDifference[] {
  // with a host goes what lay on it; on one that is added nothing is a user's yet
  const isOn = (hosts: ReadonlySet<string> | undefined, path: string): boolean => hosts?.has(path.split("/")[0] ?? "") ?? false;
  const owned = before.tree.filter(({ path }) => users(path) && !isOn(fleet?.left, path));
  const found = entriesOf(tree);
  const known = entriesOf(before.tree);
  const lost = owned.flatMap((entry) => compare(entry, found.get(entry.path)));
  // a new release may bring a file of its own to where the user's are
  const shipped = (path: string): boolean => [fresh, freshNext].some((reference) => reference?.some((entry) => entry.path === path));
  const added = tree.filter(({ path }) => users(path) && !known.has(path) && !shipped(path) && !isOn(fleet?.added, path)).map(extra);
  return [...lost, ...added];
}

function compare(expected: TreeEntry, actual: TreeEntry | undefined): TreeDifference[] {
  if (actual === undefined) return [missing(expected)];
  const difference = entryDiff(expected, actual);
  return difference === undefined ? [] : [difference];
}
