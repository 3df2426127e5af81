// What counts as caught, as got away and as a false alarm.
import { expect, test } from "vitest";
import type { CellRecord } from "../model/index.ts";
import { caseLines, caseResult, caseSummary } from "./index.ts";
import { sampleCell } from "./sample.ts";

const FINDING = { check: "active-pointer", path: "current", expected: "there", actual: "leads nowhere: ENOENT", step: 7 };
const EXPECTED = {
  name: "dangling",
  broken: ["sample/1.0.0..2.0.0/clean@docker"],
  mended: ["sample/1.0.1..2.0.0/clean@docker"],
  finding: { check: "active-pointer", path: "current", actual: "nowhere" },
};
const mended = sampleCell({ from: "1.0.1" });

function broken(parts: Partial<CellRecord>): CellRecord {
  return sampleCell({ from: "1.0.0", verdict: "failed", findings: [FINDING], ...parts });
}

test("a broken cell with the finding is caught, a mended one that passes is spared", () => {
  const result = caseResult(EXPECTED, { cells: [broken({}), mended] });
  expect(result).toEqual({ name: "dangling", escaped: [], alarms: [], found: "active-pointer current: leads nowhere: ENOENT" });
  expect(caseLines(result)).toEqual(["✓ dangling: caught by active-pointer current: leads nowhere: ENOENT"]);
  expect(caseSummary([result])).toBe("caught 1 of 1, false alarms 0 of 1");
});

test.each([
  ["passes", { verdict: "passed", findings: [] }],
  ["cannot be judged", { verdict: "errored", findings: [], reason: "baseline: it is not healthy" }],
  ["did not run", { verdict: "skipped", findings: [], reason: "needs more" }],
  ["fails by another check", { findings: [{ ...FINDING, check: "processes" }] }],
  ["fails elsewhere", { findings: [{ ...FINDING, path: "other" }] }],
  ["fails in another way", { findings: [{ ...FINDING, actual: "does not exist" }] }],
] satisfies [string, Partial<CellRecord>][])("a broken cell that %s got away", (_, parts) => {
  const result = caseResult(EXPECTED, { cells: [broken(parts), mended] });
  expect(result.escaped).toEqual([expect.stringContaining("sample/1.0.0..2.0.0/clean@docker: ")]);
  expect(caseLines(result)[0]).toBe("✗ dangling: got away");
  expect(caseSummary([result])).toBe("caught 0 of 1, false alarms 0 of 1");
});

test("a cell that is not in the plan got away, or is a false alarm", () => {
  const result = caseResult(EXPECTED, { cells: [] });
  expect([result.escaped, result.alarms].flat()).toEqual([
    "sample/1.0.0..2.0.0/clean@docker: it is not in the plan",
    "sample/1.0.1..2.0.0/clean@docker: it is not in the plan",
  ]);
});

test.each([
  { verdict: "failed", findings: [FINDING] },
  { verdict: "errored", reason: "the fault never fired" },
  { verdict: "skipped", reason: "needs more" },
] satisfies Partial<CellRecord>[])("a mended cell with the verdict $verdict is a false alarm", (parts) => {
  const result = caseResult(EXPECTED, { cells: [broken({}), { ...mended, ...parts }] });
  expect(result.alarms).toEqual([expect.stringContaining(`sample/1.0.1..2.0.0/clean@docker: ${parts.verdict}`)]);
  expect(caseSummary([result])).toBe("caught 1 of 1, false alarms 1 of 1");
});
