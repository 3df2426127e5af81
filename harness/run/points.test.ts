// Points of a sweep out of one stream of observations, and each put together with what was recorded before it.
import { expect, test } from "vitest";
import type { Observation } from "../model/index.ts";
import { completed, composed, PointCollector, type PointSeen, prefixOf } from "./points.ts";

const COMPLETE = { how: "complete", detail: "", leaks: [] } as const;
const problem = (t: number, message: string): Observation => ({ t, kind: "problem", message });
const started = (t: number, name: string): Observation => ({ t, kind: "point", name, event: "started" });
const ended = (t: number, name: string): Observation => ({ t, kind: "point", name, event: "ended", how: "complete" });

test("tells each point with what was seen in it, and the one that was under way", () => {
  const over: PointSeen[] = [];
  const collector = new PointCollector((seen) => over.push(seen));
  for (const seen of [problem(0, "outside"), started(1, "a"), problem(2, "in a"), ended(3, "a"), started(4, "b"), problem(5, "in b")])
    collector.add(seen);
  expect(over).toEqual([{ name: "a", observations: [problem(2, "in a")], ended: { how: "complete", same: {}, foretold: false } }]);
  expect(collector.unfinished()).toEqual({ name: "b", observations: [problem(5, "in b")], ended: null });
});

test("nothing is under way once all points are over", () => {
  const collector = new PointCollector(() => undefined);
  for (const seen of [started(1, "a"), ended(2, "a")]) collector.add(seen);
  expect(collector.unfinished()).toBeUndefined();
});

const RECORDED: Observation[] = [
  problem(0, "installed"),
  { t: 5, kind: "step", step: 2, event: "started" },
  { t: 6, kind: "recorded", chunk: "" },
  problem(7, "upgraded"),
];

test("what was recorded counts up to the step that is cut off, and time goes on from there", () => {
  const prefix = prefixOf(RECORDED, 2);
  expect(prefix).toEqual(RECORDED.slice(0, 2));
  expect(composed(prefix, [problem(100, "restored"), problem(103.5, "booted")], COMPLETE)).toEqual([
    ...RECORDED.slice(0, 2),
    problem(5, "restored"),
    problem(8.5, "booted"),
    { t: 8.5, kind: "end", end: COMPLETE },
  ]);
});

const snapshot = (t: number, label: string, version: string) =>
  ({ t, kind: "snapshot", label, snapshot: { version } }) as unknown as Observation; // no more of it matters here
const stepEnd = (t: number, step: number): Observation => ({ t, kind: "step", step, event: "ended", ok: true, message: "" });
const OTHER = [
  problem(10, "restored"),
  stepEnd(10, 5),
  problem(11, "booted"),
  snapshot(12, "rebooted", "1.0.0"),
  stepEnd(13, 7),
  problem(15, "upgraded again"),
  snapshot(16, "again", "2.0.0"),
];

test("what follows an equal boot is taken from the other point, and said so", () => {
  const own = [problem(50, "restored"), stepEnd(50, 5), snapshot(52, "rebooted", "1.0.0"), stepEnd(53, 7)];
  const whole = completed(own, { rest: "a" }, () => OTHER);
  expect(whole.slice(0, 4)).toEqual(own);
  expect(whole[4]).toMatchObject({ t: 53, kind: "same", part: "rest", point: "a" });
  expect(whole.slice(5)).toEqual([problem(53, "upgraded again"), snapshot(54, "again", "2.0.0")]);
});

test("a point that was not booted goes as the others went, with what was foretold for it in place of what they saw", () => {
  const own = [problem(50, "computed"), stepEnd(50, 5), snapshot(50, "rebooted", "of its own"), snapshot(50, "again", "of its own, too")];
  const whole = completed(own, { boot: "a", rest: "b" }, () => OTHER);
  expect(
    whole.map((seen) => (seen.kind === "problem" ? seen.message : seen.kind === "snapshot" ? seen.snapshot.version : seen.kind)),
  ).toEqual([...["computed", "step", "same", "booted", "of its own", "step"], ...["same", "upgraded again", "of its own, too"]]);
  expect(whole.flatMap((seen) => (seen.kind === "same" ? [[seen.part, seen.point]] : []))).toEqual([
    ["boot", "a"],
    ["rest", "b"],
  ]);
});

test("a point that did all itself stays as it is", () => {
  expect(completed(OTHER, {}, () => [])).toEqual(OTHER);
});

test("a point that was booted goes on as another went, with what was foretold of its end", () => {
  const own = [
    problem(50, "restored"),
    stepEnd(50, 5),
    snapshot(52, "rebooted", "1.0.0"),
    stepEnd(53, 7),
    snapshot(53, "again", "of its own"),
  ];
  const whole = completed(own, { rest: "a" }, () => OTHER);
  expect(whole.flatMap((seen) => (seen.kind === "snapshot" ? [seen.snapshot.version] : []))).toEqual(["1.0.0", "of its own"]);
  expect(whole.at(-1)).toMatchObject({ kind: "snapshot", label: "again" });
});
