// Products with hosts, companions, facts and sources: what is right loads, and what is wrong is told with its place.
import { expect, test } from "vitest";
import { ConfigurationError, loadProject } from "./index.ts";
import { type Files, PRODUCT, SCENARIO, sampleProject } from "./sample.ts";

const now = new Date("2026-06-01T00:00:00Z");

const FLEET = `${PRODUCT.replace("services: [{ name: agent, unit: agent.service }]", "")}
hosts: { prefix: server, count: 2, join: [["{node}", join, "{root}", "{host}", "{link:api}", "{artifact}"]], leave: [[leave, "{host}"]] }
services:
  - { name: agent, unit: agent.service, version: { http: "unix:{socket:agent}:/version" }, tree: ["agent/**"] }
  - { name: proxy, unit: proxy.service, version: { file: "{host}/proxy/VERSION" } }
companions:
  - name: inventory
    install: [[tar, -xf, "{artifact}", -C, "{root}"]]
    command: ["{node}", "{root}/main.js", "{data}", "{socket:api}"]
    env: { DATA: "{data:inventory}" }
    ready: { http: "unix:{socket:api}:/ready" }
    endpoints: [api]
commands: { retry: ["{node}", retry, "{data:inventory}", "{version}"] }
requests: { upgrade: { http: "unix:{link:api}:/upgrade/{n}", body: "{host}" } }
facts: { attempts: { sqlite: "{data:inventory}/history.db", query: "SELECT count(*) FROM attempts" } }
consistency:
  - name: versions
    of: services
    services: [agent]
    sources:
      runs: { http: "unix:{socket:{service}}:/version" }
      disk: { file: "{service}/VERSION" }
`.replace('"unix:{socket:{service}}:/version"', '"unix:{socket:agent}:/{service}"');

const STEPS = `steps:
  - { upgrade: to, hosts: [server-1], services: [agent], until: accepted }
  - { network: cut, between: [server-1, inventory] }
  - { add: server-3 }
  - { reboot: server-3 }
  - { remove: server-2 }
  - { run: retry }
  - { burst: upgrade, count: 10 }
  - { await: { attempts: { atLeast: 1 } } }
  - { companion: inventory, do: upgrade }
  - { network: heal, between: [inventory, operator] }
runs: { "server-*": to, server-1/agent: from }
restarts: { only: [proxy] }
concurrency: { hosts: 1, services: { agent: 1 } }
facts: { attempts: "1" }
downtime: { longest: 100ms, total: 1s }
overlap: 0ms
`;

const PATH = "products/alpha/product.yaml";

/** The hosts of the fleet listen, too, and are asked by their neighbours. */
const GOSSIPING = edited(
  edited(FLEET, "{ prefix: server,", "{ prefix: server, endpoints: [gossip],"),
  "companions:",
  'env: { LISTEN: "{socket:gossip}", PEERS: "{peer:gossip}" }\ncompanions:',
);

async function problemsOf(files: Files): Promise<string[]> {
  await using project = await sampleProject({ [PATH]: FLEET, ...files });
  try {
    await loadProject(project.directory, { now });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message.split("\n").map((line) => line.replace(/^[^:]*:\d+:\d+: /, ""));
  }
}

function edited(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`Cannot edit the sample: it has no ${from}`);
  return text.replace(from, to);
}

const gossiping = (from: string, to: string): Files => ({ [PATH]: edited(GOSSIPING, from, to) });
const product = (from: string, to: string): Files => ({ [PATH]: edited(FLEET, from, to) });
const scenario = (from: string, to: string): Files => ({ "scenarios/clean.yaml": SCENARIO + edited(STEPS, from, to) });

test("a fleet and a scenario that takes every step load", async () => {
  expect(await problemsOf({ "scenarios/clean.yaml": SCENARIO + STEPS })).toEqual([]);
});

test("hosts with endpoints load, with lines between any of them, the operator, and a companion that calls them", async () => {
  const steps = [
    ["server-1", "server-2"],
    ["operator", "server-2"],
    ["server-3", "inventory"],
  ].map((between) => `  - { network: cut, between: [${between.join(", ")}] }\n`);
  const files = { [PATH]: edited(GOSSIPING, "env: { DATA:", 'env: { PEERS: "{peer:gossip}", DATA:') };
  const disturbed = edited(STEPS, "  - { reboot: server-3 }\n", `  - { reboot: server-3 }\n${steps.join("")}`);
  const faults = "faults: [{ do: { network: slow, between: [server-2, server-1] } }]\n";
  expect(await problemsOf({ ...files, "scenarios/clean.yaml": SCENARIO + disturbed })).toEqual([]);
  expect(await problemsOf({ ...files, "scenarios/clean.yaml": SCENARIO + faults })).toEqual([]);
});

