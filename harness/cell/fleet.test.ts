// A fleet of real processes: two hosts of two services each, and a companion with a database. Every step that only fleets know.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { fault, type Member, type Snapshot, type Step } from "../model/index.ts";
import { type FleetCell, installedFleet, overLine, takeStep as take } from "./testing/fleet-cell.ts";

const PATIENCE_MS = 60_000;

type Upgrade = Extract<Step, { kind: "upgrade" }>;

function upgrade(fleet: FleetCell, more: Partial<Upgrade> = {}): Promise<string> {
  return fleet.take({ kind: "upgrade", role: "to", faults: false, ...more });
}

async function snapshot(fleet: FleetCell): Promise<Snapshot> {
  await fleet.take({ kind: "snapshot", label: "after" });
  const last = fleet.seen.findLast((one) => one.kind === "snapshot");
  if (last === undefined) throw new Error("the step took no snapshot");
  return last.snapshot;
}

async function members(fleet: FleetCell): Promise<Record<string, Member>> {
  return Object.fromEntries(((await snapshot(fleet)).members ?? []).map((member) => [member.name, member]));
}

function pidOf(fleet: FleetCell, host: string, service: string): number {
  const pid = fleet.cell.fleet.host(host).manager.pidOf(`${service}.service`);
  if (pid === undefined) throw new Error(`${service} does not run on ${host}`);
  return pid;
}

test(
  "installs hosts and companions, knows members, statements and facts, and upgrades all of them",
  async () => {
    await using fleet = await installedFleet();
    await fleet.take({ kind: "edit" });
    const before = await snapshot(fleet);
    expect(before).toMatchObject({ version: "1.0.0", healthy: true, facts: { orders: "0", store: "1.0.0" } });
    expect(before.members?.map(({ name }) => name)).toEqual(["host-1/alpha", "host-1/beta", "host-2/alpha", "host-2/beta"]);
    expect(before.tree.map((entry) => entry.path)).toContain("host-2/beta.ts");
    expect(before.tree.find((entry) => entry.path === "host-2/config.yaml")?.text).toBe("name: host-2\nmine: true\n");
    expect(before.statements?.find(({ member }) => member === "host-2/beta")).toEqual({
      of: "versions",
      member: "host-2/beta",
      says: { runs: "1.0.0", disk: "1.0.0", inventory: "1.0.0" },
    });
    expect(before.processes.map(({ on }) => on).sort()).toEqual(["host-1", "host-1", "host-2", "host-2", "store"]);
    await upgrade(fleet);
    await fleet.take({ kind: "settle" });
    const after = await snapshot(fleet);
    expect(after).toMatchObject({ version: "2.0.0", healthy: true, busy: [], facts: { orders: "4" } });
    expect(after.statements?.every(({ says }) => Object.values(says).every((version) => version === "2.0.0"))).toBe(true);
    expect(fleet.seen.filter((one) => one.kind === "problem")).toEqual([]);
  },
  PATIENCE_MS,
);

test(
  "an upgrade of one service on one host restarts nothing else; it is seen to be down, and two versions at once",
  async () => {
    await using fleet = await installedFleet({ downtime: "0ms" });
    const before = await members(fleet);
    await upgrade(fleet, { hosts: ["host-1"], services: ["beta"] });
    const after = await members(fleet);
    for (const [name, { version, process }] of Object.entries(after)) {
      const meant = name === "host-1/beta";
      expect([name, version, process === before[name]?.process]).toEqual([name, meant ? "2.0.0" : "1.0.0", !meant]);
    }
    expect((await snapshot(fleet)).version).toBe("1.0.0 and 2.0.0");
    const seen = fleet.seen.filter((one) => one.kind === "member").filter(({ member }) => member === "host-1/beta");
    expect(seen.map(({ version }) => version)).toEqual(["1.0.0", null, "2.0.0"]);
    expect(fleet.seen.some((one) => one.kind === "health" && one.version === "1.0.0 and 2.0.0" && one.healthy)).toBe(true);
  },
  PATIENCE_MS,
);

