// Who is asked on a host whose services have no versions of their own: the version is the host's, the processes are each service's.
import { expect, test } from "vitest";
import { changedProcesses, type Member } from "../model/index.ts";
import { askMember, silent } from "./members.ts";
import { type FleetCell, installedFleet } from "./testing/fleet-cell.ts";

const NAME = { name: "host-1", host: "host-1", service: undefined };

function ask({ cell }: FleetCell, service?: string): Promise<Member> {
  const host = cell.fleet.host("host-1");
  return askMember({ ...NAME, service }, host, host.patient);
}

test("a host tells the main process of each service, so that no other service's stands beside its version", async () => {
  await using fleet = await installedFleet();
  const before = await ask(fleet);
  expect(before).toMatchObject({ version: "1.0.0", healthy: true, process: null });
  expect(before.processes).toEqual({ alpha: (await ask(fleet, "alpha")).process, beta: (await ask(fleet, "beta")).process });
  expect(changedProcesses(before, await ask(fleet))).toEqual([]);
  await fleet.take({ kind: "upgrade", role: "to", faults: false, hosts: ["host-1"], services: ["alpha"] });
  const after = await ask(fleet);
  expect(after).toMatchObject({ version: "2.0.0", healthy: true });
  expect(changedProcesses(before, after)).toEqual(["alpha"]);
  await fleet.take({ kind: "upgrade", role: "to", faults: false, hosts: ["host-1"], services: ["beta"] });
  const both = await ask(fleet);
  expect(both.version).toBe(after.version); // the host's version is alpha's
  expect(changedProcesses(after, both)).toEqual(["beta"]);
}, 60_000);

test("who is silent has no process to compare with", () => {
  const member = { ...silent(NAME), process: null, processes: { alpha: "7:1", beta: null } };
  expect(changedProcesses(silent(NAME), member)).toBeNull();
  expect(changedProcesses(member, undefined)).toBeNull();
  expect(changedProcesses(member, { ...member, processes: { alpha: "7:1", beta: "8:2" } })).toEqual(["beta"]);
});
