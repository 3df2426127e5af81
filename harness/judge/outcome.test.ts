// The outcome table: what is seen, and what it is called.
import { expect, test } from "vitest";
import type { Cell, Outcome, Snapshot, Step } from "../model/index.ts";
import {
  BACK,
  cellOf,
  DEADLINE,
  judged,
  KILL,
  restartedAs,
  scriptOf,
  type Seen,
  snapshotOf,
  type Tale,
  treeOf,
  triggered,
  USUAL,
} from "./testing.ts";

const plain = cellOf();
const killed = cellOf(scriptOf({ settled: "repaired", faults: [KILL], expect: ["upgraded", "rolled-back", "refused"] }));
const rebuild = cellOf(scriptOf(), { kind: "rebuild", from: "2.0.0" });
const FIRED: Seen = { kind: "fault", fault: 0, event: "fired", evidence: "SIGKILL to 100" };
const dead: Partial<Snapshot> = { version: null, healthy: false, processes: [] };
const down = (label: "after" | "rebooted" | "again"): Snapshot => ({ ...USUAL[label], ...dead });
/** 1.0.0 was never touched: its process is the one from before. */
const untouched = { ...BACK, after: { ...BACK.after, processes: USUAL.before.processes } };
const built = (build: string): Snapshot => snapshotOf("2.0.0", { tree: treeOf("2.0.0", build) });
const rebuiltTale = (after: Snapshot, during?: readonly Seen[]): Tale => ({
  snapshots: { before: snapshotOf("2.0.0"), after, rebooted: after },
  during: { 2: [{ kind: "health", version: "2.0.0", healthy: true }], ...(during === undefined ? {} : { 5: during }) },
});

const table: [name: string, cell: Cell, tale: Tale, outcome: Outcome][] = [
  ["the new version runs", plain, {}, "upgraded"],
  ["the old version was never touched", plain, { snapshots: untouched, during: { 5: [triggered(0)] } }, "refused"],
  [
    "the command was turned down, though services restarted",
    plain,
    { snapshots: BACK, during: { 5: [triggered(1), ...restartedAs("1.0.0").slice(1)] } },
    "refused",
  ],
  [
    "turned down, and yet the new version answered",
    plain,
    { snapshots: BACK, during: { 5: [triggered(1), ...restartedAs("2.0.0").slice(1)] } },
    "rolled-back",
  ],
  [
    "the old version runs again",
    plain,
    { snapshots: BACK, during: { 5: [...restartedAs("2.0.0"), ...restartedAs("1.0.0")] } },
    "rolled-back",
  ],
  ["no service event, but another process", plain, { snapshots: BACK, during: { 5: [triggered(0)] } }, "rolled-back"],
  ["an upgrade is still going on", plain, { snapshots: { after: { ...USUAL.after, busy: ["file .upgrading"] } } }, "stuck"],
  ["a third version runs", plain, { snapshots: { after: snapshotOf("9.9.9") } }, "stuck"],
  ["only a reboot brings it back", plain, { snapshots: { after: down("after") } }, "stuck"],
  [
    "nothing answers, also after a reboot",
    plain,
    { snapshots: { after: down("after"), rebooted: down("rebooted"), again: down("again") } },
    "bricked",
  ],
  ["time runs out during the upgrade", plain, { cutIn: 5, end: DEADLINE }, "stuck"],
  ["time runs out while it settles", plain, { cutIn: 6, end: DEADLINE }, "stuck"],
  ["time runs out during the reboot", plain, { cutIn: 8, end: DEADLINE }, "stuck"],
  ["time runs out in the one more upgrade", plain, { cutIn: 10, end: DEADLINE }, "upgraded"],
  ["time runs out while it stops", plain, { cutIn: 13, end: DEADLINE }, "upgraded"],
  ["killed, and upgraded after the reboot", killed, { snapshots: { after: down("after") }, during: { 5: [FIRED] } }, "upgraded"],
  [
    "killed, and the old one after the reboot",
    killed,
    { snapshots: { ...BACK, after: down("after") }, during: { 5: [FIRED] } },
    "rolled-back",
  ],
  [
    "killed, and busy only until one more upgrade",
    killed,
    { snapshots: { rebooted: { ...USUAL.rebooted, busy: ["x"] } }, during: { 5: [FIRED] } },
    "upgraded",
  ],
  [
    "killed, and dead after the reboot",
    killed,
    { snapshots: { rebooted: down("rebooted"), again: down("again") }, during: { 5: [FIRED] } },
    "bricked",
  ],
  ["a rebuild is there", rebuild, rebuiltTale(built(" rebuilt")), "upgraded"],
  ["a rebuild was refused", rebuild, rebuiltTale(built(""), [triggered(0)]), "refused"],
  ["a rebuild was taken back", rebuild, rebuiltTale(built("")), "rolled-back"],
];

test.each(table)("%s", (_, cell, tale, outcome) => {
  const fresh = cell.kind === "rebuild" ? treeOf("2.0.0", " rebuilt") : treeOf("2.0.0");
  expect(judged(cell, tale, { fresh }).outcome).toBe(outcome);
});

test("builds that leave equal trees are told apart by the updater's word", () => {
  const tale = (code: number): Tale => rebuiltTale(built(""), [triggered(code)]);
  expect(judged(rebuild, tale(0)).outcome).toBe("upgraded");
  expect(judged(rebuild, tale(1)).outcome).toBe("refused");
});

test("in a chain the last upgrade decides, and going back means to what ran before it", () => {
  const own: Step[] = [
    { kind: "upgrade", role: "to", faults: false },
    { kind: "settle" },
    { kind: "upgrade", role: "next", faults: false },
  ];
  const chain = cellOf(scriptOf({}, own));
  const third = { after: USUAL.again, rebooted: USUAL.again, again: USUAL.after };
  expect(judged(chain, { snapshots: third }).outcome).toBe("upgraded");
  const back = judged(chain, { during: { 7: [...restartedAs("3.0.0"), ...restartedAs("2.0.0")] } });
  expect(back.outcome).toBe("rolled-back");
  expect(back.findings.map(({ check }) => check)).toEqual(["expected-outcome"]);
});
