// A recording that leads to what was really there, and ones that do not.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { EndEntry, Observation, Operation, RecordedRun } from "../model/index.ts";
import { replayProblem, undeterminedBy, type Witnessed, withWitnesses } from "./self-checks.ts";

const RIGHTS = { mode: "644", uid: 0, gid: 0 };
const FOLDER = { path: "/r", type: "directory", ...RIGHTS, mode: "755" } as const;
const digest = createHash("sha256").update("1").digest("hex");
const FILE: EndEntry = { path: "/r/a", type: "file", ...RIGHTS, digest };
const CREATE: Operation = { k: 1, pid: 7, op: "create", path: "/r/a", ...RIGHTS };
const WRITE: Operation = { k: 2, pid: 7, op: "write", path: "/r/a", offset: 0, data: [0, 1] };

function recorded(operations: readonly Operation[], end: readonly EndEntry[]): RecordedRun {
  return { base: [FOLDER], operations, notes: [], data: new TextEncoder().encode("1"), end };
}

test("a recording that leads to what was there proves itself", () => {
  expect(replayProblem(recorded([CREATE, WRITE], [FOLDER, FILE]))).toBeUndefined();
});

test.each([
  [
    "an operation that was missed",
    recorded([CREATE], [FOLDER, FILE]),
    /^\/r\/a is file 644 0:0 \w+ when replayed, and file 644 0:0 \w+ in truth$/,
  ],
  ["a file that nobody was seen to make", recorded([], [FOLDER, FILE]), /^\/r\/a is there in truth, and not when replayed$/],
  ["a file that somebody unseen removed", recorded([CREATE, WRITE], [FOLDER]), /^\/r\/a is .* when replayed, and not there in truth$/],
  ["other rights", recorded([CREATE, WRITE], [FOLDER, { ...FILE, mode: "600" }]), /^\/r\/a is file 644 .* and file 600 .* in truth$/],
])("%s is told", (_, run, problem) => {
  expect(replayProblem(run)).toMatch(problem);
});

const SEEN: Observation[] = [{ t: 5, kind: "end", end: { how: "complete", detail: "", leaks: [] } }];
const witness = (problem: string | null, undetermined: string | null = null): Witnessed => ({
  ...({ t: 9, kind: "witness", point: "b", like: "a" } as const),
  ...{ problem, undetermined },
});

test("witnesses that came as foretold leave the sweep as it is, and say so", () => {
  const told = withWitnesses(SEEN, [witness(null), witness(null)]);
  expect(told).toEqual([{ t: 5, kind: "problem", message: expect.stringContaining("2 of 2 points") }, ...SEEN]);
  expect(withWitnesses(SEEN, [])).toEqual(SEEN);
  expect(undeterminedBy([witness(null)])).toBeUndefined();
});

test("where a state boots in two ways, no witness makes the sweep worthless, for nothing foretold is left", () => {
  const two = "a, booted twice, came to 1 in place of 2";
  const witnesses = [witness(null), witness("another version"), witness("another version", two)];
  const told = withWitnesses(SEEN, witnesses);
  expect(told.at(-1)).toEqual(SEEN[0]);
  expect(told).toContainEqual({ t: 5, kind: "problem", message: `nothing is foretold, and every state booted: ${two}` });
  expect(undeterminedBy(witnesses)).toBe(two);
});

test("one witness that came otherwise, from states that boot in one way, makes the sweep worthless", () => {
  const told = withWitnesses(SEEN, [witness(null), witness("another version")]);
  expect(told.at(-1)).toMatchObject({ kind: "end", end: { how: "lost", detail: expect.stringContaining("another version") } });
  expect(told).toHaveLength(3);
});
