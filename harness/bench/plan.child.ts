// Plans 100 releases × 30 scenarios and says how many cells that makes. Runs in a process of its own.
import { type EnvironmentFacts, matrix, product, type Release, scenario } from "../model/index.ts";
import { planCells } from "../plan/index.ts";
import { tell } from "./child.ts";

const RELEASES = 100;
const SCENARIOS = 30;
const TRAITS = ["one", "two", "three", "four"];
const START = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;
const FACTS: EnvironmentFacts = {
  name: "docker",
  platform: "linux",
  description: "planned for",
  capabilities: ["reboot", "signals", "small-disk"],
};

/** Four lines that are built in turns, so that many pairs are inverted; each release knows more than the one before. */
function release(_: unknown, index: number): Release {
  const traits = TRAITS.slice(0, Math.floor((index * (TRAITS.length + 1)) / RELEASES));
  return {
    version: `${1 + (index % 4)}.${Math.floor(index / 4)}.0`,
    built: new Date(START + index * DAY_MS).toISOString(),
    channel: "stable",
    traits,
  };
}

/** Every third injects a fault, every fifth serves a broken candidate. */
function scenarioOf(index: number): [string, unknown] {
  const fault = { when: { log: "under way" }, do: { kill: "agent" } };
  return [
    `scenario-${index}`,
    {
      summary: `Scenario ${index}`,
      tier: "smoke",
      kinds: ["upgrade", "downgrade", "rebuild"],
      pairs: "all",
      needs: ["reboot"],
      faults: index % 3 === 0 ? [fault] : [],
      ...(index % 5 === 0 ? { candidate: "broken" } : {}),
      expect: ["upgraded", "rolled-back"],
    },
  ];
}

const AGENT = product.parse({
  summary: "An agent",
  provides: ["rollback"],
  artifact: { name: "agent.tar.gz", build: { command: ["build"], inputs: ["src"] } },
  install: [["install"]],
  services: [{ name: "agent", unit: "agent.service" }],
  version: { file: "version" },
  health: { file: "health" },
  upgrade: { command: ["upgrade"], busy: [{ file: "busy" }] },
  layout: {},
  processes: [{ name: "agent", match: "agent" }],
  logs: {},
  variants: { broken: { wrap: "agent", then: "hang" } },
});

const { cells } = planCells({
  matrix: matrix.parse({ products: { agent: { releases: Array.from({ length: RELEASES }, release) } } }),
  products: { agent: AGENT },
  scenarios: Object.fromEntries(
    Array.from({ length: SCENARIOS }, (_, index) => scenarioOf(index)).map(([id, raw]) => [id, scenario.parse(raw)]),
  ),
  environments: [FACTS],
  tier: "full",
});
tell({
  cells: cells.length,
  inverted: cells.filter(({ inverted }) => inverted).length,
  skipped: cells.filter(({ skip }) => skip !== undefined).length,
});
