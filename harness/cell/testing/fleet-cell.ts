// A cell with two hosts of two services each and a companion with a database, of real processes in a temporary folder.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import {
  acrossHosts,
  type CellJob,
  faultAcrossHosts,
  type FleetStep,
  type JobArtifact,
  product,
  type Script,
  type Step,
} from "../../model/index.ts";
import { Cell } from "../cell.ts";
import { Observer, type Seen } from "../observer.ts";
import type { Place } from "../place.ts";
import { Steps } from "../steps.ts";

const PROGRAM = path.join(import.meta.dirname, "fleet-program.ts");

export interface FleetCell extends AsyncDisposable {
  readonly cell: Cell;
  readonly seen: Seen[];
  take(step: Step): Promise<string>;
}

/**
 * @param script what the scenario says, besides its steps, which are taken one by one
 * @param limits of the product
 */
export async function fleetCell(script: Partial<Script> = {}, limits: object = {}): Promise<FleetCell> {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "upmatrix-test-")));
  chmodSync(folder, 0o755); // the product's user reaches it, too
  const seen: Seen[] = [];
  const observer = new Observer(() => undefined);
  observer.listen((one) => seen.push(one));
  const cell = await Cell.open(jobIn(folder, script, limits), observer);
  const steps = new Steps(cell);
  return {
    cell,
    seen,
    take: (step) => steps.take(step),
    async [Symbol.asyncDispose]() {
      await cell[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A fleet that is installed and runs. Takes what `fleetCell` takes. */
export async function installedFleet(...how: Parameters<typeof fleetCell>): Promise<FleetCell> {
  const fleet = await fleetCell(...how);
  try {
    await fleet.take({ kind: "install", role: "from" });
    await fleet.take({ kind: "start" });
    return fleet;
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
}

/** Takes a step that only fleets know. */
export function takeStep(fleet: FleetCell, step: FleetStep): Promise<string> {
  return fleet.take({ kind: "fleet", do: step });
}

/** Asks the store, or another host, over a machine's own line. */
export function overLine(fleet: FleetCell, machine: string, to = "store"): Promise<number | "no answer"> {
  const from = placeOf(fleet, machine);
  const socketPath = to === "store" ? from.link("store") : from.peer("gossip", to);
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: "/" }, (response) => resolve(response.resume().statusCode ?? 0));
    request.on("error", () => resolve("no answer"));
  });
}

/** The machine of a host, of the store, or of the operator. */
export function placeOf({ cell: { place, fleet } }: FleetCell, machine: string): Place {
  if (machine === "operator") return place;
  return machine === "store" ? fleet.companion(machine).place : fleet.host(machine).place;
}

function jobIn(folder: string, script: Partial<Script>, limits: object): CellJob {
  return {
    id: "fleet/1.0.0..2.0.0/none@host",
    product: acrossHosts(product.parse({ ...FLEET, limits: { ...FLEET.limits, ...limits } })),
    script: {
      scenario: "none",
      summary: "",
      tier: "gate",
      steps: [],
      expect: [],
      settled: "strict",
      layout: { present: [], absent: [] },
      ...script,
      faults: (script.faults ?? []).map(faultAcrossHosts),
    },
    versions: { from: "1.0.0", to: "2.0.0", next: "3.0.0" },
    artifacts: { from: release(folder, "1.0.0"), to: release(folder, "2.0.0"), next: release(folder, "3.0.0") },
    root: path.join(folder, "root"),
    work: path.join(folder, "work"),
    capabilities: [],
    limits: { stepMs: 10_000, cellMs: 20_000 },
  };
}

function release(folder: string, version: string): JobArtifact {
  const directory = path.join(folder, "artifacts", version);
  mkdirSync(directory, { recursive: true });
  const text = readFileSync(PROGRAM, "utf8").replace('"0.0.0"', JSON.stringify(version));
  writeFileSync(path.join(directory, "program.ts"), text);
  return {
    name: `fleet/${version}`,
    version,
    directory,
    archive: "program.ts",
    files: ["program.ts"],
    archiveBytes: text.length,
    unpackedBytes: text.length,
  };
}

const service = (name: string): object => ({
  name,
  unit: `${name}.service`,
  definition: `[Service]\nExecStart={node} {root}/${name}.ts agent ${name}\nRestart=always\nRestartSec=20ms\n`,
  version: { http: `unix:{socket:${name}}:/`, json: "/version" },
  health: { http: `unix:{socket:${name}}:/`, json: "/healthy", equals: "true" },
  tree: [`${name}.ts`],
});

const DATABASE = "{data:store}/store.db";
const RUNNING = `select version from running where host = '{host}' and service = '{service}'`;

/** Where a host is asked by others, and where it asks them. */
const GOSSIP = { GOSSIP: "{socket:gossip}", PEERS: "{peer:gossip}" };

const FLEET = {
  summary: "Two hosts, two services each, one store",
  artifact: { name: "program.ts", fetch: { url: "program.ts" } },
  env: { ALPHA: "{socket:alpha}", BETA: "{socket:beta}", STORE: "{link:store}", HOST: "{host}", ROOT: "{root}", ...GOSSIP },
  hosts: { count: 2, endpoints: ["gossip"], leave: [["{node}", "{artifact}", "order", "leave", "{host}"]] },
  install: [
    ["cp", "{artifact}", "{root}/alpha.ts"],
    ["cp", "{artifact}", "{root}/beta.ts"],
    ["sh", "-c", 'echo "name: $HOST" > "$ROOT/config.yaml"'],
  ],
  services: [service("alpha"), service("beta")],
  version: { http: "unix:{socket:alpha}:/", json: "/version" },
  health: { http: "unix:{socket:alpha}:/", json: "/healthy", equals: "true" },
  companions: [
    {
      name: "store",
      install: [["cp", "{artifact}", "{root}/store.ts"]],
      command: ["{node}", "{root}/store.ts", "store"],
      env: { STORE_DATA: "{data}", STORE_SOCKET: "{socket:store}" },
      ready: { http: "unix:{socket:store}:/", json: "/version" },
      endpoints: ["store"],
    },
  ],
  upgrade: {
    command: ["{node}", "{artifact}", "order", "{version}", "{url}", "{hosts}", "{services}"],
    on: "operator",
    busy: [{ probe: { sqlite: DATABASE, query: "select count(*) > 0 from orders where done = 0", equals: "1" } }],
  },
  commands: {
    peers: ["{node}", "{artifact}", "peers", "{hosts}"],
    fail: ["sh", "-c", "echo no such luck >&2; exit 7"],
    check: ["sh", "-c", "test {hosts} = host-1,host-2"],
  },
  requests: { job: { http: "unix:{link:store}:/jobs", body: '{"n": "{n}", "host": "{host}"}' } },
  facts: { orders: { sqlite: DATABASE, query: "select count(*) from orders" }, store: { http: "unix:{link:store}:/", json: "/version" } },
  consistency: [
    {
      name: "versions",
      of: "services",
      sources: {
        runs: { http: "unix:{work}/{host}/{service}.sock:/", json: "/version" },
        disk: { file: "{service}.ts", match: '^const VERSION: string = "(.+)";' },
        inventory: { sqlite: DATABASE, query: RUNNING },
      },
    },
  ],
  processes: [{ name: "agent", match: " agent " }],
  user: [{ file: "config.yaml", append: "mine: true\n" }],
  limits: { start: "15s", upgrade: "15s" },
};
