// Two small runs compared: read the golden files to see what people see. Each list has what belongs into it and spares the rest.
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { describe, expect, test } from "vitest";
import { type CellRecord, type RunRecord, type Verdict, verdict } from "../../model/index.ts";
import { painter } from "../marks.ts";
import { SAMPLE, sampleCell } from "../sample.ts";
import { compareHtml, compareMarkdown, compareRuns, compareText, isWorse } from "./index.ts";

const WRONG = { check: "layout", path: "state.json", expected: "as before", actual: "other | content", step: 7 };
const LATER = { run: "r-0043", startedAt: "2026-05-05T10:00:00.000Z" };

function cell(scenario: string, state: Verdict, parts: Partial<CellRecord> = {}): CellRecord {
  const found = state === "failed" || state === "known" ? { findings: [WRONG] } : {};
  return sampleCell({ scenario, verdict: state, reason: state === "errored" ? "lost: why" : "", ...found, ...parts });
}

function run(cells: readonly CellRecord[], parts: Partial<RunRecord> = {}): RunRecord {
  return { ...SAMPLE, cells: [...cells], ...parts };
}

const BEFORE = run([
  cell("breaks", "passed", { inputs: "a" }),
  cell("is-lost", "passed"),
  cell("flips", "passed", { inputs: "same" }),
  cell("mended", "failed"),
  cell("mended-known", "known"),
  cell("becomes-known", "failed"),
  cell("stays", "failed"),
  cell("slows-down", "passed", { durationMs: 3000, downtimeMs: 200 }),
  cell("is-away-longer", "passed", { durationMs: 3000, downtimeMs: 200 }),
  cell("a-little-slower", "passed", { durationMs: 100 }),
  cell("removed", "passed"),
]);
const AFTER = run(
  [
    cell("breaks", "failed", { inputs: "b" }),
    cell("is-lost", "errored"),
    cell("flips", "failed", { inputs: "same" }),
    cell("mended", "passed"),
    cell("mended-known", "fixed"),
    cell("becomes-known", "known"),
    cell("stays", "failed"),
    cell("slows-down", "passed", { durationMs: 9000, downtimeMs: 300 }),
    cell("is-away-longer", "passed", { durationMs: 3100, downtimeMs: 4000 }),
    cell("a-little-slower", "passed", { durationMs: 300 }),
    cell("added-and-broken", "failed"),
    cell("added", "passed"),
  ],
  LATER,
);

describe("golden files", () => {
  test("terminal", async () => {
    await expect(compareText(compareRuns(BEFORE, AFTER), painter(false), 100)).toMatchFileSnapshot("../golden/compare.golden.txt");
  });
  test("markdown", async () => {
    await expect(compareMarkdown(compareRuns(BEFORE, AFTER))).toMatchFileSnapshot("../golden/compare.golden.md");
  });
});

test("the HTML is well-formed, needs nothing from elsewhere, and says what the terminal says", () => {
  const hostile = cell("breaks", "failed", { findings: [{ ...WRONG, actual: `<script>alert(1)</script>&"'` }] });
  const html = [...compareHtml(compareRuns(BEFORE, run([...AFTER.cells.slice(1), hostile])))].join("");
  const texts: string[] = [];
  const names: string[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name }) => void names.push(name));
  parser.on("text", (text) => void texts.push(text));
  parser.write(html.replace("<!doctype html>", "").replaceAll(/<meta ([^>]*)>/g, "<meta $1/>")).close();
  expect(names).not.toContain("script");
  expect(html).not.toMatch(/(?:src|href)=/);
  expect(texts).toContain("Newly failing (3)");
  expect(texts.join(" ")).toContain("found <script>alert(1)</script>");
  expect(names.filter((name) => name === "tr").length).toBe(5 + 3 + 1 + 2 + 1 + 2);
});

test("each list has its cells", () => {
  const { failing, flaky, fixed, known, slower, still, added, gone } = compareRuns(BEFORE, AFTER);
  const names = (changes: readonly { readonly cell: CellRecord }[]): string[] => changes.map((change) => change.cell.scenario);
  expect({ failing: names(failing), flaky: names(flaky), fixed: names(fixed), known: names(known), slower: names(slower) }).toEqual({
    failing: ["breaks", "is-lost", "added-and-broken"],
    flaky: ["flips"],
    fixed: ["mended", "mended-known"],
    known: ["becomes-known"],
    slower: ["slows-down", "is-away-longer"],
  });
  expect({ still, added, gone }).toEqual({ still: 1, added: 2, gone: 1 });
});

test("equal inputs make no cell flaky when only the list of known failures changed", () => {
  const [before, after] = [cell("listed", "failed", { inputs: "same" }), cell("listed", "known", { inputs: "same" })];
  const { flaky, known } = compareRuns(run([before]), run([after]));
  expect({ flaky: flaky.length, known: known.length }).toEqual({ flaky: 0, known: 1 });
});

test("a machine that is slower as a whole makes no cell slower, one that is slower still does", () => {
  const cells = Array.from({ length: 30 }, (_, index) => cell(`s-${index}`, "passed", { durationMs: 2000, downtimeMs: null }));
  const later = cells.map((one, index) => ({ ...one, durationMs: index === 7 ? 12_000 : 4000 }));
  const { slower, pace } = compareRuns(run(cells), run(later));
  expect(pace).toBe(2);
  expect(slower.map((one) => one.cell.scenario)).toEqual(["s-7"]);
  expect(compareText(compareRuns(run(cells), run(later)), painter(false), 80)).toContain("2.0 times as long");
});

test("a comment stays within what GitHub takes, and names what newly fails first", () => {
  const cells = Array.from({ length: 3000 }, (_, index) =>
    cell(`s-${index}`, "failed", { findings: [{ ...WRONG, actual: "|".repeat(500) }] }),
  );
  const text = compareMarkdown(compareRuns(run([]), run(cells)));
  expect(text.length).toBeLessThan(65_536);
  expect(text).toContain("s-0&#64;docker");
  expect(text).toMatch(/cells more: `upmatrix compare` tells all/);
});

const anyRun = fc
  .array(
    fc.record({
      scenario: fc.constantFrom("a", "b", "c", "d"),
      verdict: fc.constantFrom(...verdict.options),
      inputs: fc.constantFrom("x", "y"),
    }),
    {
      maxLength: 6,
    },
  )
  .map((cells) => run([...new Map(cells.map((one) => [one.scenario, one])).values()].map((one) => cell(one.scenario, one.verdict, one))));

test("a run compared with itself is neither better nor worse", () => {
  fc.assert(
    fc.property(anyRun, (one) => {
      const { failing, flaky, fixed, known, slower, added, gone } = compareRuns(one, one);
      expect([failing, flaky, fixed, known, slower].flat()).toEqual([]);
      expect([added, gone]).toEqual([0, 0]);
    }),
  );
});

test("what breaks one way is fixed the other way", () => {
  const names = (changes: readonly { readonly cell: CellRecord }[]): string[] => changes.map((change) => change.cell.id).toSorted();
  fc.assert(
    fc.property(anyRun, anyRun, (one, other) => {
      const [there, back] = [compareRuns(one, other), compareRuns(other, one)];
      const broke = there.failing.filter(({ before }) => before === "passed" || before === "fixed");
      expect(names(back.fixed)).toEqual(expect.arrayContaining(names(broke)));
      expect(names(there.flaky)).toEqual(names(back.flaky));
      expect(isWorse(there)).toBe([...there.failing, ...there.flaky].some(({ cell: now }) => ["failed", "errored"].includes(now.verdict)));
    }),
  );
});
