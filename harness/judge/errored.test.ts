// When it cannot be told: such a cell is neither good nor bad, and says why.
import { expect, test } from "vitest";
import type { CellEnd } from "../model/index.ts";
import {
  broken,
  cellOf,
  DEADLINE,
  judged,
  KILL,
  observe,
  PRODUCT,
  restartedAs,
  scriptOf,
  snapshotOf,
  STALL,
  treeOf,
  USUAL,
} from "./testing.ts";
import { judge } from "./judge.ts";

const plain = cellOf();
const end = (how: CellEnd["how"]): CellEnd => ({ how, detail: "why", leaks: [] });

test.each([
  [
    "a step of the baseline failed",
    judged(plain, { failed: { 2: "Not healthy within 10s" } }),
    "baseline: step 2 (Start its services and wait until they are healthy): Not healthy within 10s",
  ],
  [
    "time ran out in the baseline",
    judged(plain, { cutIn: 1, end: DEADLINE }),
    "baseline: step 1 (Install 1.0.0): deadline: The cell's time was up",
  ],
  [
    "another version ran before",
    judged(plain, { snapshots: { before: snapshotOf("0.9.0") } }),
    "baseline: 0.9.0 runs before the upgrade, not 1.0.0",
  ],
  [
    "it was not healthy before",
    judged(plain, { snapshots: { before: { ...USUAL.before, healthy: false } } }),
    "baseline: 1.0.0 is not healthy before the upgrade",
  ],
  [
    "a sign of an upgrade is always there",
    judged(plain, { snapshots: { before: { ...USUAL.before, busy: ["file x"] }, after: { ...USUAL.after, busy: ["file x"] } } }),
    "baseline: a sign of an upgrade is there whether or not one is going on: file x",
  ],
  ["the run was interrupted", judged(plain, { cutIn: 5, end: end("interrupted") }), "interrupted: why"],
  ["the environment died", judged(plain, { cutIn: 5, end: end("lost") }), "lost: why"],
])("%s", (_, judgement, reason) => {
  expect(judgement).toMatchObject({ errored: reason, outcome: null, findings: [] });
});

test("observations that stop without an end", () => {
  const observations = observe(plain).slice(0, -1);
  expect(judge({ cell: plain, product: PRODUCT, observations, fresh: null, pairOutcome: () => undefined }).errored).toBe(
    "the observations stop without an end",
  );
});

test("a fault that never fired proves nothing", () => {
  const cell = cellOf(scriptOf({ faults: [STALL, KILL] }));
  const fault = (number: number, event: "armed" | "fired" | "impossible") =>
    ({ kind: "fault", fault: number, event, evidence: `evidence ${number}` }) as const;
  const both = judged(cell, { during: { 5: [fault(0, "fired"), fault(1, "fired"), ...restartedAs("2.0.0")] } });
  expect(both).toMatchObject({ errored: null, fault: { fired: true, evidence: ["evidence 0", "evidence 1"] } });
  const one = judged(cell, { during: { 5: [fault(0, "fired"), fault(1, "armed"), ...restartedAs("2.0.0")] } });
  expect(one).toMatchObject({ errored: "fault 2 (kill) never fired: armed (evidence 1)", fault: { fired: false } });
  const none = judged(cell, { during: { 5: [fault(0, "impossible"), ...restartedAs("2.0.0")] } });
  expect(none.errored).toBe("fault 1 (serve) was not possible: evidence 0");
});

test("a condition that was not looked at, or did not hold, proves nothing", () => {
  const cell = cellOf({ ...scriptOf({}), conditions: { umask: "0027" } });
  expect(judged(cell).errored).toBe("the condition umask was never looked at");
  const seen = (holds: boolean) => ({ during: { 1: [{ kind: "condition", condition: "umask", holds, evidence: "umask 0022" } as const] } });
  expect(judged(cell, seen(false)).errored).toBe("the condition umask did not hold: umask 0022");
  expect(judged(cell, seen(true))).toMatchObject({ errored: null, findings: [] });
});

test("a fault that has nothing to act upon in this release skips the cell", () => {
  const cell = cellOf(scriptOf({ faults: [KILL] }));
  const moot = { kind: "fault", fault: 0, event: "moot", evidence: "this release has no state.json" } as const;
  expect(judged(cell, { during: { 5: [moot, ...restartedAs("2.0.0")] } })).toMatchObject({
    errored: null,
    skipped: "this release has no state.json",
    findings: [],
  });
});

test("without a fresh install a layout cannot be judged, but what is wrong already still counts", () => {
  const none = { fresh: null, freshProblem: "the disk is full" };
  expect(judged(plain, {}, none)).toMatchObject({
    errored: "no fresh install of 2.0.0 to compare with: the disk is full",
    outcome: "upgraded",
  });
  const wrong = judged(
    plain,
    { snapshots: { after: { ...USUAL.after, unreadable: [{ path: "state.json", problem: "is empty" }] } } },
    none,
  );
  expect(broken(wrong)).toEqual(["readable-state"]);
});

test("steps, times and downtime are told whatever the judgement", () => {
  const judgement = judged(plain, { cutIn: 6, end: DEADLINE });
  expect(judgement.steps.map(({ status }) => status)).toEqual([
    "done",
    "done",
    "done",
    "done",
    "done",
    "failed",
    ...Array<string>(7).fill("not-reached"),
  ]);
  expect(judgement.steps[5]).toMatchObject({ message: "Cut short: deadline: The cell's time was up", durationMs: 10 });
  expect(judgement.downtimeMs).toBe(20);
  expect(judgement.downtimeAt).toMatchObject({ member: null });
  expect(judgement.durationMs).toBe((observe(plain, { cutIn: 6, end: DEADLINE }).length - 1) * 10);
});

test("an upgrade in which all goes well leaves no finding", () => {
  expect(judged(plain)).toMatchObject({ errored: null, findings: [], outcome: "upgraded", fault: null });
  expect(treeOf("2.0.0").length).toBeGreaterThan(5);
});
