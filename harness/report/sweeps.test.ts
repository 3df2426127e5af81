// A sweep in a line or two: what recovers, what its points were chosen from, and each way of failing.
import { expect, test } from "vitest";
import type { SweepRecord } from "../model/index.ts";
import { sweepBasis, sweepFailures, sweepLine } from "./sweeps.ts";

const SWEEP: SweepRecord = {
  id: "agent/1.0.0..2.0.0/kill-sweep@docker",
  operations: 339,
  candidates: 412,
  states: 412,
  run: 412,
  recovered: 412,
  booted: 412,
  outcomes: [
    { outcome: "upgraded", points: 400 },
    { outcome: "rolled-back", points: 12 },
  ],
  cached: false,
  failures: [],
};

test("says how many states recover and what they come to", () => {
  expect(sweepLine(SWEEP)).toBe("412 of 412 states recover; 2 distinct outcomes (upgraded 400, rolled-back 12)");
  expect(sweepLine({ ...SWEEP, run: 0, recovered: 0, outcomes: [] })).toBe("0 of 0 states recover");
});

test.each<[Partial<SweepRecord>, string]>([
  [{}, "339 operations"],
  [{ candidates: 1325 }, "339 operations, 1,325 possible states"],
  [{ run: 30, booted: 30 }, "339 operations, 412 distinct ones of which this tier takes 30"],
  [{ irregular: 12 }, "339 operations, 12 left out for they do not come by in every run"],
  [{ booted: 6 }, "339 operations; 6 booted, 406 look alike to one of those boots"],
  [{ undetermined: "once\nupgraded" }, "339 operations; nothing is foretold, for a state does not decide how it boots: once ⏎ upgraded"],
  [{ cached: true }, "339 operations; recorded earlier"],
])("tells what the states were chosen from: %j", (more, expected) => {
  expect(sweepBasis({ ...SWEEP, ...more })).toBe(expected);
});

test("tells each way of failing once, the most frequent first", () => {
  const failure = { check: "layout", path: "current", actual: "is missing", points: 1, first: "a.0007", sentence: "after operation 7" };
  const failures = [failure, { ...failure, check: "outcome", path: null, actual: "bricked", points: 3 }];
  expect(sweepFailures({ ...SWEEP, failures })).toEqual([
    { what: "3 states: outcome: bricked", first: "a.0007", where: "after operation 7" },
    { what: "1 state: layout current: is missing", first: "a.0007", where: "after operation 7" },
  ]);
});
