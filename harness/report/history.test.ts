// What a history says of a cell: read the golden file to see what people see.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type PastCell, type Verdict, verdict } from "../model/index.ts";
import { flips, historyText, streakOf } from "./history.ts";
import { painter } from "./marks.ts";

const ID = "sample/1.4.0..2.0.0/crash-on-start@docker";

type PastRun = readonly [Verdict, Partial<PastCell>?];

function past(...runs: readonly PastRun[]): PastCell[] {
  return runs.map(([state, parts], index) => ({
    ...{ run: `r-${index + 1}`, startedAt: `2026-05-${String(index + 1).padStart(2, "0")}T10:00:00.000Z`, upmatrix: "0.1.0", id: ID },
    ...{ verdict: state, outcome: state === "errored" ? null : "rolled-back", reason: "", finding: "", durationMs: 2000 + 400 * index },
    ...{ downtimeMs: 300, inputs: `i-${index}`, replay: `upmatrix replay ${ID}` },
    ...(state === "failed" ? { finding: "layout state.json: expected as before, found \u001b[31mother" } : {}),
    ...parts,
  }));
}

const told = (...runs: readonly PastRun[]): string => historyText(ID, past(...runs), painter(false), 100);

test("golden file", async () => {
  const broke = told(["passed"], ["passed"], ["failed"], ["failed"]);
  const flaky = told(["passed", { inputs: "same" }], ["failed", { inputs: "same" }], ["passed", { inputs: "same" }]);
  const always = told(["known", { reason: "Old updater (https://bugs/1)" }], ["known", { reason: "Old updater (https://bugs/1)" }]);
  await expect([broke, flaky, always].join("\n")).toMatchFileSnapshot("golden/history.golden.txt");
});

test("a failure began in the first run of the last streak, not in an earlier one", () => {
  const streak = streakOf(past(["failed"], ["passed"], ["failed"], ["errored"], ["failed"]));
  expect(streak).toMatchObject({ state: "fails", runs: 3, since: { run: "r-3" }, before: { run: "r-2" } });
});

test("a failure that becomes known is another streak, one that is fixed passes", () => {
  expect(streakOf(past(["failed"], ["known"]))).toMatchObject({ state: "known", runs: 1 });
  expect(streakOf(past(["passed"], ["fixed"]))).toMatchObject({ state: "passes", runs: 2, before: null });
});

test("only equal inputs make a cell flaky", () => {
  const [same, unknown] = [{ inputs: "same" }, { inputs: null }];
  expect(flips(past(["passed", same], ["failed", same], ["passed", same]))).toBe(2);
  expect(flips(past(["passed"], ["failed"], ["passed"]))).toBe(0);
  expect(flips(past(["passed", unknown], ["failed", unknown]))).toBe(0);
  expect(flips(past(["failed", same], ["known", same]))).toBe(0);
});

test("of many runs the last are listed and the others counted", () => {
  const text = told(...Array.from({ length: 50 }, () => ["passed"] as const));
  expect(text).toContain("… and 30 earlier runs");
  expect(text.match(/✓/g)?.length).toBe(20);
});

test("a streak ends where its before begins, whatever happened", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...verdict.options), { minLength: 1, maxLength: 12 }), (verdicts) => {
      const all = past(...verdicts.map((one) => [one] as const));
      const streak = streakOf(all);
      const first = all.length - (streak?.runs ?? 0);
      expect(all[first]).toBe(streak?.since);
      expect(all[first - 1] ?? null).toBe(streak?.before);
      expect(historyText(ID, all, painter(false), 80)).toContain(ID);
    }),
  );
});
