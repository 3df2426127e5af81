// Checks of what comes after: a reboot changes nothing, and one more upgrade works.
import type { Snapshot } from "../../model/index.ts";
import type { NextUpgrade } from "../context.ts";
import { answerOf as answer } from "../fleet.ts";
import { layoutRules } from "../rules.ts";
import { endText } from "../timeline.ts";
import { treeDiff } from "../tree-diff.ts";
import { type Broken, type Check, defineCheck } from "./check.ts";

export const rebootChangesNothing: Check = defineCheck(
  "reboot-changes-nothing",
  "One more reboot changes neither version nor tree",
  (context) => {
    const { timeline, cell, product } = context;
    const after = timeline.snapshots.get("after")?.snapshot;
    const rebooted = timeline.snapshots.get("rebooted");
    if (cell.script.settled === "repaired" || after === undefined || rebooted === undefined) return [];
    const { step } = rebooted;
    const [was, is] = [answer(after), answer(rebooted.snapshot)];
    const rules = layoutRules(product);
    const changes = treeDiff(after.tree, rebooted.snapshot.tree, rules);
    // what may be left behind may also be cleared away: then it would be tolerated the other way round, too
    const bothWays = new Set(treeDiff(rebooted.snapshot.tree, after.tree, rules).map(({ path }) => path));
    const broken = changes
      .filter(({ path }) => bothWays.has(path))
      .map(({ path, expected, actual }): Broken => ({ path, expected, actual, step }));
    return was === is ? broken : [{ path: null, expected: `${was}, as before the reboot`, actual: is, step }, ...broken];
  },
);

export const nextUpgradeWorks: Check = defineCheck("next-upgrade-works", "One more, sound, upgrade works", (context) => {
  const next = context.nextUpgrade;
  if (next === null) return [];
  const { span, seen } = next;
  const expected = `an upgrade to ${next.to}`;
  if (!next.ran) return [{ path: null, expected, actual: span.message, step: span.number }];
  if (next.known === "stuck" || next.known === "bricked") return []; // told by the cell of that pair
  if (seen === undefined) return [{ path: null, expected, actual: `no end: ${endText(context.timeline.end)}`, step: span.number }];
  const problem = nextProblem(next, seen.snapshot);
  return problem === undefined ? [] : [{ path: null, ...problem, step: seen.step }];
});

function nextProblem(next: NextUpgrade, snapshot: Snapshot): Pick<Broken, "expected" | "actual"> | undefined {
  const { from, to, known } = next;
  const actual = [answer(snapshot), ...snapshot.busy.map((sign) => `busy: ${sign}`)].join("; ");
  const calm = snapshot.healthy && snapshot.busy.length === 0;
  if (known === "upgraded")
    return calm && snapshot.version === to ? undefined : { expected: `${to} runs, as after any clean upgrade from ${from}`, actual };
  // a pair that may refuse or roll back, or of which nothing is known: it must only end cleanly
  if (calm && snapshot.version !== null && (snapshot.version === to || snapshot.version === from)) return undefined;
  return { expected: from === to ? `${to} runs` : `${to} or ${from} runs, and nothing is under way`, actual };
}
