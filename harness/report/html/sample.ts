// Support of the report's tests: a run with a culprit of each kind, inverted pairs, every verdict, and a sweep.
import type { CellRecord, Observation, ReleaseRecord, RunRecord } from "../../model/index.ts";
import { SAMPLE, sampleCell, sampleDetails } from "../sample.ts";

/** By build time; 1.0.9 was built after 1.2.0. */
const RELEASES: readonly (readonly [version: string, built: number, traits: readonly string[]])[] = [
  ["1.0.0", 1, []],
  ["1.1.0", 2, []],
  ["1.2.0", 3, []],
  ["1.0.9", 4, ["checks-space"]],
  ["1.3.0", 5, ["checks-space"]],
];
const SCENARIOS = ["clean", "crash-on-start", "disk-full", "killed-mid-swap"];
const POINTS = 40;

/** Two products: in `alpha` the updater of 1.0.0 is broken, in `beta` all inverted pairs are. */
export function richRecord(): RunRecord {
  const cells = [...alpha(), ...beta(), ...sweepCells()];
  return { ...SAMPLE, releases: ["alpha", "beta"].flatMap(releasesOf), cells: [...SAMPLE.cells, ...cells], sweeps: [SWEEP] };
}

/** What was observed of the cells that failed. */
export function richDetails(cell: CellRecord): readonly Observation[] | undefined {
  return sampleDetails({ ...cell, kind: "upgrade" });
}

function releasesOf(product: string): ReleaseRecord[] {
  return RELEASES.map(([version, day, traits]) => ({ product, version, built: `2026-01-0${day}T09:00:00Z`, traits: [...traits] }));
}

function pairs(
  product: string,
  parts: (from: string, to: string, scenario: string, inverted: boolean) => Partial<CellRecord>,
): CellRecord[] {
  const built = new Map(RELEASES.map(([version, day]) => [version, day]));
  const versions = [...built.keys()].toSorted();
  return versions.flatMap((from, row) =>
    versions.slice(row + 1).flatMap((to) => {
      const inverted = (built.get(from) ?? 0) > (built.get(to) ?? 0);
      return SCENARIOS.map((scenario) =>
        sampleCell({ product, from, to, next: to, scenario, inverted, ...parts(from, to, scenario, inverted) }),
      );
    }),
  );
}

const MISSING = { check: "layout-after-upgrade", path: "current", expected: "link → versions/2", actual: "nothing", step: 7 };
const FAILED: Partial<CellRecord> = {
  verdict: "failed",
  outcome: "bricked",
  findings: [MISSING],
  steps: SAMPLE.cells.find(({ verdict }) => verdict === "failed")?.steps ?? [],
};

function alpha(): CellRecord[] {
  return pairs("alpha", (from, _, scenario) => {
    if (from === "1.0.0" && scenario === "clean") return FAILED;
    if (from === "1.1.0" && scenario === "disk-full")
      return { verdict: "known", findings: [MISSING], reason: "1.1.0 does not look at the free space, https://example.org/9" };
    return scenario === "killed-mid-swap"
      ? { verdict: "skipped", outcome: null, reason: "needs a point that alpha does not name", durationMs: 0, downtimeMs: null }
      : {};
  });
}

function beta(): CellRecord[] {
  return pairs("beta", (_from, _to, scenario, inverted) => (inverted && scenario !== "clean" ? FAILED : {}));
}

const SWEEP: RunRecord["sweeps"][number] = {
  id: "beta/1.2.0..1.3.0/kill-sweep@docker",
  operations: POINTS,
  candidates: 41,
  states: POINTS,
  run: POINTS,
  recovered: POINTS - 2,
  outcomes: [
    { outcome: "rolled-back", points: 20 },
    { outcome: "upgraded", points: 18 },
    { outcome: "bricked", points: 2 },
  ],
  cached: false,
  failures: [
    {
      check: "active-pointer",
      path: "current",
      actual: "leads nowhere",
      points: 2,
      first: "beta/1.2.0..1.3.0/kill-sweep.0020-after-unlink-current@docker",
      sentence: "after operation 20, unlink of …/current",
    },
  ],
};

function sweepCells(): CellRecord[] {
  const point = (index: number): CellRecord => {
    const bad = index === 20 || index === 21;
    const name = `${String(index).padStart(4, "0")}-after-${bad ? "unlink-current" : "write-file"}`;
    const parts: Partial<CellRecord> = bad ? FAILED : { outcome: index < 20 ? "rolled-back" : "upgraded" };
    const evidence = [`after operation ${index}, ${bad ? "unlink of …/current" : "write of 12 bytes to …/file"}`];
    return sampleCell({
      product: "beta",
      from: "1.2.0",
      to: "1.3.0",
      next: "1.3.0",
      scenario: `kill-sweep.${name}`,
      fault: { fired: true, evidence },
      ...parts,
    });
  };
  const recorded = sampleCell({ product: "beta", from: "1.2.0", to: "1.3.0", next: "1.3.0", scenario: "kill-sweep" });
  return [recorded, ...Array.from({ length: POINTS }, (_, index) => point(index + 1))];
}
