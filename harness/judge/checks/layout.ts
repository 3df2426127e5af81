// Checks of the directory layout, by what is known to be right: a fresh install, or the tree from before the upgrade.
import type { CheckContext, LayoutTarget } from "../context.ts";
import { matchersOf } from "../rules.ts";
import { describeEntry, treeDiff } from "../tree-diff.ts";
import { type Broken, type Check, defineCheck } from "./check.ts";

export const layoutAfterUpgrade: Check = defineCheck(
  "layout-after-upgrade",
  "After an upgrade the tree is as a fresh install leaves it",
  (context) => (wentForward(context) ? compare(context.layout) : []),
);

export const layoutAfterRollback: Check = defineCheck(
  "layout-after-rollback",
  "After a rollback or a refusal the tree is as it was before",
  (context) => (wentForward(context) ? [] : compare(context.layout)),
);

export const explicitLayout: Check = defineCheck("explicit-layout", "Paths that the scenario names are there, or are not", (context) => {
  const { present, absent } = context.cell.script.layout;
  const seen = context.cell.script.settled === "repaired" ? context.settled.at(-1) : context.timeline.snapshots.get("after");
  if (seen === undefined) return [];
  const { step, snapshot } = seen;
  const wanted = matchersOf(present).flatMap((matches, index): Broken[] => {
    const glob = present[index] ?? null;
    return snapshot.tree.some(({ path }) => matches(path)) ? [] : [{ path: glob, expected: "present", actual: "nothing matches", step }];
  });
  const unwanted = matchersOf(absent).flatMap((matches): Broken[] =>
    snapshot.tree
      .filter(({ path }) => matches(path))
      .map((entry) => ({ path: entry.path, expected: "absent", actual: describeEntry(entry), step })),
  );
  return [...wanted, ...unwanted];
});

/** Where the power was cut, the layout is looked at after one more upgrade. */
function wentForward({ reading, cell }: CheckContext): boolean {
  return reading.outcome === "upgraded" || cell.script.settled === "repaired";
}

function compare(layout: LayoutTarget | null): Broken[] {
  if (layout === null || layout.reference === null) return []; // no reference: `judge` says that it could not be told
  const { seen, reference, rules } = layout;
  return treeDiff(reference, seen.snapshot.tree, rules).map(({ path, expected, actual }) => ({ path, expected, actual, step: seen.step }));
}
