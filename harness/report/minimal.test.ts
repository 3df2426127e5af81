// A failing point in other pairs: since when, and the nearest.
import { expect, test } from "vitest";
import type { CellRecord } from "../model/index.ts";
import { minimalLines, minimalOf } from "./minimal.ts";

const FINDING = { check: "readable-state", path: "state.json", expected: "", actual: "is empty", step: 7 };

function point(from: string, to: string, k: number, findings: readonly unknown[]): CellRecord {
  const scenario = `strike.${k}-after-rename-state-json`;
  return { id: `agent/${from}..${to}/${scenario}@docker`, from, to, scenario, outcome: "upgraded", findings } as unknown as CellRecord; // only what is read
}

const RELEASES = [
  { version: "1.0.0", builtMs: 1, traits: [] },
  { version: "1.1.0", builtMs: 2, traits: ["journal"] },
  { version: "1.0.9", builtMs: 3, traits: ["journal", "space"] },
  { version: "2.0.0", builtMs: 4, traits: ["journal", "space"] },
];

const RECORD = {
  cells: [
    point("1.0.0", "2.0.0", 12, []),
    point("1.0.9", "2.0.0", 30, [FINDING]),
    point("1.1.0", "2.0.0", 20, [FINDING]),
    point("1.1.0", "2.0.0", 22, []),
    point("1.1.0", "1.0.9", 21, [{ ...FINDING, check: "another" }]),
  ],
};

test("the first release is the one built first, the nearest pair the one that differs least", () => {
  const minimal = minimalOf("agent/1.0.9..2.0.0/strike.30-after-rename-state-json@docker", RECORD, RELEASES);
  expect(minimal).toMatchObject({ firstRelease: "1.1.0", nearest: { from: "1.0.9", to: "2.0.0" } });
  if (minimal === undefined) throw new Error("nothing was found");
  expect(minimalLines(minimal)).toEqual([
    "readable-state state.json in 2 of 4 pairs",
    "  ✓ 1.0.0 → 2.0.0",
    "  ✓ 1.1.0 → 1.0.9",
    "  ✗ 1.1.0 → 2.0.0  agent/1.1.0..2.0.0/strike.20-after-rename-state-json@docker",
    "  ✗ 1.0.9 → 2.0.0  agent/1.0.9..2.0.0/strike.30-after-rename-state-json@docker",
    "First release that has it: 1.1.0",
    "Nearest pair that shows it: 1.0.9 → 2.0.0  agent/1.0.9..2.0.0/strike.30-after-rename-state-json@docker",
  ]);
});

test("a point that does not fail cannot be minimised", () => {
  expect(minimalOf("agent/1.0.0..2.0.0/strike.12-after-rename-state-json@docker", RECORD, RELEASES)).toBeUndefined();
});
