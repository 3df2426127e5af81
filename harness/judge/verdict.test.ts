// Verdicts have memory: what is known, what has expired, what is fixed. And the gate.
import { expect, test } from "vitest";
import type { Finding, KnownFailure, Verdict } from "../model/index.ts";
import { gateOf, verdictOf } from "./verdict.ts";

const finding: Finding = { check: "processes", path: null, expected: "one", actual: "two", step: 7 };
const entry = (expires: string): KnownFailure => ({
  pattern: "a/*",
  reason: "Old updater",
  link: "https://bugs/1",
  expires,
  intermittent: false,
});
const matches = (pattern: string, id: string): boolean => id.startsWith(pattern.replace("*", ""));

test.each<[string, Finding[], string | null, KnownFailure[], Verdict, string]>([
  ["nothing found", [], null, [], "passed", ""],
  ["something found", [finding], null, [], "failed", ""],
  ["found and known", [finding], null, [entry("2027-01-02")], "known", "Old updater (https://bugs/1)"],
  ["known, and still so on the last day", [finding], null, [entry("2027-01-01")], "known", "Old updater (https://bugs/1)"],
  [
    "known, but expired",
    [finding],
    null,
    [entry("2026-12-31")],
    "failed",
    "The entry in known expired on 2026-12-31: Old updater (https://bugs/1)",
  ],
  ["one of two entries holds", [finding], null, [entry("2026-12-31"), entry("2027-06-30")], "known", "Old updater (https://bugs/1)"],
  ["known, but nothing found", [], null, [entry("2027-01-02")], "fixed", "a/*: Old updater (https://bugs/1)"],
  ["known to come and go, and nothing found", [], null, [{ ...entry("2027-01-02"), intermittent: true }], "passed", ""],
  [
    "known to come and go, and found",
    [finding],
    null,
    [{ ...entry("2027-01-02"), intermittent: true }],
    "known",
    "Old updater (https://bugs/1)",
  ],
  ["known, but it could not be told", [], "lost: why", [entry("2027-01-02")], "errored", "lost: why"],
  ["another cell is known", [finding], null, [{ ...entry("2027-01-02"), pattern: "b/*" }], "failed", ""],
])("%s", (_, findings, errored, known, verdict, reason) => {
  const told = verdictOf({ findings, errored }, { id: "a/1..2/test@host" }, known, "2027-01-01", matches);
  expect(told).toMatchObject({ verdict, reason });
  const entries = { known: { pattern: "a/*", reason: "Old updater", link: "https://bugs/1" } };
  expect(told).toEqual({ verdict, reason, ...(verdict === "known" || verdict === "fixed" ? entries : {}) });
});

test.each<[Verdict[], boolean, boolean, number]>([
  [["passed", "known", "skipped"], false, false, 0],
  [[], false, false, 0],
  [["passed", "failed"], false, false, 1],
  [["fixed"], false, false, 1],
  [["errored", "passed"], false, false, 3],
  [["passed"], true, false, 3],
  [["passed"], false, true, 3],
  [["failed", "errored"], true, true, 1],
])("the gate for %j, interrupted %s, broken %s", (verdicts, interrupted, harnessBroken, exitCode) => {
  expect(gateOf(verdicts, interrupted, harnessBroken)).toEqual({ gate: exitCode === 0 ? "open" : "closed", exitCode });
});
