// For tests only: a fleet of two hosts with two services each, its trees and what is seen of it, sound unless a test says otherwise.
import {
  acrossHosts,
  type Cell,
  hostsAfter,
  memberNames,
  type Member,
  type Product,
  type Script,
  type Snapshot,
  type Step,
  type Tree,
} from "../model/index.ts";
import { type Circumstances, cellOf, directory, file, judged, productOf, scriptOf, type Seen, type Tale, triggered } from "./testing.ts";
import type { Judgement } from "./judge.ts";

const ANSWER = { file: "version" };

export const FLEET: Product = acrossHosts(
  productOf({
    hosts: { count: 2 },
    services: [
      { name: "agent", unit: "agent.service", version: ANSWER, tree: ["agent/**"] },
      { name: "proxy", unit: "proxy.service", version: ANSWER, tree: ["proxy/**"] },
    ],
    companions: [{ name: "inventory", install: [["install"]], command: ["run"], ready: ANSWER, endpoints: ["api"] }],
    requests: { upgrade: { http: "unix:/api.sock:/upgrade", accepted: [202], throttled: [429] } },
    facts: { attempts: ANSWER },
    commands: { retry: ["retry"] },
    active: undefined,
    layout: { volatile: ["run/**"] },
    state: [],
    temporary: [],
    user: [{ file: "config.yaml", append: "# mine" }],
  }),
);

/** Which version each member has; `host-1`, `agent` or `host-1/agent`, and `*` for all others. */
export type Versions = Readonly<Record<string, string>>;

function versionOf(versions: Versions, host: string, service: string): string {
  return versions[`${host}/${service}`] ?? versions[host] ?? versions[service] ?? versions["*"] ?? "1.0.0";
}

/** The trees of these hosts. What no service owns has the version of `host`, else of all. */
export function fleetTreeOf(versions: Versions, hosts: readonly string[] = ["host-1", "host-2"], mine = true): Tree {
  return [
    directory("."),
    ...hosts.flatMap((host) => [
      directory(host),
      ...["agent", "proxy"].flatMap((service) => [
        directory(`${host}/${service}`),
        file(`${host}/${service}/main`, `${service} ${versionOf(versions, host, service)}`),
      ]),
      file(`${host}/config.yaml`, mine ? "port: 1 # mine" : "port: 1"),
      file(`${host}/shared`, `shared ${versions[host] ?? versions["*"] ?? "1.0.0"}`),
    ]),
  ].toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

export function fleetSnapshot(versions: Versions, changes: Partial<Snapshot> & { readonly hosts?: readonly string[] } = {}): Snapshot {
  const { hosts = ["host-1", "host-2"], ...rest } = changes;
  const members = memberNames(FLEET, hosts).map(({ name, host = "", service = "" }): Member => ({
    ...{ name, host, service, version: versionOf(versions, host, service), healthy: true },
    process: `${name}:${versionOf(versions, host, service)}`,
  }));
  const tree = rest.tree ?? fleetTreeOf(versions, hosts);
  return {
    tree,
    version: [...new Set(members.map(({ version }) => version))].toSorted().join(" and "),
    healthy: true,
    active: { exists: true, target: null, version: null, detail: "" },
    processes: hosts.map((host, index) => ({ pid: 100 + index, parent: 1, command: "/opt/agent run", on: host })),
    busy: [],
    unreadable: [],
    diskBytes: tree.reduce((sum, { size }) => sum + (size ?? 0), 0),
    members,
    ...rest,
  };
}

export const member = (name: string, version: string | null, healthy = version !== null): Seen => ({
  kind: "member",
  member: name,
  version,
  healthy,
});

/** Every member of these hosts answers as this version. */
export function all(version: string, hosts: readonly string[] = ["host-1", "host-2"]): Seen[] {
  return [...memberNames(FLEET, hosts).map(({ name }) => member(name, version)), { kind: "health", version, healthy: true }];
}

/** A member restarts as this version: its process ends, nothing answers, the next one does. */
export function restart(name: string, version: string): Seen[] {
  const service = `${name}.service`;
  return [
    { kind: "service", service, event: "exited", code: 0, signal: null },
    member(name, null),
    { kind: "service", service, event: "started", pid: 7 },
    member(name, version),
  ];
}

export function fleetCell(changes: Partial<Script> = {}, own?: readonly Step[]): Cell {
  return cellOf(scriptOf(changes, own));
}

export const partly = (changes: Partial<Extract<Step, { kind: "upgrade" }>> = {}): Step => ({
  kind: "upgrade",
  role: "to",
  faults: false,
  ...changes,
});

export interface FleetTale extends Tale {
  /** What each member has in the end; `again` has all of them at the next release. */
  readonly ends?: Versions;
}

/** Judges a cell of the fleet; before it all run 1.0.0, and in the end all run 2.0.0 where nothing else is said. */
export function judgedFleet(cell: Cell, tale: FleetTale = {}, given: Circumstances = {}): Judgement {
  const ends = tale.ends ?? { "*": "2.0.0" };
  const hosts = hostsAfter(cell.script, FLEET);
  const after = tale.snapshots?.after ?? fleetSnapshot(ends, { hosts });
  const mixed = after.version?.includes(" and ") ?? false;
  const next = mixed || after.version !== "2.0.0" ? "2.0.0" : "3.0.0";
  const upgrade = cell.script.steps.findIndex(({ kind }) => kind === "upgrade") + 1;
  const again = cell.script.steps.findIndex((step) => step.kind === "upgrade" && step.role === "again") + 1;
  const settle = cell.script.steps.findIndex(({ kind }) => kind === "settle") + 1;
  const snapshots = {
    before: fleetSnapshot({}),
    after,
    rebooted: after,
    again: fleetSnapshot({ "*": next }, { hosts }),
    ...tale.snapshots,
  };
  const seen: Seen[] = [triggered(0), ...restart("host-1/agent", "2.0.0")];
  const during = {
    2: all("1.0.0"),
    [upgrade]: seen,
    [settle]: [{ kind: "health", version: after.version, healthy: true }] as Seen[],
    [again]: [triggered(0)],
    ...tale.during,
  };
  return judged(
    cell,
    { ...tale, snapshots, during },
    {
      product: FLEET,
      fresh: fleetTreeOf({ "*": "2.0.0" }, undefined, false),
      freshNext: fleetTreeOf({ "*": "3.0.0" }, undefined, false),
      ...given,
    },
  );
}
