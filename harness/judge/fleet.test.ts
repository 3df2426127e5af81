// Fleets: what a mixture of releases is called, and which tree each of its hosts and services must have.
import { expect, test } from "vitest";
import type { Cell, Outcome, Step } from "../model/index.ts";
import { FLEET, fleetCell, fleetSnapshot, type FleetTale, fleetTreeOf, judgedFleet, member, partly, restart } from "./fleet-testing.ts";
import { broken, file, triggered, withEntries, without } from "./testing.ts";

const ADD: Step = { kind: "fleet", do: { add: "host-3" } };
const REMOVE: Step = { kind: "fleet", do: { remove: "host-2" } };
const one = fleetCell({}, [partly({ hosts: ["host-1"] })]);
const agents = fleetCell({}, [partly({ services: ["agent"] })]);
const whole = fleetCell();
const three = ["host-1", "host-2", "host-3"];
const HOST_1 = { "host-1": "2.0.0" };
const AGENTS = { agent: "2.0.0" };
const FROM = { "*": "1.0.0" };
const untouched: FleetTale = { ends: FROM, during: { 5: [triggered(0)] } };

const table: readonly [name: string, cell: Cell, tale: FleetTale, outcome: Outcome, problems: readonly string[]][] = [
  ["all run the new release", whole, {}, "upgraded", []],
  ["one host was left behind", whole, { ends: HOST_1 }, "stuck", ["expected-outcome"]],
  ["only one host was meant, and it runs the new release", one, { ends: HOST_1 }, "upgraded", []],
  ["only one host was meant, and all run it", one, {}, "stuck", ["expected-outcome"]],
  ["only one service was meant", agents, { ends: AGENTS }, "upgraded", []],
  [
    "what is said of each counts more than what was meant",
    fleetCell({ runs: { "host-1": "to", "*": "from" } }),
    { ends: HOST_1 },
    "upgraded",
    [],
  ],
  ["nothing was touched", fleetCell({ expect: ["refused"] }), untouched, "refused", []],
  ["all went back", fleetCell({ expect: ["rolled-back"] }), { ends: FROM }, "rolled-back", []],
  [
    "hosts in turn",
    fleetCell({}, [partly({ hosts: ["host-1"] }), partly({ hosts: ["host-2"] })]),
    { during: { 5: restarts("host-1"), 6: restarts("host-2") } },
    "upgraded",
    [],
  ],
  [
    "the second of two went back",
    fleetCell({ expect: ["rolled-back"], runs: undefined }, [partly({ hosts: ["host-1"] }), partly({ hosts: ["host-2"] })]),
    { ends: HOST_1, during: { 5: restarts("host-1"), 6: [triggered(0), ...restart("host-2/agent", "1.0.0")] } },
    "rolled-back",
    [],
  ],
  [
    "a host that was added after the upgrade has what was there",
    fleetCell({}, [partly(), ADD]),
    { snapshots: { after: fleetSnapshot({ "*": "2.0.0", "host-3": "1.0.0" }, { hosts: three }) } },
    "upgraded",
    [],
  ],
  [
    "a host that was added before the upgrade is meant as well",
    fleetCell({}, [ADD, partly()]),
    { snapshots: { after: fleetSnapshot({ "*": "2.0.0" }, { hosts: three }) } },
    "upgraded",
    [],
  ],
  ["a host was removed, and is gone", fleetCell({}, [partly(), REMOVE]), {}, "upgraded", []],
  [
    "a host was removed, and its folder was not",
    fleetCell({}, [partly(), REMOVE]),
    { snapshots: { after: fleetSnapshot({ "*": "2.0.0" }, { hosts: ["host-1"], tree: fleetTreeOf({ "*": "2.0.0" }) }) } },
    "upgraded",
    ["layout-after-upgrade"],
  ],
];

function restarts(host: string): ReturnType<typeof restart> {
  return [triggered(0), ...["agent", "proxy"].flatMap((name) => restart(`${host}/${name}`, "2.0.0"))];
}

test.each(table)("%s", (_, cell, tale, outcome, problems) => {
  const judgement = judgedFleet(cell, tale);
  expect(judgement.errored).toBeNull();
  expect(judgement.outcome).toBe(outcome);
  expect(broken(judgement)).toEqual(problems.length === 0 ? [] : expect.arrayContaining([...problems]));
});

