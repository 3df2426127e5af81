// For every check something broken that it catches, and something sound, close to it, that it spares.
import { expect, test } from "vitest";
import type { Cell, Snapshot, SnapshotLabel } from "../../model/index.ts";
import {
  BACK,
  broken,
  cellOf,
  type Circumstances,
  DEADLINE,
  directory,
  file,
  judged,
  KILL,
  link,
  productOf,
  restartedAs,
  scriptOf,
  type Seen,
  snapshotOf,
  type Tale,
  treeOf,
  triggered,
  USUAL,
  withEntries,
  without,
} from "../testing.ts";
import { judgedFleet } from "../fleet-testing.ts";
import { FLEET_CASES } from "./fleet.testing.ts";
import { CHECKS } from "./index.ts";

type Case = [what: string, cell: Cell, tale: Tale, circumstances?: Circumstances];
interface Pair {
  readonly broken: readonly Case[];
  readonly sound: readonly Case[];
}

const plain = cellOf();
const rollback = cellOf(scriptOf({ expect: ["rolled-back", "refused"] }));
const FIRED: Seen = { kind: "fault", fault: 0, event: "fired", evidence: "SIGKILL to 100" };
const killed = cellOf(scriptOf({ settled: "repaired", faults: [KILL], expect: ["upgraded", "rolled-back", "refused"] }));
const slow = cellOf(scriptOf({}, [{ kind: "upgrade", role: "to", variant: "slow-but-healthy", faults: false }]));
const chain = cellOf(
  scriptOf({}, [{ kind: "upgrade", role: "to", faults: false }, { kind: "settle" }, { kind: "upgrade", role: "next", faults: false }]),
);
const retry = cellOf(
  scriptOf({}, [
    { kind: "upgrade", role: "to", variant: "crash-on-start", faults: false },
    { kind: "settle" },
    { kind: "upgrade", role: "to", faults: false },
  ]),
);
const THIRD = { after: USUAL.again, rebooted: USUAL.again, again: USUAL.after };

const yaml = (text: string): Partial<Snapshot> => ({ unparsed: [{ path: "state.yaml", text }] });

type Changes = Partial<Snapshot> | ((usual: Snapshot) => Partial<Snapshot>);
/** The usual snapshots with these changed from a label on: what is broken stays broken. */
function from(
  label: SnapshotLabel,
  changes: Changes,
  base: Partial<Record<SnapshotLabel, Snapshot>> = USUAL,
): NonNullable<Tale["snapshots"]> {
  const order: SnapshotLabel[] = ["after", "rebooted", "again"];
  const changed = order.slice(order.indexOf(label)).map((one) => {
    const usual = base[one] ?? USUAL[one];
    return [one, { ...usual, ...(typeof changes === "function" ? changes(usual) : changes) }];
  });
  return { ...base, ...Object.fromEntries(changed) };
}
const only = (label: SnapshotLabel, changes: Changes): Tale => ({
  snapshots: { [label]: { ...USUAL[label], ...(typeof changes === "function" ? changes(USUAL[label]) : changes) } },
});
const trees = (change: (tree: Snapshot["tree"]) => Snapshot["tree"]) => (usual: Snapshot) => ({ tree: change(usual.tree) });
const add = (...entries: Snapshot["tree"]) => trees((tree) => withEntries(tree, entries));
const remove = (path: string) => trees((tree) => without(tree, path));

const dead = { version: null, healthy: false };
const watcher = { pid: 7, parent: 1, command: "/opt/agent watch" };
const wrapper = [file("v2.0.0/agent", "wrapper", { mode: "755" }), file("v2.0.0/agent.real", "program 2.0.0")];
const health = (version: string | null, healthy: boolean): Seen => ({ kind: "health", version, healthy });
const filler = (count: number): Seen[] => Array.from({ length: count }, () => ({ kind: "problem", message: "time goes by" }));

