// Where an annotation stands: at the release of a pair that was built last, or at the entry of the known failure to remove.
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadProject, type Project as Loaded } from "../load/index.ts";
import type { CellRecord } from "../model/index.ts";
import { placeIn } from "./annotations.ts";
import { Project } from "./testing.ts";

const PATTERN = "tiny/*-changes-modes..*/*";
let project: Project;
let loaded: Loaded;
let lines: string[];

beforeAll(async () => {
  project = await Project.copy();
  const known = `known:\n  - { pattern: "tiny/9*", reason: a, link: b, expires: "2999-01-01" }\n  - pattern: "${PATTERN}"\n    reason: Changes modes\n    link: docs/modes.md\n    expires: "2999-01-01"\n`;
  await project.setMatrix((await project.matrix()) + known);
  loaded = await loadProject(project.directory, { now: new Date("2026-01-01") });
  lines = (await project.matrix()).split("\n");
});
afterAll(() => project[Symbol.asyncDispose]());

const place = (cell: Partial<CellRecord>) => placeIn(loaded, "matrix.yaml", { product: "tiny", verdict: "failed", ...cell } as CellRecord); // what it looks at
const lineOf = (text: string): number => 1 + lines.findIndex((line) => line.includes(text));

test.each([
  ["1.0.0", "2.0.0", "2.0.0"],
  ["3.0.0", "2.0.0", "3.0.0"],
])("%s → %s: the release that was built last", (from, to, newest) => {
  expect(place({ from, to })).toEqual({ file: "matrix.yaml", position: { line: lineOf(`version: ${newest},`), column: 9 } });
});

test("what is fixed: the entry that has to go", () => {
  const known = { pattern: PATTERN, reason: "Changes modes", link: "docs/modes.md" };
  expect(place({ from: "1.0.0", to: "2.0.0", verdict: "fixed", known }).position?.line).toBe(
    lines.findLastIndex((line) => line.includes("expires")) + 1,
  );
});

test("what is about the run, or about a release that is not in the matrix: the file", () => {
  expect(placeIn(loaded, "matrix.yaml", null)).toEqual({ file: "matrix.yaml" });
  expect(place({ from: "8.0.0", to: "9.0.0" })).toEqual({ file: "matrix.yaml" });
});