const either = fleetCell({ expect: ["upgraded", "rolled-back"] });
const halfway = fleetSnapshot(HOST_1);

test("where both ways are right each member may go its own, and each is compared with what it runs", () => {
  expect(judgedFleet(either, { ends: HOST_1 })).toMatchObject({ outcome: "rolled-back", findings: [] });
  const torn = { ...halfway, tree: withEntries(halfway.tree, [file("host-2/agent/main", "agent 2.0.0")]) };
  expect(broken(judgedFleet(either, { snapshots: { after: torn } }))).toEqual(["layout-after-rollback"]);
  const only = fleetCell({ expect: ["rolled-back"] });
  expect(judgedFleet(only, { ends: HOST_1 }).outcome).toBe("stuck");
  expect(judgedFleet(either, { ends: { "host-1": "2.0.0", "host-2": "0.9.0" } }).outcome).toBe("stuck");
});

test("a host that is added has the names of another one nowhere", () => {
  const cell = fleetCell({}, [partly(), ADD]);
  const named = (tree: ReturnType<typeof fleetTreeOf>, hosts: readonly string[], wrong = ""): ReturnType<typeof fleetTreeOf> =>
    withEntries(
      tree,
      hosts.map((host) => file(`${host}/name`, `I am ${wrong === "" ? host : wrong}`, { text: `I am ${wrong === "" ? host : wrong}` })),
    );
  const two = ["host-1", "host-2"];
  const versions = { "*": "2.0.0", "host-3": "1.0.0" };
  const after = (tree: ReturnType<typeof fleetTreeOf>): ReturnType<typeof fleetSnapshot> => fleetSnapshot(versions, { hosts: three, tree });
  const before = fleetSnapshot({}, { tree: named(fleetTreeOf({}), two) });
  const fresh = named(fleetTreeOf({ "*": "2.0.0" }, undefined, false), two);
  const sound = named(fleetTreeOf(versions, three), three);
  expect(broken(judgedFleet(cell, { snapshots: { before, after: after(sound) } }, { fresh }))).toEqual([]);
  const torn = named(sound, ["host-3"], "host-1");
  const { findings } = judgedFleet(cell, { snapshots: { before, after: after(torn) } }, { fresh });
  expect(findings.map(({ path, expected }) => [path, expected])).toEqual([["host-3/name", 'the text "I am host-3"']]);
});

test("what is off is named", () => {
  const [finding] = judgedFleet(whole, { ends: { "host-1": "2.0.0", "host-2/proxy": "2.0.0" } }).findings;
  expect(finding?.actual).toBe("stuck: host-2/agent runs 1.0.0, not 2.0.0");
});

test("a fleet with one that is down is down, and it is said which", () => {
  const after = fleetSnapshot({ "*": "2.0.0" });
  const members = after.members?.map((one_) => (one_.name === "host-2/proxy" ? { ...one_, version: null, healthy: false } : one_));
  const dead = { ...after, healthy: false, ...(members === undefined ? {} : { members }) };
  const judgement = judgedFleet(whole, { snapshots: { after: dead, rebooted: dead, again: dead } });
  expect(judgement.outcome).toBe("bricked");
  expect(judgement.findings[0]?.actual).toContain("host-2/proxy: nothing answers, not healthy");
});

const mixed: readonly [name: string, change: (tree: ReturnType<typeof fleetTreeOf>) => ReturnType<typeof fleetTreeOf>, path: string][] = [
  ["a service's file of the other release", (tree) => withEntries(tree, [file("host-1/agent/main", "agent 1.0.0")]), "host-1/agent/main"],
  ["a file of a service that was not meant", (tree) => withEntries(tree, [file("host-2/proxy/main", "proxy 2.0.0")]), "host-2/proxy/main"],
  ["a file that no service owns", (tree) => withEntries(tree, [file("host-1/shared", "shared 2.0.0")]), "host-1/shared"],
  ["a host that is gone", (tree) => without(tree, "host-2"), "host-2"],
];

