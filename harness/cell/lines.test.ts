// The lines of a fleet of real processes: from machines to companions and between hosts, cut, slowed down and healed.
import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { NOTHING } from "./place.ts";
import { fleetCell, type FleetCell, installedFleet, overLine, placeOf, takeStep as take } from "./testing/fleet-cell.ts";

const PATIENCE_MS = 60_000;

/** Which lines to hosts let nothing pass; all are tried, from every machine. */
async function silentLines(fleet: FleetCell): Promise<string[]> {
  const { hosts } = fleet.cell.place.ground;
  const lines = [...hosts, "operator", "store"].flatMap((from) => hosts.filter((to) => to !== from).map((to) => [from, to] as const));
  const answers = await Promise.all(lines.map(([from, to]) => overLine(fleet, from, to)));
  return lines.flatMap(([from, to], index) => (answers[index] === 200 ? [] : [`${from} to ${to}`]));
}

test(
  "a line that is cut, slow, or healed is one machine's only, and blinds nobody who looks",
  async () => {
    await using fleet = await installedFleet();
    await take(fleet, { network: "cut", between: ["store", "host-1"] });
    expect(await Promise.all(["host-1", "host-2", "operator"].map((machine) => overLine(fleet, machine)))).toEqual(["no answer", 200, 200]);
    await fleet.take({ kind: "snapshot", label: "after" });
    expect(fleet.seen.findLast((one) => one.kind === "snapshot")?.snapshot.statements?.[0]?.says).toEqual({
      runs: "1.0.0",
      disk: "1.0.0",
      inventory: "1.0.0",
    });
    expect(await take(fleet, { network: "slow", between: ["host-2", "store"], by: "100ms" })).toContain("each piece comes 100 ms later");
    const began = performance.now();
    expect(await overLine(fleet, "host-2")).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(190); // there and back
    expect(await take(fleet, { network: "heal", between: ["host-1", "store"] })).toMatch(/until now [1-9]\d* connections were refused/);
    expect(await overLine(fleet, "host-1")).toBe(200);
    await expect(take(fleet, { network: "cut", between: ["host-1", "host-9"] })).rejects.toThrow(
      "There is no line between host-1 and host-9",
    );
    const changes = fleet.seen.filter((one) => one.kind === "network").map(({ change, between }) => [change, ...between]);
    expect(changes).toEqual([
      ["cut", "store", "host-1"],
      ["slow", "host-2", "store"],
      ["heal", "host-1", "store"],
    ]);
  },
  PATIENCE_MS,
);

test(
  "hosts reach each other over lines of their own: one that is cut, slow, or healed is nobody else's, and outlives a reboot",
  async () => {
    await using fleet = await installedFleet({ hosts: 3 });
    expect(await silentLines(fleet)).toEqual([]);
    expect(await take(fleet, { run: "peers", code: [0] })).toBe("peers ended with 0");
    expect(await take(fleet, { network: "cut", between: ["host-2", "host-1"] })).toMatch(
      /^nothing passes between host-2 and host-1 \(gossip of host-1: .*; gossip of host-2: .* were ended\)$/,
    );
    await take(fleet, { network: "cut", between: ["host-3", "store"] });
    expect(await silentLines(fleet)).toEqual(["host-1 to host-2", "host-2 to host-1", "store to host-3"]);
    expect(await Promise.all(["host-1", "host-2", "host-3"].map((host) => overLine(fleet, host)))).toEqual([200, 200, "no answer"]);
    await take(fleet, { reboot: "host-1" });
    expect(await silentLines(fleet)).toEqual(["host-1 to host-2", "host-2 to host-1", "store to host-3"]);
    await take(fleet, { network: "slow", between: ["host-1", "host-3"], by: "100ms" });
    const began = performance.now();
    expect(await overLine(fleet, "host-3", "host-1")).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(190); // there and back
    const untouched = await take(fleet, { network: "heal", between: ["host-2", "host-3"] });
    expect(untouched.match(/until now 0 connections were refused and 0 pieces delayed/g)).toHaveLength(2);
    for (const between of [["host-1", "host-2"] as const, ["store", "host-3"] as const])
      expect(await take(fleet, { network: "heal", between: [...between] })).toMatch(/until now [1-9]\d* connections were refused/);
    expect(await silentLines(fleet)).toEqual([]);
    await take(fleet, { network: "cut", between: ["operator", "host-2"] });
    await expect(take(fleet, { run: "peers", code: [0] })).rejects.toThrow("peers ended with 1");
  },
  PATIENCE_MS,
);

test(
  "a host that comes gets lines to all and from all, one that goes loses them",
  async () => {
    await using fleet = await installedFleet();
    await take(fleet, { add: "host-3" });
    expect(await silentLines(fleet)).toEqual([]);
    await take(fleet, { remove: "host-1" });
    expect(await silentLines(fleet)).toEqual([]);
    const lines = (machine: string): string => path.dirname(placeOf(fleet, machine).peer("gossip"));
    if (process.platform !== "win32") {
      expect(readdirSync(path.join(fleet.cell.place.job.work, "lines")).toSorted()).toEqual(["host-2", "host-3", "operator", "store"]);
      expect(["host-2", "host-3", "operator", "store"].map((machine) => readdirSync(lines(machine)).toSorted())).toEqual([
        ["host-3.sock"],
        ["host-2.sock"],
        ["host-2.sock", "host-3.sock"],
        ["host-2.sock", "host-3.sock"],
      ]);
    }
    await expect(take(fleet, { network: "cut", between: ["host-1", "host-2"] })).rejects.toThrow(
      "There is no line between host-1 and host-2",
    );
    await take(fleet, { add: "host-1" });
    expect(await silentLines(fleet)).toEqual([]);
  },
  PATIENCE_MS,
);

test(
  "the address of other hosts has a * where their name goes: a line's for a process, the host's own socket for who only looks",
  async () => {
    await using fleet = await fleetCell();
    const socketOf = (text: string, host: string): string => text.replace("*", host);
    const [one, other] = [placeOf(fleet, "host-1"), placeOf(fleet, "host-2")];
    expect(socketOf(one.fill("{peer:gossip}", NOTHING), "host-2")).toBe(one.peer("gossip", "host-2"));
    expect(one.variables(NOTHING)["PEERS"]).toBe(one.peer("gossip"));
    expect(socketOf(one.fill("{peer:gossip}", { ...NOTHING, looking: true }), "host-2")).toBe(other.fill("{socket:gossip}", NOTHING));
    const machines = ["host-1", "host-2", "operator", "store"].map((machine) => placeOf(fleet, machine).peer("gossip"));
    expect(new Set(machines).size).toBe(4);
    expect(() => one.fill("{peer:store}", NOTHING)).toThrow('Cannot fill {peer:store} in "{peer:store}"');
    expect(() => one.fill("{link:gossip}", NOTHING)).toThrow('Cannot fill {link:gossip} in "{link:gossip}"');
  },
  PATIENCE_MS,
);
