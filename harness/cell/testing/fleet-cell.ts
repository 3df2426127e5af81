// A cell with two hosts of two services each and a companion with a database, of real processes in a temporary folder.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { acrossHosts, type CellJob, faultAcrossHosts, type JobArtifact, product, type Script, type Step } from "../../model/index.ts";
import { Cell } from "../cell.ts";
import { Observer, type Seen } from "../observer.ts";
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

const FLEET = {
  summary: "Two hosts, two services each, one store",
  artifact: { name: "program.ts", fetch: { url: "program.ts" } },
  env: { ALPHA: "{socket:alpha}", BETA: "{socket:beta}", STORE: "{link:store}", HOST: "{host}", ROOT: "{root}" },
  hosts: { count: 2, leave: [["{node}", "{artifact}", "order", "leave", "{host}"]] },
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
  commands: { fail: ["sh", "-c", "echo no such luck >&2; exit 7"], check: ["sh", "-c", "test {hosts} = host-1,host-2"] },
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