test.each(mixed)("in a mixed fleet each path has its owner's release; not: %s", (_, change, path) => {
  const sound = fleetSnapshot(AGENTS);
  expect(broken(judgedFleet(agents, { snapshots: { after: sound } }))).toEqual([]);
  const { findings } = judgedFleet(agents, { snapshots: { after: { ...sound, tree: change(sound.tree) } } });
  expect(findings.filter(({ check }) => check === "layout-after-upgrade").map((finding) => finding.path)).toContain(path);
});

test("what no service owns on a mixed host is as `runs` says of the host", () => {
  const cell = fleetCell({ runs: { proxy: "from", "host-*": "to" } });
  const tree = fleetTreeOf({ agent: "2.0.0", proxy: "1.0.0", "*": "2.0.0" });
  expect(broken(judgedFleet(cell, { snapshots: { after: fleetSnapshot({ agent: "2.0.0", proxy: "1.0.0" }, { tree }) } }))).toEqual([]);
});

test("a fleet that nobody looked at in parts cannot be judged", () => {
  const { members: _, ...after } = fleetSnapshot({ "*": "2.0.0" });
  expect(judgedFleet(whole, { snapshots: { after } }).errored).toBe("the members of the fleet were not looked at");
  const cell = fleetCell({ downtime: "1s" });
  expect(
    judgedFleet(cell, { during: { 2: [member("host-1/agent", "1.0.0"), { kind: "health", version: "1.0.0", healthy: true }] } }).errored,
  ).toBe("it was never seen what host-1/proxy answers");
});

test("one more upgrade of a mixed fleet must lead to one release, where each of its pairs can", () => {
  const stays = { snapshots: { after: fleetSnapshot(HOST_1), again: fleetSnapshot(HOST_1) } };
  expect(broken(judgedFleet(one, stays, { pairs: { "1.0.0 2.0.0": "upgraded" } }))).toEqual(["next-upgrade-works"]);
  expect(broken(judgedFleet(one, stays))).toEqual([]);
  expect(FLEET.hosts?.count).toBe(2);
});

test("of a host with several services a record knows which of them restarted", () => {
  const look = (versions: Parameters<typeof fleetSnapshot>[0], processes: Record<string, string | null>) => {
    const snapshot = fleetSnapshot(versions);
    return { ...snapshot, members: (snapshot.members ?? []).map((each) => ({ ...each, process: null, processes })) };
  };
  const first = (processes: Record<string, string | null>) => {
    const before = look({}, { agent: "1:1", store: "2:2" });
    return judgedFleet(whole, { snapshots: { before, after: look({ "*": "2.0.0" }, processes) } }).members?.[0];
  };
  expect(first({ agent: "3:3", store: "2:2" })).toMatchObject({ restarted: true, restartedServices: ["agent"] });
  expect(first({ agent: "1:1", store: "2:2" })).toMatchObject({ to: "2.0.0", restarted: false, restartedServices: [] });
  expect(first({ agent: null, store: null })).toMatchObject({ restarted: null });
});

test("after a crash in the upgrade a record knows what came up at the next boot, and claims nothing of restarts", () => {
  const { script } = whole;
  const steps = script.steps.filter((step) => step.kind !== "snapshot" || step.label !== "after");
  const tale = { snapshots: { rebooted: fleetSnapshot({ "*": "2.0.0" }) } };
  const crashed = judgedFleet({ ...whole, script: { ...script, steps } }, tale);
  expect(crashed.members?.[0]).toMatchObject({ from: "1.0.0", to: "2.0.0", healthy: true, restarted: null });
  expect(judgedFleet(whole, tale).members?.[0]).toMatchObject({ to: "2.0.0", restarted: true });
});

test("a record knows each member", () => {
  const { members, downtimeMs, downtimeAt } = judgedFleet(agents, { ends: AGENTS });
  expect(members?.[0]).toEqual({
    ...{ name: "host-1/agent", from: "1.0.0", to: "2.0.0", healthy: true, removed: false, restarted: true },
    ...{ downtimeMs: 20, downtimeTotalMs: 20 },
  });
  expect(members?.[3]).toMatchObject({ name: "host-2/proxy", to: "1.0.0", restarted: false, downtimeMs: 0 });
  expect(downtimeMs).toBe(20);
  expect(downtimeAt).toMatchObject({ member: "host-1/agent" });
  expect((downtimeAt?.to ?? 0) - (downtimeAt?.from ?? 0)).toBe(20);
});