test(
  "a reboot of one host leaves the others alone, and one of all leaves what companions remember",
  async () => {
    await using fleet = await installedFleet();
    const before = await members(fleet);
    const store = fleet.cell.processes.list().find(({ on }) => on === "store")?.pid;
    await take(fleet, { reboot: "host-1" });
    const after = await members(fleet);
    for (const name of Object.keys(before))
      expect([name, after[name]?.process === before[name]?.process]).toEqual([name, name.startsWith("host-2")]);
    expect(fleet.cell.processes.list().find(({ on }) => on === "store")?.pid).toBe(store);
    expect(fleet.seen).toContainEqual({ kind: "host", host: "host-1", event: "rebooted" });
    await upgrade(fleet, { hosts: ["host-2"] });
    await fleet.take({ kind: "reboot" });
    const all = await snapshot(fleet);
    expect(all).toMatchObject({ healthy: true, version: "1.0.0 and 2.0.0", facts: { orders: "2" } });
    expect(all.members?.some(({ name, process }) => process === after[name]?.process)).toBe(false);
  },
  PATIENCE_MS,
);

test(
  "companions are killed, started and upgraded; commands are run, facts awaited, bursts counted",
  async () => {
    await using fleet = await installedFleet();
    await take(fleet, { companion: "store", do: "kill", release: "to" });
    expect((await snapshot(fleet)).facts).toEqual({ orders: "0", store: null });
    await expect(take(fleet, { companion: "store", do: "stop", release: "to" })).rejects.toThrow("store does not run");
    await take(fleet, { companion: "store", do: "upgrade", release: "to" });
    expect(await take(fleet, { await: { store: "2.0.0" } })).toBe('store is "2.0.0"');
    await take(fleet, { companion: "store", do: "restart", release: "to" });
    expect(await take(fleet, { run: "check", code: [0] })).toBe("check ended with 0");
    expect(await take(fleet, { run: "fail", code: [7] })).toBe("fail ended with 7");
    await expect(take(fleet, { run: "fail", code: [0] })).rejects.toThrow("fail ended with 7: no such luck");
    await take(fleet, { burst: "job", count: 60, parallel: 20 });
    const burst = fleet.seen.find((one) => one.kind === "burst");
    expect(burst).toMatchObject({ request: "job", count: 60, unanswered: 0, unclear: [] });
    expect(Object.keys(burst?.statuses ?? {})).toEqual(["202", "429"]);
    expect((burst?.statuses["202"] ?? 0) + (burst?.statuses["429"] ?? 0)).toBe(60);
    await take(fleet, { network: "cut", between: ["operator", "store"] });
    await take(fleet, { burst: "job", count: 3, parallel: 20 });
    expect(fleet.seen.filter((one) => one.kind === "burst")[1]).toMatchObject({ count: 3, unanswered: 3, statuses: {} });
  },
  PATIENCE_MS,
);

test(
  "a wait for a fact that never comes fails its step and says what the fact is",
  async () => {
    await using fleet = await installedFleet({}, { upgrade: "300ms" });
    await expect(take(fleet, { await: { orders: { atLeast: 1 } } })).rejects.toThrow(
      'Waited in vain until orders is at least 1: orders is "0"',
    );
  },
  PATIENCE_MS,
);

test.skipIf(process.platform === "win32")(
  "who hangs is seen to, and keeps nobody else from being looked at closely",
  async () => {
    await using fleet = await installedFleet({ downtime: "0ms" });
    const { monitor, observer } = fleet.cell;
    const seen = (member: string, healthy: boolean): Promise<number> =>
      new Promise((resolve) => {
        const stop = observer.listen((one) => {
          if (one.kind !== "member" || one.member !== member || one.healthy !== healthy) return;
          stop();
          resolve(observer.now());
        });
      });
    const hanging = pidOf(fleet, "host-1", "alpha");
    monitor.watchClosely(true);
    const hung = seen("host-1/alpha", false);
    const [down, up] = [seen("host-2/beta", false), seen("host-2/beta", true)];
    process.kill(hanging, "SIGSTOP");
    process.kill(pidOf(fleet, "host-2", "beta"), "SIGKILL");
    expect(await down).toBeLessThan(await up);
    expect(await down).toBeLessThan(await hung); // it has some time to answer
    const well = seen("host-1/alpha", true);
    process.kill(hanging, "SIGCONT");
    await well;
  },
  PATIENCE_MS,
);

