// Checks of what a scenario asks for by itself: its own steps, facts in the end, and an answer to every request.
import { expectationWords, fleetWords, isAsExpected } from "../../model/index.ts";
import { stepName } from "../timeline.ts";
import { type Broken, type Check, defineCheck } from "./check.ts";

export const ownSteps: Check = defineCheck(
  "own-steps",
  "Every command, wait and change that the scenario asks for comes about",
  ({ timeline, cell }) => [
    ...timeline.steps.flatMap((span): Broken[] => {
      const { step, ok, message, number } = span;
      if (step.kind !== "fleet" || ok !== false) return [];
      const expected = "await" in step.do ? fleetWords(step.do).replace(/^wait until /, "") : stepName(span, cell);
      return [{ path: null, expected, actual: message, step: number }];
    }),
    ...timeline.faults.flatMap(({ event, fault, evidence, t }): Broken[] => {
      if (event !== "not-undone") return [];
      const span = timeline.steps.findLast(({ startedAt }) => startedAt !== null && startedAt <= t);
      return [{ path: null, expected: `fault ${fault + 1} can be taken back`, actual: evidence, step: span?.number ?? null }];
    }),
  ],
);

export const facts: Check = defineCheck("facts", "What the product knows of itself in the end is what the scenario says", (context) => {
  const { facts: expected } = context.cell.script;
  const seen = context.cell.script.settled === "repaired" ? context.settled.at(-1) : context.timeline.snapshots.get("after");
  if (expected === undefined || seen === undefined) return [];
  return Object.entries(expected).flatMap(([name, expectation]): Broken[] => {
    const value = seen.snapshot.facts?.[name];
    if (isAsExpected(expectation, value)) return [];
    const actual = value === null || value === undefined ? "no answer" : JSON.stringify(value);
    return [{ path: null, expected: `${name} is ${expectationWords(expectation)}`, actual, step: seen.step }];
  });
});

export const burstAnswered: Check = defineCheck(
  "burst-answered",
  "Every request of a burst is taken on, or turned down with a clear word",
  ({ timeline, product }) =>
    timeline.bursts.flatMap(({ step, burst }): Broken[] => {
      const { request, count, statuses, unanswered, unclear } = burst;
      const known = product.requests[request];
      const clear = [...(known?.accepted ?? []), ...(known?.throttled ?? [])];
      const answered = Object.entries(statuses).reduce((sum, [status, times]) => sum + (clear.includes(Number(status)) ? times : 0), 0);
      const expected = `${count} × ${request} answered with ${clear.join(" or ")}`;
      const told = Object.entries(statuses).map(([status, times]) => `${times} × ${status}`);
      const counts = [...told, ...(unanswered === 0 ? [] : [`${unanswered} without an answer`])].join(", ");
      const lost: Broken[] =
        answered === count && unanswered === 0 ? [] : [{ path: null, expected, actual: counts === "" ? "none" : counts, step }];
      const vague = [...new Set(unclear)].slice(0, MOST_UNCLEAR);
      return vague.length === 0
        ? lost
        : [...lost, { path: null, expected: `${request} is turned down with a reason`, actual: vague.join("; "), step }];
    }),
);

const MOST_UNCLEAR = 3;
