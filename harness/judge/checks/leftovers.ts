// Checks of half-done work in the tree: temporary names, and files that lost their content.
import type { Tree } from "../../model/index.ts";
import { productGlobs } from "../rules.ts";
import { describeEntry, entriesOf } from "../tree-diff.ts";
import { type Broken, type Check, defineCheck } from "./check.ts";

export const temporaryNames: Check = defineCheck("temporary-names", "No temporary name is left", ({ product, settled }) => {
  const { temporary, volatile } = productGlobs(product);
  const findings = settled.flatMap(({ snapshot, step }) => {
    const left = snapshot.tree.filter(({ path }) => temporary(path) && !volatile(path));
    const paths = new Set(left.map(({ path }) => path));
    // what lies in a folder that is itself left over is told by the folder
    const outermost = left.filter(({ path }) => !paths.has(path.slice(0, Math.max(0, path.lastIndexOf("/")))));
    return outermost.map((entry): Broken => ({ path: entry.path, expected: "no temporary name left", actual: describeEntry(entry), step }));
  });
  return firstOfPath(findings);
});

export const emptyFiles: Check = defineCheck("empty-files", "No file that has content in the reference is empty", (context) => {
  const { product, settled, before, fresh, freshNext } = context;
  const { volatile } = productGlobs(product);
  const references = [before.tree, fresh, freshNext].filter((tree): tree is Tree => tree !== null && tree !== undefined).map(entriesOf);
  const findings = settled.flatMap(({ snapshot, step }) =>
    snapshot.tree.flatMap((entry): Broken[] => {
      if (entry.type !== "file" || entry.size !== 0 || volatile(entry.path)) return [];
      const sizes = references.flatMap((reference) => reference.get(entry.path)?.size ?? []);
      const [size] = sizes;
      if (size === undefined || sizes.includes(0)) return [];
      return [{ path: entry.path, expected: `a file with content, such as ${size} bytes`, actual: "empty", step }];
    }),
  );
  return firstOfPath(findings);
});

/** A file that stays broken is told once. */
function firstOfPath(findings: readonly Broken[]): Broken[] {
  const known = new Set<string | null>();
  return findings.filter(({ path }) => !known.has(path) && known.add(path));
}
