// A sweep summed up from the records of its points.
import { expect, test } from "vitest";
import type { Cell, CellRecord, Finding } from "../model/index.ts";
import { summarizeSweep } from "./sweep.ts";
import { cellOf, scriptOf } from "./testing.ts";

const FINDING: Finding = { check: "readable-state", path: "state.json", expected: "a file that parses", actual: "is empty", step: 7 };

function point(k: number, variant: "kill" | "posix" = "kill"): Cell {
  const script = scriptOf({ cut: { name: `${k}`, k, variant, digest: "", sentence: `after operation ${k}`, alike: 1 } });
  return cellOf(script, { id: `agent/1.0.0..2.0.0/strike.${k}.${variant}@docker` });
}

function recordOf({ id }: Cell, changes: Partial<CellRecord> = {}): CellRecord {
  return {
    ...({ id, verdict: "passed", outcome: "upgraded", findings: [], fault: null } as Partial<CellRecord>),
    ...changes,
  } as CellRecord; // only what is read
}

const SOURCE = { sweep: cellOf(), operations: 9, candidates: 40, states: 12, cached: false };

test("counts what recovers and what it comes to", () => {
  const points = [point(1), point(2), point(3)];
  const records = [recordOf(points[0]!), recordOf(points[1]!, { outcome: "rolled-back" }), recordOf(points[2]!)]; // three were made
  expect(summarizeSweep({ ...SOURCE, irregular: 2, points }, records)).toMatchObject({
    irregular: 2,
    run: 3,
    recovered: 3,
    states: 12,
    outcomes: [
      { outcome: "upgraded", points: 2 },
      { outcome: "rolled-back", points: 1 },
    ],
    failures: [],
  });
});

test("points that fail alike are one failure, shown by the earliest operation and there by the mildest loss", () => {
  const points = [point(8), point(4, "posix"), point(4)];
  const failed = { verdict: "failed", findings: [FINDING] } as const;
  const records = points.map((one) => recordOf(one, { ...failed, findings: [...failed.findings] }));
  expect(summarizeSweep({ ...SOURCE, points }, records)).toMatchObject({
    run: 3,
    recovered: 0,
    failures: [{ check: "readable-state", points: 3, first: points[2]?.id, sentence: "after operation 4" }],
  });
});

test("a point that could not be judged is not counted as run", () => {
  const points = [point(1), point(2)];
  const records = [recordOf(points[0]!), recordOf(points[1]!, { verdict: "errored", outcome: null })]; // two were made
  expect(summarizeSweep({ ...SOURCE, points }, records)).toMatchObject({ run: 1, recovered: 1 });
});
