// A hundred thousand cells: every report stays bounded where it must, complete where it must, and says what it cut.
import { describe, expect, test } from "vitest";
import type { CellRecord, RunRecord } from "../model/index.ts";
import { junitStream, markdown, terminalSummary } from "./index.ts";
import { SAMPLE, sampleCell } from "./sample.ts";

const CELLS = 100_000;
const PRODUCTS = ["one", "two"];
const RELEASES = 60;

/** Every fiftieth cell fails, one in a hundred of these for a cause of its own. */
function largeRecord(): RunRecord {
  const cells = Array.from({ length: CELLS }, (_, index): CellRecord => {
    const product = PRODUCTS[index % 2] ?? "one";
    const [from, to] = [`1.${index % RELEASES}.0`, `1.${(index * 7 + 1) % RELEASES}.${index % 3}`];
    const cell = sampleCell({ product, from, to, scenario: `s-${index % 40}` });
    if (index % 50 !== 0) return cell;
    const check = index % 5000 === 0 ? `check ${"abcdefghijklmnopqrstuvwxyz"[index / 5000]}` : "layout";
    return {
      ...cell,
      verdict: "failed",
      findings: [{ check, path: `data/${to}/a`, expected: "absent", actual: "x".repeat(40_000), step: null }],
    };
  });
  return { ...SAMPLE, cells, skipped: [], problems: [] };
}

describe("100,000 cells", () => {
  const record = largeRecord();

  test("terminal: short, with all counts, and few cells asked for details", () => {
    let asked = 0;
    const text = terminalSummary(record, { color: false, width: 100, details: () => void (asked += 1) });
    expect(text).toContain("100,000 cells: 98,000 passed · 2,000 failed");
    expect(text).toContain("other cells");
    expect(text).toContain("too many for a table of this width");
    expect(text.split("\n").length).toBeLessThan(600);
    expect(asked).toBeLessThanOrEqual(10);
  });

  test("markdown: below 1 MiB", () => {
    const text = markdown(record, () => undefined);
    expect(new TextEncoder().encode(text).length).toBeLessThan(1024 ** 2);
    expect(text).toContain("2,000 cells failed");
  });

  test("markdown: what does not fit is counted", () => {
    const log = { t: 1, kind: "log", source: "agent", path: "agent.log", tail: "é".repeat(5000).replace(/(.{400})/g, "$1\n") } as const;
    const causes = Array.from(
      { length: 26 * 26 },
      (_, index) => `${String.fromCharCode(97 + (index % 26))}${String.fromCharCode(97 + Math.floor(index / 26))}`,
    );
    const cells = causes.map((check) =>
      sampleCell({
        scenario: check,
        verdict: "failed",
        findings: [{ check, path: null, expected: "a", actual: "é".repeat(20_000).replace(/(.{100})/g, "$1\n"), step: 1 }],
      }),
    );
    const text = markdown({ ...SAMPLE, cells }, () => ["a", "b", "c", "d"].map((path) => ({ ...log, path })));
    expect(new TextEncoder().encode(text).length).toBeLessThan(1024 ** 2);
    expect(text).toMatch(/\d+ sections? did not fit/);
    expect(text.match(/<details/g)?.length).toBe(text.match(/<\/details>/g)?.length);
  });

  test("junit: every cell is a test case, chunk by chunk", () => {
    let cases = 0;
    let largest = 0;
    for (const chunk of junitStream(record)) {
      cases += chunk.match(/<testcase /g)?.length ?? 0;
      largest = Math.max(largest, chunk.length);
    }
    expect(cases).toBe(CELLS);
    expect(largest).toBeLessThan(100_000);
  });
});
