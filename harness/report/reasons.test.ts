// The few reasons of the decision: each that is about a product names it, and none is cut within a word.
import { expect, test } from "vitest";
import type { RunRecord } from "../model/index.ts";
import { attributions } from "./attribution.ts";
import { overviewOf } from "./overview.ts";
import { mainReasons } from "./reasons.ts";
import { SAMPLE, sampleCell } from "./sample.ts";

const reasons = (record: RunRecord): string[] => mainReasons(record, overviewOf(record), attributions(record)).map(({ text }) => text);

const finding = { check: "layout", path: "current", expected: "a link", actual: "nothing", step: 7 };
const cells = [
  sampleCell({ product: "alpha" }),
  sampleCell({ product: "beta", verdict: "failed", findings: [finding] }),
  sampleCell({ product: "beta", verdict: "known", reason: `the link is gone ${"again and ".repeat(30)}` }),
  sampleCell({ product: "alpha", verdict: "skipped", reason: "needs hosts" }),
  sampleCell({ product: "gamma", verdict: "skipped", reason: "needs hosts" }),
];

const OPEN: Pick<RunRecord, "gate" | "exitCode" | "skipped"> = { gate: "open", exitCode: 0, skipped: [] };

test("a closed gate: the product of what failed", () => {
  expect(reasons({ ...SAMPLE, cells, skipped: [] })).toEqual(["beta: 1 cell failed: layout current: expected a link, found nothing"]);
});

test("an open gate: the products of what passed, is known, or was skipped", () => {
  const open = { ...SAMPLE, ...OPEN, cells: cells.filter(({ verdict }) => verdict !== "failed") };
  const [passed, known, skipped] = reasons(open);
  expect(passed).toBe("1 of 4 cells of alpha, beta and gamma passed; none failed that is not known");
  expect(known).toMatch(/^1 known failure tolerated, the most common one in 1 cell of beta: the link is gone .* (again|and) …$/);
  expect(skipped).toBe("2 cells skipped, the most common reason in 2 cells of alpha and gamma: needs hosts");
});

test("a cell that the record only names has no product to tell, and a problem around the cells is nobody's", () => {
  const named = { ...SAMPLE, ...OPEN, cells: [], skipped: [{ id: "a", reason: "not here" }] };
  expect(reasons(named).at(-1)).toBe("1 cell skipped, the most common reason in 1 cell: not here");
  expect(reasons({ ...SAMPLE, cells: [], skipped: [], problems: ["no room"] })[0]).toBe("1 problem around the cells");
});