const cases: Record<string, Pair> = {
  "expected-outcome": {
    broken: [
      ["a rollback where an upgrade is right", plain, { snapshots: BACK }],
      ["a dead agent", plain, { snapshots: from("after", dead) }],
    ],
    sound: [["a rollback where it is right", rollback, { snapshots: BACK }]],
  },
  "next-upgrade-works": {
    broken: [
      ["one more upgrade bricks", plain, only("again", dead)],
      ["it never ends", plain, only("again", { busy: ["file .upgrading"] })],
      ["time runs out", plain, { cutIn: 10, end: DEADLINE }],
      ["a third version runs", plain, only("again", snapshotOf("9.9.9"))],
      ["what works by itself is refused here", plain, { snapshots: { again: USUAL.after } }, { pairs: { "2.0.0 3.0.0": "upgraded" } }],
    ],
    sound: [
      ["it works", plain, {}, { pairs: { "2.0.0 3.0.0": "upgraded" } }],
      ["nothing is known, and it is refused", plain, { snapshots: { again: USUAL.after } }],
      ["the pair always rolls back", plain, { snapshots: { again: USUAL.after } }, { pairs: { "2.0.0 3.0.0": "rolled-back" } }],
      ["the pair bricks by itself", plain, only("again", { ...dead, processes: [] }), { pairs: { "2.0.0 3.0.0": "bricked" } }],
    ],
  },
  "upgrades-in-turn": {
    broken: [["the first of two did not arrive", chain, { snapshots: THIRD, during: { 5: [triggered(0)] } }]],
    sound: [
      ["both arrived", chain, { snapshots: THIRD }],
      ["the first was broken on purpose", retry, { during: { 5: [...restartedAs("2.0.0"), ...restartedAs("1.0.0")] } }],
    ],
  },
  "active-pointer": {
    broken: [
      [
        "it does not exist",
        plain,
        only("after", { active: { exists: false, target: null, version: null, detail: "current does not exist" } }),
      ],
      ["it dangles", plain, only("rebooted", { active: { exists: false, target: "v9", version: null, detail: "leads nowhere" } })],
      ["its target is not in the tree", plain, only("after", { active: { exists: true, target: "v9", version: "2.0.0", detail: "" } })],
      [
        "its target cannot be run",
        plain,
        only("after", { active: { exists: true, target: "v2.0.0", version: null, detail: "exit code 127" } }),
      ],
    ],
    sound: [
      [
        "nobody was asked after the reboot",
        plain,
        only("rebooted", { active: { exists: true, target: "v2.0.0", version: null, detail: "not asked" } }),
      ],
      [
        "the power was cut, and the reboot mended it",
        killed,
        {
          ...only("after", { active: { exists: false, target: null, version: null, detail: "" } }),
          during: { 5: [FIRED, health("2.0.0", true)] },
        },
      ],
    ],
  },
  "user-files": {
    broken: [
      ["an edit was lost", plain, { snapshots: from("after", add(file("config.yaml", "port: 1"))) }],
      ["preserved data are gone", plain, { snapshots: from("rebooted", remove("mine/store")) }],
      ["its rights changed", plain, { snapshots: from("after", add(file("mine/store", "treasure", { mode: "600" }))) }],
      ["something was added", plain, { snapshots: from("after", add(file("mine/other", "x"))) }],
    ],
    sound: [
      [
        "the new release brings a file of its own",
        plain,
        { snapshots: from("after", add(file("mine/new", "x"))) },
        { fresh: withEntries(treeOf("2.0.0"), [file("mine/new", "x")]) },
      ],
    ],
  },
  "readable-state": {
    broken: [
      [
        "a state file is half written",
        plain,
        { snapshots: from("after", { unreadable: [{ path: "state.json", problem: "Unexpected end" }] }) },
      ],
      ["one in YAML is half written", plain, { snapshots: from("after", yaml("version: 2.0.0\nhisto")) }],
      ["one in YAML ends in the middle of a list", plain, { snapshots: from("rebooted", yaml("history: [1.0.0, ")) }],
      ["one in YAML names a key twice", plain, { snapshots: from("after", yaml("version: 1.0.0\nversion: 2.0.0\n")) }],
      ["one in YAML holds only an end of line", plain, { snapshots: from("after", yaml("\n")) }],
    ],
    sound: [
      ["YAML of several documents", plain, { snapshots: from("after", yaml("# kept by the agent\n---\nversion: 2.0.0\n---\n[1.0.0]\n")) }],
      ["YAML of nothing but a comment", plain, { snapshots: from("after", yaml("# nothing yet\n")) }],
      [
        "only until one more upgrade after a power cut",
        killed,
        {
          ...only("rebooted", { unreadable: [{ path: "state.json", problem: "Unexpected end" }] }),
          during: { 5: [FIRED, health("2.0.0", true)] },
        },
      ],
    ],
  },
  "empty-files": {
    broken: [["a state file lost its content", plain, { snapshots: from("after", add(file("state.json", ""))) }]],
    sound: [
      [
        "a file that is empty in a fresh install too",
        plain,
        { snapshots: from("after", add(file("marker", ""))) },
        { fresh: withEntries(treeOf("2.0.0"), [file("marker", "")]) },
      ],
    ],
  },
  "updating-command": {
    broken: [
      ["it failed, and the upgrade went through", plain, { during: { 5: [triggered(127), ...restartedAs("2.0.0").slice(1)] } }],
      ["the one of the next upgrade failed", plain, { during: { 10: [triggered(127), ...restartedAs("3.0.0").slice(1)] } }],
    ],
    sound: [
      ["a second trigger was turned down", plain, { during: { 5: [triggered(1), ...restartedAs("2.0.0")] } }],
      ["it was killed by the fault", killed, { during: { 5: [FIRED, triggered(1), health("2.0.0", true)] } }],
      ["it was turned down, and nothing happened", rollback, { snapshots: BACK, during: { 5: [triggered(1)] } }],
      [
        "the same upgrade, delivered once more, was turned down",
        cellOf(
          scriptOf({}, [
            { kind: "upgrade", role: "to", faults: false },
            { kind: "settle" },
            { kind: "upgrade", role: "to", faults: false },
          ]),
        ),
        { during: { 5: restartedAs("2.0.0"), 7: [triggered(1)] } },
      ],
      [
        "one more upgrade to what runs already was turned down",
        cellOf(scriptOf(), { next: "2.0.0" }),
        { snapshots: { again: USUAL.after }, during: { 10: [triggered(1)] } },
      ],
    ],
  },
  "over-in-time": {
    broken: [["it ended only once the fault was taken back", plain, { failed: { 5: "accepted; not over within 20s" } }]],
    sound: [
      [
        "what was killed waits for the reboot",
        killed,
        { failed: { 5: "not over within 20s" }, during: { 5: [FIRED, health("2.0.0", true)] } },
      ],
    ],
  },
  "version-reported": {
    broken: [
      [
        "the old one still answers",
        rollback,
        { snapshots: from("after", { active: { exists: true, target: "v1.0.0", version: "2.0.0", detail: "" } }, BACK) },
      ],
      ["one agent answers in two versions", plain, only("after", { version: "1.0.0 and 2.0.0" })],
    ],
    sound: [["the pointer cannot tell", cellOf(), only("after", {}), { product: productOf({ active: { path: "current" } }) }]],
  },
  processes: {
    broken: [
      [
        "two agents",
        plain,
        { snapshots: from("after", (usual) => ({ processes: [...usual.processes, { pid: 9, parent: 1, command: "/opt/agent run" }] })) },
      ],
      ["none", plain, { snapshots: from("rebooted", { processes: [] }) }],
      ["a watcher is left", plain, { snapshots: from("after", (usual) => ({ processes: [...usual.processes, watcher] })) }],
    ],
    sound: [
      [
        "somebody else's process",
        plain,
        { snapshots: from("after", (usual) => ({ processes: [...usual.processes, { pid: 9, parent: 1, command: "sh" }] })) },
      ],
    ],
  },
  "layout-after-upgrade": {
    broken: [
      ["the old version was left", plain, { snapshots: from("after", add(directory("v1.0.0"))) }],
      ["a file is missing", plain, { snapshots: from("after", remove("v2.0.0/agent")) }],
      [
        "a wrapped file was left by a failed upgrade",
        retry,
        { snapshots: from("after", add(...wrapper)), during: { 5: [...restartedAs("2.0.0"), ...restartedAs("1.0.0")] } },
      ],
      [
        "the power cut left something that one more upgrade did not clear",
        killed,
        { ...only("again", add(directory("v0"))), during: { 5: [FIRED, health("2.0.0", true)] } },
      ],
    ],
    sound: [
      [
        "a candidate that is wrapped",
        slow,
        {
          snapshots: {
            after: { ...USUAL.after, ...add(...wrapper)(USUAL.after) },
            rebooted: { ...USUAL.rebooted, ...add(...wrapper)(USUAL.rebooted) },
          },
        },
      ],
      [
        "one more upgrade cleared what the power cut left",
        killed,
        { ...only("after", add(directory("v0"))), during: { 5: [FIRED, health("2.0.0", true)] } },
      ],
      ["logs of the old version", plain, { snapshots: from("after", add(directory("v1.0.0"), file("v1.0.0/logs/a", "x"))) }],
    ],
  },
  "layout-after-rollback": {
    broken: [
      ["the new version was left", rollback, { snapshots: from("after", add(directory("v2.0.0")), { ...BACK, again: USUAL.after }) }],
      ["the pointer is not as it was", rollback, { snapshots: from("after", add(link("current", "v1.0.0/")), BACK) }],
    ],
    sound: [
      ["state that changes", rollback, { snapshots: { ...BACK, after: { ...BACK.after, ...add(file("state.json", "{}"))(BACK.after) } } }],
    ],
  },
  "explicit-layout": {
    broken: [
      ["a path is missing", cellOf(scriptOf({ layout: { present: ["**/agent.exe"], absent: [] } })), {}],
      ["a path is there", cellOf(scriptOf({ layout: { present: [], absent: ["v2*/agent"] } })), {}],
    ],
    sound: [["all as it is named", cellOf(scriptOf({ layout: { present: ["**/agent"], absent: ["v1.0.0"] } })), {}]],
  },
  "reboot-changes-nothing": {
    broken: [
      ["another version", plain, { snapshots: { ...BACK, after: USUAL.after } }],
      ["a file more", plain, only("rebooted", add(file("v2.0.0/core", "x")))],
      ["no agent", plain, { snapshots: from("rebooted", dead) }],
    ],
    sound: [
      ["state that changes", plain, only("rebooted", add(file("state.json", "{}"), file("run/pid", "5")))],
      ["logs that are cleared away", plain, only("after", add(directory("v1"), file("v1/logs/a", "x")))],
    ],
  },
  "temporary-names": {
    broken: [["a folder is left", plain, { snapshots: from("after", add(directory("work"), file("work/a", "x"))) }]],
    sound: [
      [
        "a name that looks like one elsewhere",
        plain,
        { snapshots: from("after", add(file("run/x.tmp", "x"), file("v2.0.0/logs/x.tmp", "x"))) },
      ],
    ],
  },
  "disk-bounded": {
    broken: [["downloads are kept", plain, only("after", { diskBytes: 10_000 })]],
    sound: [["within the limit", plain, only("after", ({ diskBytes }) => ({ diskBytes: diskBytes * 1.5 }))]],
  },
  downtime: {
    broken: [
      ["too long for the product", plain, { during: { 5: [triggered(0), health(null, false), ...filler(110), health("2.0.0", true)] } }],
      ["too long for the scenario", cellOf(scriptOf({ downtime: "10ms" })), {}],
    ],
    sound: [
      ["short", plain, {}],
      [
        "long, but a candidate is slow on purpose",
        slow,
        { during: { 5: [triggered(0), health(null, false), ...filler(110), health("2.0.0", true)] } },
      ],
    ],
  },
};