test(
  "hosts come and go",
  async () => {
    await using fleet = await installedFleet();
    await take(fleet, { add: "host-3" });
    await upgrade(fleet, { hosts: ["host-3"] });
    await take(fleet, { remove: "host-1" });
    const after = await snapshot(fleet);
    expect(after.members?.map(({ name, version }) => `${name} ${version}`)).toEqual([
      "host-2/alpha 1.0.0",
      "host-2/beta 1.0.0",
      "host-3/alpha 2.0.0",
      "host-3/beta 2.0.0",
    ]);
    expect(after).toMatchObject({ healthy: true, version: "1.0.0 and 2.0.0" });
    expect(after.tree.some((entry) => entry.path.startsWith("host-1"))).toBe(false);
    expect(fleet.cell.processes.list().some(({ on }) => on === "host-1")).toBe(false);
    const { work } = fleet.cell.place.job;
    expect(readdirSync(path.join(work, "units"))).not.toContain("host-1");
    expect(existsSync(path.join(work, "lines", "host-1"))).toBe(false);
    const events = fleet.seen.flatMap((one) => (one.kind === "host" ? [`${one.host} ${one.event}`] : []));
    expect(events).toEqual(["host-3 added", "host-1 removed"]);
    await expect(take(fleet, { run: "check", code: [0] })).rejects.toThrow("check ended with 1"); // it names the hosts there were
    await take(fleet, { add: "host-1" }); // set up anew
    expect((await members(fleet))["host-1/alpha"]?.version).toBe("1.0.0");
  },
  PATIENCE_MS,
);

test(
  "an upgrade that is only accepted goes on while further steps are taken, until all is settled",
  async () => {
    await using fleet = await installedFleet();
    await take(fleet, { network: "cut", between: ["host-2", "store"] });
    expect(await upgrade(fleet, { until: "accepted" })).toBe("accepted; it goes on");
    await take(fleet, { await: { orders: "4" } });
    await take(fleet, { network: "heal", between: ["host-2", "store"] });
    expect(await fleet.take({ kind: "settle" })).toBe("steady and healthy");
    expect((await snapshot(fleet)).version).toBe("2.0.0");
  },
  PATIENCE_MS,
);

test(
  "faults strike one host, a line or a companion, leave proof, and are taken back",
  async () => {
    const faults = [
      { do: { kill: "all", on: "host-1" } },
      { do: { network: "cut", between: ["host-1", "store"] } },
      { do: { companion: "store", do: "kill" }, undo: "settled" },
      { when: { service: "beta", starts: 2 }, do: { reboot: "host-2" } },
    ].map((one) => fault.parse(one));
    await using fleet = await installedFleet({ faults });
    const before = await members(fleet);
    const pids = new Map(fleet.cell.processes.list().map(({ pid, on }) => [pid, on]));
    await upgrade(fleet, { faults: true, until: "accepted" });
    expect(await overLine(fleet, "host-1")).toBe("no answer");
    expect(fleet.cell.fleet.companion("store").running).toBe(false);
    await fleet.take({ kind: "settle" });
    const events = fleet.seen.flatMap((one) => (one.kind === "fault" ? [[one.fault, one.event, one.evidence] as const] : []));
    const fired = (index: number): string => events.find(([number, event]) => number === index && event === "fired")?.[2] ?? "not fired";
    const killed = [...fired(0).matchAll(/(\d+) \(/g)].map(([, pid]) => pids.get(Number(pid)));
    expect(killed).toEqual(["host-1", "host-1"]);
    expect(fired(1)).toContain("nothing passes between host-1 and store");
    expect(fired(2)).toContain("store does not run any more");
    expect(events.filter(([, event]) => event === "undone").map(([index]) => index)).toEqual([1, 2]);
    expect(await overLine(fleet, "host-1")).toBe(200);
    const after = await members(fleet);
    expect(after["host-1/alpha"]?.process).not.toBe(before["host-1/alpha"]?.process);
    expect(after["host-2/alpha"]?.process).toBe(before["host-2/alpha"]?.process);
  },
  PATIENCE_MS,
);

test.skipIf(process.getuid?.() !== 0)(
  "a product's user owns all its machines, also one that comes later",
  async () => {
    await using fleet = await installedFleet({ conditions: { user: "unprivileged" } });
    await take(fleet, { add: "host-3" });
    expect(await take(fleet, { run: "peers", code: [0] })).toBe("peers ended with 0"); // the lines, too
    await take(fleet, { companion: "store", do: "upgrade", release: "to" });
    await upgrade(fleet);
    const { tree, version, facts } = await snapshot(fleet);
    expect({ version, facts }).toEqual({ version: "2.0.0", facts: { orders: "6", store: "2.0.0" } });
    expect(new Set(tree.filter(({ path: at }) => at !== ".").map(({ owner }) => owner))).toEqual(new Set(["65534:65534"]));
  },
  PATIENCE_MS,
);
