// What a recorded upgrade expands into, from a recording that is written by hand.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type Cell, type Operation, type Recording, SERVICE_MARK, type Sweep } from "../model/index.ts";
import { planCells } from "./plan.ts";
import { sampleInput, sampleProduct, sampleRelease, sampleScenario } from "./sample.ts";
import { expandSweep } from "./sweep.ts";

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const DATA = new TextEncoder().encode("12");
const CALL = { pid: 7 };

const OPERATIONS: readonly Operation[] = [
  { ...CALL, k: 1, op: "create", path: "/r/current.new", mode: "644", uid: 0, gid: 0 },
  { ...CALL, k: 2, op: "write", path: "/r/current.new", offset: 0, data: [1, 1] },
  { ...CALL, k: 3, op: "write", path: "/r/agent.log", offset: 0, data: [0, 1] },
  { ...CALL, k: 4, op: "rename", path: "/r/current.new", to: "/r/current" },
];

const RECORDING: Recording = {
  base: [
    { path: "/r", type: "directory", mode: "755", uid: 0, gid: 0 },
    { path: "/r/current", type: "file", mode: "644", uid: 0, gid: 0, data: [0, 1] },
    { path: "/r/agent.log", type: "file", mode: "644", uid: 0, gid: 0, data: [0, 0] },
  ],
  operations: OPERATIONS,
  notes: [{ note: "mark", name: `${SERVICE_MARK}:agent.service`, after: 2 }],
  data: DATA,
};

function planned(sweep: Sweep, capabilities: readonly string[] = ["recorder"]): Cell {
  const input = sampleInput({
    releases: [sampleRelease("1.0.0", 1), sampleRelease("2.0.0", 2)],
    scenarios: { strike: sampleScenario({ sweep, settled: "repaired" }) },
  });
  const environments = input.environments.map((facts) => ({ ...facts, capabilities, lacks: { recorder: "no compiler" } }));
  const [cell] = planCells({ ...input, environments }).cells;
  if (cell === undefined) throw new Error("nothing was planned");
  return cell;
}

function expanded(sweep: Sweep, tier: "gate" | "full" = "full", recording = RECORDING): ReturnType<typeof expandSweep> {
  return expandSweep({ cell: planned(sweep), product: sampleProduct({ logs: { agent: ["agent.log"] } }), recording, tier, digest });
}

test("a sweep is one cell that records its upgrade, and without a recorder a skip that says why there is none", () => {
  const cell = planned({ kind: "kill", part: "all" });
  expect(cell).toMatchObject({ id: "agent/1.0.0..2.0.0/strike@docker", script: { sweep: { kind: "kill" } } });
  expect(cell.script.steps).toContainEqual({ kind: "upgrade", role: "to", faults: true });
  expect(cell.skip).toBeUndefined();
  expect(planned({ kind: "kill", part: "all" }, []).skip).toBe("the sweep needs the recorder, which docker lacks: no compiler");
});

test("a costly product's sweep takes the first, the last and so many points in between; the tier full takes all", () => {
  const input = { cell: planned({ kind: "kill", part: "all" }), product: sampleProduct(), recording: RECORDING, digest } as const;
  const names = (tier: "gate" | "full", most?: number): string[] =>
    expandSweep({ ...input, tier, most }).points.map(({ scenario }) => scenario.slice("strike.".length, "strike.".length + 4));
  expect(names("gate")).toEqual(["0000", "0001", "0002", "0003", "0004"]);
  expect(names("gate", 3)).toEqual(["0000", "0002", "0004"]);
  expect(names("gate", 1)).toEqual(["0000"]);
  expect(names("gate", 9)).toHaveLength(5);
  expect(names("full", 3)).toHaveLength(5);
  expect(expandSweep({ ...input, tier: "gate", most: 3 }).states).toBe(5);
});

test("a kill sweep has a point for each distinct tree; what goes into logs makes none", () => {
  const { points, operations, states, candidates } = expanded({ kind: "kill", part: "all" });
  expect(points.map(({ scenario }) => scenario)).toEqual([
    "strike.0000-before-anything",
    "strike.0001-after-create-current-new",
    "strike.0002-after-write-current-new",
    "strike.0004-after-rename-current",
  ]);
  expect({ operations, states, candidates }).toEqual({ operations: 3, states: 4, candidates: 4 });
  expect(points[3]?.script).toMatchObject({
    scenario: "strike.0004-after-rename-current",
    faults: [{ do: { kill: "all" } }],
    cut: { k: 4, variant: "kill", sentence: "after operation 4, rename of …/current.new to …/current" },
  });
  expect(points[3]?.script.steps.map(({ kind }) => kind)).toEqual([
    ...["install", "start", "edit", "snapshot", "upgrade"],
    ...["reboot", "snapshot", "upgrade", "settle", "snapshot", "stop"],
  ]);
  expect(points[3]?.script).not.toHaveProperty("sweep");
});

