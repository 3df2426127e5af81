// The three reports of one small run, as whole files: read the golden files to see what people see.
import { describe, expect, test } from "vitest";
import { cellDetail, junit, junitStream, markdown, markdownStream, terminalSummary } from "./index.ts";
import type { CellRecord, RunRecord } from "../model/index.ts";
import { causes } from "./causes.ts";
import { SAMPLE, sampleCell, sampleDetails } from "./sample.ts";

const terminal = (color: boolean, width = 100): string =>
  terminalSummary(SAMPLE, { color, width, details: sampleDetails, report: "reports/r-0042/index.html" });

describe("golden files", () => {
  test("terminal", async () => {
    await expect(terminal(false)).toMatchFileSnapshot("golden/terminal.golden.txt");
  });
  test("markdown", async () => {
    await expect(markdown(SAMPLE, sampleDetails)).toMatchFileSnapshot("golden/markdown.golden.md");
  });
  test("junit", async () => {
    await expect(junit(SAMPLE, sampleDetails)).toMatchFileSnapshot("golden/junit.golden.xml");
  });
});

test("a chunked report is the report", () => {
  expect([...junitStream(SAMPLE)].join("")).toBe(junit(SAMPLE));
  expect([...markdownStream(SAMPLE, sampleDetails)].join("")).toBe(markdown(SAMPLE, sampleDetails));
});

test("colour changes no text", () => {
  expect(terminal(true)).toContain("\u001b[31m");
  // oxlint-disable-next-line no-control-regex -- colour codes are what it removes
  expect(terminal(true).replace(/\u001b\[\d+m/g, "")).toBe(terminal(false));
});

test.each([60, 100, 160])("no line but an address or a command is wider than %i", (width) => {
  const wide = terminal(false, width)
    .split("\n")
    .filter((line) => Array.from(line).length > width && !/Replay|(FAILED|ERRORED|FIXED)  /.test(line));
  expect(wide).toEqual([]);
});

test("without observations a cell is told from the record", () => {
  const failed = SAMPLE.cells.find((cell) => cell.verdict === "failed")!; // the sample has one
  const text = cellDetail(failed, undefined, { color: false, width: 80 });
  expect(text).toContain("data/agent-1.4.0/state.json");
  expect(text).toContain(failed.replay);
  expect(text).not.toContain("Updater log");
});

describe("causes", () => {
  const failed = (from: string, path: string, parts: Partial<CellRecord> = {}): CellRecord => {
    const finding = { check: "layout", path, expected: "absent", actual: "a file of 12 B", step: 7 };
    return sampleCell({ from, verdict: "failed", findings: [finding], ...parts });
  };
  const sizes = (cells: readonly CellRecord[]): number[] => causes(cells).map((cause) => 1 + cause.others.length);

  test("versions, hashes and numbers do not part them", () => {
    expect(sizes([failed("1.0.0", "data/1.0.0-abc123/a"), failed("1.2.0", "data/1.2.0-0f3e99/a")])).toEqual([2]);
  });

  test("another path, outcome or verdict does, the most urgent first", () => {
    const errored = failed("1.0.0", "a", { verdict: "errored" });
    const cells = [
      errored,
      errored,
      failed("1.0.0", "a"),
      failed("1.0.0", "b"),
      failed("1.2.0", "b"),
      failed("1.0.0", "a", { outcome: "stuck" }),
    ];
    expect(sizes(cells)).toEqual([2, 1, 1, 2]);
    expect(causes(cells).at(-1)?.cell.verdict).toBe("errored");
  });
});

describe("the table of pairs", () => {
  const versions = (many: number): string[] => Array.from({ length: many }, (_, index) => `1.${index}.0-candidate`);
  const table = (many: number): string => {
    const cells = versions(many).flatMap((from) =>
      versions(many).map((to) => sampleCell({ from, to, verdict: from === to ? "failed" : "passed" })),
    );
    return terminalSummary({ ...SAMPLE, cells }, { color: false, width: 100, details: () => undefined });
  };

  test("names its columns when they fit", () => {
    expect(table(4)).toContain("from \\ to        1.0.0-candidate  1.1.0-candidate");
  });

  test("numbers them when names are too wide", () => {
    expect(table(12)).toMatch(/from \\ to +1 +2 +3 .* 12\n +1 1\.0\.0-candidate +✗ +✓/);
  });

  test("lists the pairs to look at when nothing fits", () => {
    expect(table(40)).toContain("✗      1.0.0-candidate → 1.0.0-candidate  (1 cell)");
    expect(table(40)).toContain("… and 20 more pairs");
  });
});

test("an open gate says what it lets pass", () => {
  const cells = SAMPLE.cells.filter((cell) => ["passed", "known"].includes(cell.verdict));
  const open: RunRecord = { ...SAMPLE, gate: "open", exitCode: 0, cells, skipped: [], problems: [], unavailable: [] };
  const text = terminalSummary(open, { color: false, width: 100, details: () => undefined });
  expect(text.trimEnd().split("\n").at(-1)).toBe("Gate open: 1 known failure tolerated");
  expect(markdown(open, () => undefined)).toMatch(/^## ✅ Gate open\n/);
});