test("every check has its cases", () => {
  const all = new Set([...Object.keys(cases), ...Object.keys(FLEET_CASES)]);
  expect([...all].toSorted()).toEqual(CHECKS.map(({ name }) => name).toSorted());
});

for (const [check, pair] of Object.entries(cases)) {
  test.each(pair.broken)(`${check} catches: %s`, (_, cell, tale, circumstances = {}) => {
    expect(broken(judged(cell, tale, circumstances))).toContain(check);
  });
  test.each(pair.sound)(`${check} spares: %s`, (_, cell, tale, circumstances = {}) => {
    const found = broken(judged(cell, tale, circumstances));
    expect(found).toEqual([]);
  });
}

for (const [check, pair] of Object.entries(FLEET_CASES)) {
  test.each(pair.broken)(`in a fleet, ${check} catches: %s`, (_, cell, tale) => {
    expect(broken(judgedFleet(cell, tale))).toContain(check);
  });
  test.each(pair.sound)(`in a fleet, ${check} spares: %s`, (_, cell, tale) => {
    expect(broken(judgedFleet(cell, tale))).toEqual([]);
  });
}

test("the cause stands first, and what follows from it last", () => {
  const gone = { ...dead, processes: [], active: { exists: false, target: "v2.0.0", version: null, detail: "leads nowhere" } };
  const judgement = judged(plain, {
    snapshots: from("after", gone),
    failed: { 8: "Not healthy", 10: "No healthy agent is left to upgrade" },
    during: { 10: [] },
  });
  expect(judgement.outcome).toBe("bricked");
  const names = judgement.findings.map(({ check, step }) => `${check} ${step}`);
  expect(names.slice(0, 2)).toEqual(["expected-outcome 7", "active-pointer 7"]);
  expect(names.at(-1)).toBe("next-upgrade-works 10");
});

test("a finding names the step where it was seen, and a thing that stays broken is told once", () => {
  const { findings } = judged(plain, { snapshots: from("rebooted", remove("mine/store")) });
  expect(findings).toEqual([
    { check: "user-files", path: "mine/store", expected: expect.stringMatching(/^file, 8 bytes/), actual: "missing", step: 9 },
  ]);
});
