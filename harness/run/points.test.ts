// Points of a sweep out of one stream of observations, and each put together with what was recorded before it.
import { expect, test } from "vitest";
import type { Observation } from "../model/index.ts";
import { composed, continued, PointCollector, type PointSeen, prefixOf } from "./points.ts";

const COMPLETE = { how: "complete", detail: "", leaks: [] } as const;
const problem = (t: number, message: string): Observation => ({ t, kind: "problem", message });
const started = (t: number, name: string): Observation => ({ t, kind: "point", name, event: "started" });
const ended = (t: number, name: string): Observation => ({ t, kind: "point", name, event: "ended", how: "complete" });

test("tells each point with what was seen in it, and the one that was under way", () => {
  const over: PointSeen[] = [];
  const collector = new PointCollector((seen) => over.push(seen));
  for (const seen of [problem(0, "outside"), started(1, "a"), problem(2, "in a"), ended(3, "a"), started(4, "b"), problem(5, "in b")])
    collector.add(seen);
  expect(over).toEqual([{ name: "a", observations: [problem(2, "in a")], ended: { how: "complete", same: undefined } }]);
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

test("what follows an equal boot is taken from the other point, and said so", () => {
  const snapshot = { t: 12, kind: "snapshot", label: "rebooted" } as unknown as Observation; // its content does not matter here
  const step: Observation = { t: 13, kind: "step", step: 7, event: "ended", ok: true, message: "" };
  const other = [problem(10, "restored"), snapshot, step, problem(15, "upgraded again")];
  const own = [problem(50, "restored"), { ...snapshot, t: 52 }, { ...step, t: 53 }];
  const whole = continued(own, other, "a");
  expect(whole.slice(0, 3)).toEqual(own);
  expect(whole[3]).toMatchObject({ kind: "problem", message: expect.stringContaining("the point a") });
  expect(whole[4]).toEqual(problem(55, "upgraded again"));
});
