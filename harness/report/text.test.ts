// Durations, progress lines and safe text, as tables.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, formatProgress, formatProgressPlain, type Progress } from "./index.ts";
import { fenced, inline } from "./markdown-text.ts";
import { clip, clipWords, count, lastLines, listed, plain, wrap } from "./text.ts";

test.each([
  [0, "0ms"],
  [999.4, "999ms"],
  [999.6, "1.0s"],
  [59_949, "59.9s"],
  [59_951, "1m 0s"],
  [3_599_400, "59m 59s"],
  [3_599_600, "1h 0m"],
  [86_400_000, "24h 0m"],
  [-1, "?"],
  [Number.NaN, "?"],
])("formatDuration(%d) is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

describe("text", () => {
  test("plain obeys no terminal and keeps what is written", () => {
    expect(plain("\u001b[2J\u001b]0;title\u0007a\r\nb\tc\u202ed \ud800 ✓")).toBe("a\nb  c\ufffdd \ufffd ✓");
  });

  test("a list tells all names, or two at least are left out", () => {
    expect(listed([], 2, "name")).toBe("");
    expect(listed(["a"], 2, "name")).toBe("a");
    expect(listed(["a", "b", "c"], 2, "name")).toBe("a, b and c");
    expect(listed(["a", "b", "c", "d"], 2, "name")).toBe("a, b and 2 more names");
  });

  test("words are cut between each other, where there is somewhere to cut", () => {
    expect(clipWords("one two three", 13)).toBe("one two three");
    expect(clipWords("one two three", 11)).toBe("one two …");
    expect(clipWords("a".repeat(30), 10)).toBe(`${"a".repeat(9)}…`);
  });

  test("wrap loses nothing but the spaces it breaks at", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 10, max: 60 }), (text, width) => {
        const lines = wrap(text, width);
        expect(lines.join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
        expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test("clip and lastLines say that something is cut", () => {
    expect(clip("abcdef", 4)).toBe("abc…");
    expect(clip("abcd", 4)).toBe("abcd");
    expect(lastLines("1\n2\n3\n\n", 2)).toEqual({ lines: ["2", "3"], before: 1 });
  });

  test("count groups thousands and knows one", () => {
    expect([count(1, "cell"), count(0, "cell"), count(1_234_567, "cell"), count(2, "entry", "entries")]).toEqual([
      "1 cell",
      "0 cells",
      "1,234,567 cells",
      "2 entries",
    ]);
  });
});

describe("markdown text", () => {
  test("inline leaves no character that means something", () => {
    expect(inline("a|b <img> `c` [d](e) *f*\n@g")).toBe("a&#124;b &#60;img&#62; &#96;c&#96; &#91;d&#93;(e) &#42;f&#42; ⏎ &#64;g");
  });

  test("a code block cannot be left", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("`", "\n", "~", "a", " ") }), (text) => {
        const [first = "", ...rest] = fenced(text).trimEnd().split("\n");
        const fence = first.replace("text", "");
        expect(rest.slice(0, -1).some((line) => line.trim().startsWith(fence))).toBe(false);
        expect(rest.at(-1)).toBe(fence);
      }),
    );
  });
});

describe("progress", () => {
  const progress: Progress = {
    done: 1180,
    total: 2360,
    passed: 1170,
    failed: 2,
    known: 3,
    errored: 1,
    skipped: 4,
    rate: 31.24,
    secondsLeft: 38.2,
    running: ["sample/1.4.0..2.0.0/clean@docker", "sample/1.4.0..2.1.0/clean@docker"],
  };

  test("for a terminal", () => {
    expect(formatProgress(progress, { color: false, width: 140 })).toBe(
      "████████░░░░░░░░ 1,180/2,360 50%  ✓ 1,170  ✗ 2  ! 1  ~ 3  – 4  31.2/s  38.0s left  sample/1.4.0..2.0.0/clean@docker +1",
    );
  });

  test("for a log", () => {
    expect(formatProgressPlain(progress)).toBe(
      "1,180/2,360 50% cells, 1,170 passed, 2 failed, 1 errored, 3 known, 4 skipped, 31.2/s, 38.0s left",
    );
  });

  test("before anything is known", () => {
    const none = { done: 0, total: 0, passed: 0, failed: 0, known: 0, errored: 0, skipped: 0, rate: null, secondsLeft: null, running: [] };
    expect(formatProgressPlain(none)).toBe("0/0 100% cells");
  });

  test.each([10, 40, 80, 100])("never wider than %i", (width) => {
    // oxlint-disable-next-line no-control-regex -- colour codes take no room
    const text = formatProgress(progress, { color: true, width }).replace(/\u001b\[\d+m/g, "");
    expect(text.length).toBeLessThanOrEqual(width);
    expect(text).not.toContain("\n");
  });
});
