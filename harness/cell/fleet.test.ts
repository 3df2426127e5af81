// A fleet of real processes: two hosts of two services each, and a companion with a database. Every step that only fleets know.
import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { expect, test } from "vitest";
import type { FleetStep, Snapshot, Step } from "../model/index.ts";
import { fleetCell, type FleetCell } from "./testing/fleet-cell.ts";

const NEW = { version: "2.0.0" };
const OLD = { version: "1.0.0" };

async function installed(script: Parameters<typeof fleetCell>[0] = {}): Promise<FleetCell> {
  const fleet = await fleetCell(script);
  await fleet.take({ kind: "install", role: "from" });
  await fleet.take({ kind: "start" });
  return fleet;
}

const upgrade = (more: object = {}): Step => ({ kind: "upgrade", role: "to", faults: false, ...more });
const fleetStep = (step: FleetStep): Step => ({ kind: "fleet", do: step });

async function snapshot(fleet: FleetCell): Promise<Snapshot> {
  await fleet.take({ kind: "snapshot", label: "after" });
  const last = fleet.seen.findLast((one) => one.kind === "snapshot");
  if (last === undefined) throw new Error("the step took no snapshot");
  return last.snapshot;
}

/** Asks the store over a machine's own line. */
function status(fleet: FleetCell, machine: string): Promise<number | string> {
  const { place } = fleet.cell;
  const from = machine === "operator" ? place : fleet.cell.fleet.host(machine).place;
  return new Promise((resolve) => {
    const request = http.get({ socketPath: from.link("store"), path: "/" }, (response) => resolve(response.resume().statusCode ?? 0));
    request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test("installs hosts and companions, knows members, statements and facts, and upgrades all of them", async () => {
  await using fleet = await installed();
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
  await fleet.take(upgrade());
  await fleet.take({ kind: "settle" });
  const after = await snapshot(fleet);
  expect(after).toMatchObject({ version: "2.0.0", healthy: true, busy: [], facts: { orders: "4" } });
  expect(after.statements?.every(({ says }) => Object.values(says).every((version) => version === "2.0.0"))).toBe(true);
  expect(fleet.seen.filter((one) => one.kind === "problem")).toEqual([]);
}, 30_000);
