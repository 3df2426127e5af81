// A translated expression must decide as the original does: grep itself is asked.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { extendedExpression } from "./expression.ts";

const TEXTS = [
  "",
  "run",
  "run --once",
  "watch 12",
  "a.b",
  "axb",
  "a-b",
  "a]b",
  "a\\b",
  "x_1",
  "tab\there",
  "it's",
  "aab",
  "{x}",
  "a|b",
  "$HOME",
  "1.2.3-rc.1",
  "^a",
];
const PATTERNS = [
  "^run$",
  "^run",
  "^(?:run|watch)( |$)",
  "\\d+",
  "\\D",
  "^\\w+$",
  "\\s--",
  "\\S",
  "a\\.b",
  "a.b",
  "[a-c]+?b",
  "a[\\]x]b",
  "a[\\-x]b",
  "a[.]b",
  "[^\\d]$",
  "[\\d.]+-rc",
  "[\\w-]+ \\d{2}",
  "it's",
  "a{2}b",
  "\\{x\\}",
  "a\\|b",
  "\\$HOME",
  "a\\\\b",
  "[\\\\]",
  "^$",
  ".*?--once",
  "\\^a",
  "a\\/?",
  "[$&]",
];

test.each(PATTERNS)("%s", (pattern) => {
  const expected = TEXTS.filter((text) => new RegExp(pattern).test(text));
  const { stdout } = spawnSync("grep", ["-E", "-e", extendedExpression(pattern)], { input: `${TEXTS.join("\n")}\n`, encoding: "utf8" });
  expect(stdout).toBe(expected.map((text) => `${text}\n`).join(""));
});

test.each(["(?=run)", "(?<name>run)", "run\\b", "(a)\\1", "\\u0041", "[\\D]", "[[:x]", "[]", "\\n"])(
  "%s is refused, because grep cannot say it",
  (pattern) => {
    expect(() => extendedExpression(pattern)).toThrow(
      /^Cannot use ".*" as the variant's arguments: .* which has no ".*"; write it without$/,
    );
  },
);
