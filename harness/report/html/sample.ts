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

/** A cell of a product with two hosts and a service of each: one is away for long, its sources disagree, a line was cut. */
export const FLEET_CELL: CellRecord = sampleCell({
  product: "fleet",
  scenario: "line-cut",
  verdict: "failed",
  outcome: "upgraded",
  downtimeMs: 300,
  downtimeAt: { member: "host-1/api", from: 400, to: 700 },
  findings: [{ check: "consistent-sources", path: null, expected: "one answer", actual: "runs says 2.0.0, intent says 1.4.0", step: 7 }],
  steps: FAILED.steps ?? [],
});

/** What was seen of it; with `sound`, all is as it should be. */
export function fleetDetails(sound = false): Observation[] {
  const look = (label: "before" | "after", t: number, version: string, second: string, process: string): Observation => ({
    t,
    kind: "snapshot",
    label,
    snapshot: {
      ...{ tree: [], version, healthy: true, active: { exists: true, target: "a", version, detail: "" } },
      ...{ processes: [], busy: [], unreadable: [], diskBytes: 0 },
      members: [
        { name: "host-1/api", host: "host-1", service: "api", version, healthy: true, process: `11:${process}` },
        { name: "host-2/api", host: "host-2", service: "api", version: second, healthy: true, process: "12:1" },
      ],
      statements: [
        { of: "version", member: "host-1/api", says: { runs: version, intent: version } },
        { of: "version", member: "host-2/api", says: { runs: second, intent: version } },
      ],
      facts: { alarms: sound ? "0" : label === "after" ? null : "0" },
    },
  });
  const member = (t: number, name: string, version: string | null, healthy = version !== null): Observation => ({
    ...{ t, kind: "member", member: name, version, healthy },
  });
  return [
    { t: 0, kind: "step", step: 1, event: "started" },
    { t: 0, kind: "health", version: null, healthy: false },
    member(0, "host-1/api", null),
    member(0, "host-2/api", null),
    member(50, "host-1/api", "1.4.0"),
    member(60, "host-2/api", "1.4.0"),
    { t: 60, kind: "health", version: "1.4.0", healthy: true },
    { t: 90, kind: "step", step: 1, event: "ended", ok: true, message: "" },
    look("before", 100, "1.4.0", "1.4.0", "1"),
    { t: 110, kind: "step", step: 7, event: "started" },
    { t: 150, kind: "network", change: "cut", between: ["host-2", "inventory"], evidence: "" },
    member(200, "host-1/api", null),
    { t: 200, kind: "health", version: null, healthy: false },
    member(300, "host-1/api", "2.0.0"),
    member(400, "host-1/api", null),
    member(700, "host-1/api", "2.0.0"),
    { t: 700, kind: "health", version: "2.0.0", healthy: true },
    { t: 750, kind: "network", change: "heal", between: ["host-2", "inventory"], evidence: "" },
    {
      t: 780,
      kind: "burst",
      request: "start",
      count: 200,
      statuses: { "202": 180, "429": sound ? 20 : 19 },
      unanswered: sound ? 0 : 1,
      unclear: [],
    },
    { t: 790, kind: "step", step: 7, event: "ended", ok: true, message: "" },
    look("after", 800, "2.0.0", sound ? "2.0.0" : "1.4.0", "2"),
    { t: 850, kind: "host", host: "host-2", event: "removed" },
    { t: 1000, kind: "end", end: { how: "complete", detail: "", leaks: [] } },
  ];
}