test("the part after the agent's restart begins there", () => {
  expect(expanded({ kind: "kill", part: "after-restart" }).points.map(({ script }) => script.cut?.k)).toEqual([2, 4]);
  expect(expanded({ kind: "kill", part: "after-restart" }, "full", { ...RECORDING, notes: [] }).points).toEqual([]);
  const later = { ...RECORDING, notes: [{ note: "mark" as const, name: `${SERVICE_MARK}:guest-1/helper.service`, after: 2 }] };
  const product = sampleProduct({ services: ["agent", "helper"].map((name) => ({ name, unit: `${name}.service` })) });
  const cell = planned({ kind: "kill", part: "after-restart" });
  expect(expandSweep({ cell, product, recording: later, tier: "full", digest }).points.map(({ script }) => script.cut?.k)).toEqual([
    2, 3, 4,
  ]);
});

test("a power loss leaves more than a kill: without a sync the new file may be empty", () => {
  const { points } = expanded({ kind: "power-loss", part: "all", dropOne: false });
  const variants = new Set(points.map(({ script }) => script.cut?.variant));
  expect(variants).not.toContain("kill");
  expect(variants.size).toBeGreaterThan(1);
});

test("an operation fails in each way that it can", () => {
  const { points, states } = expanded({ kind: "errno", part: "all", errors: ["ENOSPC", "EIO"] });
  expect(points.map(({ scenario }) => scenario)).toEqual([
    "strike.create-current-new.enospc",
    "strike.create-current-new.enospc-sticky",
    "strike.create-current-new.eio",
    "strike.write-current-new.enospc",
    "strike.write-current-new.enospc-sticky",
    "strike.write-current-new.eio",
    "strike.rename-current.eio",
  ]);
  expect(states).toBe(7);
  expect(points[6]?.script.faults).toEqual([
    { when: { operation: "rename", path: "current", nth: 1, moment: "before" }, do: { fail: "EIO", sticky: false }, undo: "settled" },
  ]);
  expect(points[6]?.script.steps).toEqual(planned({ kind: "kill", part: "all" }).script.steps);
});

test("a signal goes to who is about to carry out the operation", () => {
  const { points } = expanded({ kind: "signal", part: "all", signal: "SIGTERM" });
  expect(points.map(({ script }) => script.faults[0]?.do)).toEqual([1, 2, 3].map(() => ({ kill: "caller", signal: "SIGTERM" })));
});

test("the gate takes the first, the middle and the last operation of a kind in a folder", () => {
  const many: Recording = {
    ...RECORDING,
    operations: Array.from({ length: 9 }, (_, index): Operation => ({
      ...CALL,
      k: index + 1,
      op: "mkdir",
      path: `/r/d${index}`,
      mode: "755",
      uid: 0,
      gid: 0,
    })),
  };
  const { points, states } = expanded({ kind: "kill", part: "all" }, "gate", many);
  expect(points.map(({ script }) => script.cut?.k)).toEqual([0, 1, 5, 9]);
  expect(states).toBe(10);
});

test.each([
  ["agent/1.0.0..2.0.0/strike.0004-after-rename-current@docker", 1],
  ["agent/*/strike.0004*", 1],
  ["agent/*/strike@docker", 1],
  ["agent/*/other.0004*", 0],
  ["agent/1.0.0..2.0.0", 1],
])("the pattern %s plans %d sweep", (pattern, count) => {
  const input = sampleInput({
    releases: [sampleRelease("1.0.0", 1), sampleRelease("2.0.0", 2)],
    scenarios: { strike: sampleScenario({ sweep: { kind: "kill" } }) },
  });
  expect(planCells({ ...input, filter: { patterns: [pattern] } }).cells).toHaveLength(count);
});

test("an errno sweep strikes at what comes by in every run, and says how much does not", () => {
  const sweep: Sweep = { kind: "errno", part: "all", errors: ["EIO"] };
  const input = {
    cell: planned(sweep),
    product: sampleProduct({ logs: { agent: ["agent.log"] } }),
    recording: RECORDING,
    tier: "full",
    digest,
  } as const;
  const beat: Operation = { ...CALL, k: 5, op: "truncate", path: "/r/beat", size: 0 };
  const beating = { ...RECORDING, operations: [...OPERATIONS, beat] };
  const names = ({ points }: ReturnType<typeof expandSweep>): string[] => points.map(({ scenario }) => scenario);
  const steady = expandSweep({ ...input, again: RECORDING });
  expect(names(steady)).toEqual(names(expandSweep(input)));
  expect(steady.irregular).toBeUndefined();
  const beaten = expandSweep({ ...input, recording: beating, again: RECORDING });
  expect(names(beaten)).toEqual(names(steady));
  expect(beaten).toMatchObject({ irregular: 1, states: steady.states });
});
