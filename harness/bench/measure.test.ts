import { expect, test } from "vitest";
import { formatMeasure, type Measure, medianOf, summarize } from "./measure.ts";

const MEASURE: Measure = {
  name: "speed",
  unit: "×",
  values: [0.9, 0.7, 0.8],
  goal: { than: "at least", value: 0.8 },
  note: "of something",
};

test.each([
  [[3], 3],
  [[5, 1, 3], 3],
  [[10, 9, 1, 2], 5.5],
])("the median of %j is %d", (values, expected) => {
  expect(medianOf(values)).toBe(expected);
});

test("nothing measured has no median", () => {
  expect(() => medianOf([])).toThrow(/nothing was measured/);
});

test.each([
  ["at least", 0.8, true],
  ["at least", 0.81, false],
  ["at most", 0.8, true],
  ["at most", 0.79, false],
  ["below", 0.8, false],
  ["below", 0.81, true],
] as const)("a median of 0.8 with the goal %s %d: met %s", (than, value, met) => {
  expect(summarize({ ...MEASURE, goal: { than, value } })).toMatchObject({ median: 0.8, min: 0.7, max: 0.9, met });
});

test("one line tells everything", () => {
  expect(formatMeasure(MEASURE)).toMatch(
    /^speed +median 0\.80 × · min 0\.70 × · max 0\.90 × · goal ≥ 0\.8 × · met: yes · 3 runs: of something$/,
  );
});

test("a fraction is not rounded up to all", () => {
  expect(formatMeasure({ ...MEASURE, unit: "%", values: [99.97], goal: { than: "at least", value: 100 } })).toContain(
    "median 99.9 % · min 99.9 % · max 99.9 % · goal ≥ 100 % · met: no · 1 run:",
  );
});

test("what could not be measured says why", () => {
  expect(formatMeasure({ name: "speed", skipped: "nothing moves" })).toMatch(/^speed +skipped: nothing moves$/);
});