test("globs of a product with hosts are those of the tree that holds all of them", async () => {
  await using project = await sampleProject({ [PATH]: `${FLEET}state: [state.json]\n` });
  const { products } = await loadProject(project.directory, { now });
  expect(products["alpha"]?.state).toEqual(["*/state.json"]);
  expect(products["alpha"]?.services[0]?.tree).toEqual(["*/agent/**"]);
});

const CASES: readonly (readonly [name: string, files: Files, lines: readonly string[]])[] = [
  [
    "an endpoint that no companion has",
    product("{link:api}:", "{link:apis}:"),
    ['Cannot fill in {link:apis}: no endpoint of a companion is called so, there is api (did you mean "api"?)'],
  ],
  [
    "the data of a companion that there is not",
    product("{data:inventory}/history.db", "{data:inventry}/history.db"),
    ['Cannot fill in {data:inventry}: no companion is called so, there is inventory (did you mean "inventory"?)'],
  ],
  [
    "a companion's data, said where there are several",
    product("{data:inventory}/history.db", "{data}/history.db"),
    ["Cannot fill in {data} (name the companion: {data:api})"],
  ],
  [
    "a companion's socket that is none of its endpoints",
    product('{socket:api}"]', '{socket:apo}"]'),
    ['Cannot fill in {socket:apo}: none of its endpoints is called so, there is api (did you mean "api"?)'],
  ],
  [
    "a host where there is none",
    product('{data:inventory}" }', '{host}" }'),
    [
      "Cannot fill in {host} here: it has no value yet (known here: {root} {work} {units} {node} {url} {platform} {socket:NAME} {peer:NAME} {data:NAME})",
    ],
  ],
  [
    "a service where none is spoken of",
    product('{data:inventory}", "{version}', '{service}", "{version}'),
    [
      "Cannot fill in {service} here: it has no value yet (known here: {root} {work} {units} {node} {url} {platform} {socket:NAME} {host} {hosts} {services} {link:NAME} {peer:NAME} {data:NAME} {version} {artifact} {artifacts})",
    ],
  ],
  [
    "an endpoint used twice",
    product("endpoints: [api]", "endpoints: [api, api]"),
    ['Cannot use the endpoint "api" twice: it leads to inventory already (give each its own)'],
  ],
  [
    "an endpoint of the hosts that there is not",
    gossiping('"{peer:gossip}"', '"{peer:gosip}"'),
    ['Cannot fill in {peer:gosip}: no endpoint of the hosts is called so, there is gossip (did you mean "gossip"?)'],
  ],
  [
    "a host's address where hosts have no endpoints",
    product("{link:api}:", "{peer:gossip}:"),
    ["Cannot fill in {peer:gossip}: no endpoint of the hosts is called so, there is none"],
  ],
  [
    "an endpoint of the hosts, left out",
    gossiping('"{peer:gossip}"', '"{peer}"'),
    ["Cannot fill in {peer} (name the endpoint of the hosts: {peer:gossip})"],
  ],
  [
    "a companion's endpoint where one of the hosts is wanted",
    gossiping('"{peer:gossip}"', '"{peer:api}"'),
    ["Cannot fill in {peer:api}: no endpoint of the hosts is called so, there is gossip (use {link:api})"],
  ],
  [
    "an endpoint of the hosts where a companion's is wanted",
    gossiping("{link:api}:", "{link:gossip}:"),
    ["Cannot fill in {link:gossip}: no endpoint of a companion is called so, there is api (use {peer:gossip})"],
  ],
  [
    "every host asked at once",
    gossiping("{socket:agent}:/version", "{peer:gossip}:/version"),
    ["Cannot ask {peer:gossip}: it leads to every host, and a * stands for its name (one host is asked by {socket:gossip})"],
  ],
  [
    "an endpoint of hosts and of a companion",
    gossiping("endpoints: [api]", "endpoints: [api, gossip]"),
    ['Cannot use the endpoint "gossip" twice: it leads to every host already (give each its own)'],
  ],
  [
    "an endpoint of the hosts used twice",
    gossiping("endpoints: [gossip]", "endpoints: [gossip, gossip]"),
    ['Cannot use the endpoint "gossip" twice: it leads to every host already (give each its own)'],
  ],
  [
    "a line from the operator to itself, where hosts have endpoints",
    { [PATH]: GOSSIPING, ...scenario("[server-1, inventory]", "[operator, operator]") },
    [
      "Cannot disturb a line between operator and operator: there is none (lines lead from a host or the operator to a companion or another host)",
    ],
  ],
  [
    "a line from a host to itself, where hosts have endpoints",
    { [PATH]: GOSSIPING, ...scenario("[server-1, inventory]", "[server-1, server-1]") },
    [
      "Cannot disturb a line between server-1 and server-1: there is none (lines lead from a host or the operator to a companion or another host)",
    ],
  ],
  [
    "a companion called like a host",
    product("name: inventory", "name: server-7"),
    [
      'Cannot call a companion "server-7": a host is called so (give it another name)',
      ...["inventory", "inventory", "inventory"].map(() => expect.stringContaining("no companion is called so")),
    ],
  ],
  [
    "a query that changes something",
    product("SELECT count(*) FROM attempts", "DELETE FROM attempts"),
    ['Cannot ask with "DELETE FROM attempts": it is no SELECT (a probe must change nothing)'],
  ],
  ["two queries", product("FROM attempts", "FROM attempts; SELECT 1"), ["Cannot ask two things in one query (write one SELECT without ;)"]],
  [
    "a source of a service that there is not",
    product("services: [agent]\n    sources", "services: [agnet]\n    sources"),
    ['Cannot find the service "agnet": there is agent and proxy (did you mean "agent"?)'],
  ],
  [
    "a host that there is not",
    scenario("hosts: [server-1]", "hosts: [server-9]"),
    ['Cannot find the host "server-9" in any product: there is server-1, server-2, and server-3 (did you mean "server-1"?)'],
  ],
  [
    "a service that there is not",
    scenario("services: [agent], until", "services: [agant], until"),
    ['Cannot find the service "agant" in any product: there is agent and proxy (did you mean "agent"?)'],
  ],
  [
    "a command that there is not",
    scenario("run: retry", "run: rety"),
    ['Cannot find the command "rety" in any product: there is retry (did you mean "retry"?)'],
  ],
  [
    "a request that there is not",
    scenario("burst: upgrade", "burst: upgrades"),
    ['Cannot find the request "upgrades" in any product: there is upgrade (did you mean "upgrade"?)'],
  ],
  [
    "a fact that there is not, awaited",
    scenario("await: { attempts", "await: { attemps"),
    ['Cannot find the fact "attemps" in any product: there is attempts (did you mean "attempts"?)'],
  ],
  [
    "a fact that there is not, expected",
    scenario("facts: { attempts", "facts: { tries"),
    ['Cannot find the fact "tries" in any product: there is attempts'],
  ],
  [
    "a companion that there is not",
    scenario("companion: inventory", "companion: inventori"),
    ['Cannot find the companion "inventori" in any product: there is inventory (did you mean "inventory"?)'],
  ],
  [
    "a line from nobody",
    scenario("[server-1, inventory]", "[sever-1, inventory]"),
    [
      'Cannot find the host or companion "sever-1" in any product: there is server-1, server-2, server-3, operator, and inventory (did you mean "server-1"?)',
    ],
  ],
  [
    "a line between hosts without endpoints",
    scenario("[server-1, inventory]", "[server-1, server-2]"),
    [
      "Cannot disturb a line between server-1 and server-2: there is none (lines lead from a host or the operator to a companion, and to a host where hosts: of product.yaml has endpoints)",
    ],
  ],
  [
    "an added host with a name of its own",
    scenario("add: server-3", "add: host-3"),
    [
      'Cannot add a host called "host-3" (write server-3)',
      'Cannot find the host "server-3" in any product: there is server-1, server-2, and host-3 (did you mean "server-1"?)',
    ],
  ],
  [
    "a member that nothing is",
    scenario("only: [proxy]", "only: [prxy]"),
    [expect.stringMatching(/^Cannot find a host or service "prxy" in any product: there is .* \(did you mean "proxy"\?\)$/) as string],
  ],
];

test.each(CASES)("%s", async (_, files, lines) => {
  const found = await problemsOf({ "scenarios/clean.yaml": SCENARIO + STEPS, ...files });
  expect(found).toEqual(lines);
});

test("a fault's host and line are looked up as a step's are", async () => {
  const faults = `faults: [{ do: { kill: agent, on: server-4 } }, { do: { network: cut, between: [server-1, operator] } }, { do: { reboot: server-5 } }]\n`;
  const found = await problemsOf({ "scenarios/clean.yaml": SCENARIO + faults });
  expect(found).toEqual([
    'Cannot find the host "server-4" in any product: there is server-1 and server-2 (did you mean "server-1"?)',
    "Cannot disturb a line between server-1 and operator: there is none (lines lead from a host or the operator to a companion, and to a host where hosts: of product.yaml has endpoints)",
    'Cannot find the host "server-5" in any product: there is server-1 and server-2 (did you mean "server-1"?)',
  ]);
});
