// Plans for products with hosts, services of their own versions, and companions.
import { expect, test } from "vitest";
import { acrossHosts, type Product } from "../model/index.ts";
import { formatCell, planCells } from "./index.ts";
import { sampleInput, sampleProduct, sampleRelease, sampleScenario } from "./sample.ts";
import { scriptsOf } from "./script.ts";

const file = { file: "x" };
const hosts = { prefix: "host", count: 2, leave: [], endpoints: [] };
const fleet = acrossHosts(
  sampleProduct({
    hosts,
    services: [
      { name: "agent", unit: "agent.service", version: file },
      { name: "proxy", unit: "proxy.service", version: file },
    ],
    companions: [{ name: "api", install: [["install"]], command: ["run"], ready: file, endpoints: ["api"] }],
    commands: { retry: ["retry"] },
    requests: { upgrade: { http: "unix:/x:/" } },
    facts: { attempts: file },
    state: ["state.json"],
    points: { swap: { file: "current", event: "changes" } },
  }),
);

const STEPS = [
  { upgrade: "to", hosts: ["host-1"], services: ["agent"], until: "accepted" },
  { network: "slow", between: ["host-1", "api"], by: "50ms" },
  { add: "host-3" },
  { reboot: "host-3" },
  { remove: "host-2" },
  { run: "retry" },
  { burst: "upgrade", count: 1000 },
  { await: { attempts: { atLeast: 1, not: "9" } } },
  { companion: "api", do: "upgrade" },
  { companion: "api", do: "kill" },
];

function reasonsFor(product: Product, scenario: object): string | undefined {
  const releases = [sampleRelease("1.0.0", 1), sampleRelease("1.1.0", 2)];
  const input = sampleInput({ releases, product, scenarios: { one: sampleScenario(scenario) } });
  return planCells(input).cells.find(({ kind }) => kind === "upgrade")?.skip;
}

test("every step of a fleet is a sentence, and what must hold of it stands below", () => {
  const scenario = sampleScenario({
    steps: STEPS,
    hosts: 2,
    runs: { "host-*": "to" },
    restarts: { only: ["agent"] },
    downtime: { longest: "100ms", total: "1s" },
    overlap: "0ms",
    concurrency: { hosts: 1, services: { agent: 1 } },
    facts: { attempts: "1" },
  });
  const releases = [sampleRelease("1.0.0", 1), sampleRelease("1.1.0", 2)];
  const [cell] = planCells(sampleInput({ releases, product: fleet, scenarios: { one: scenario } })).cells;
  expect(cell?.skip).toBeUndefined();
  expect(cell === undefined ? "" : formatCell(cell)).toBe(`agent/1.0.0..1.1.0/one@docker
  An upgrade
   1. Install 1.0.0
   2. Start its services and wait until they are healthy
   3. Edit the files that belong to the user
   4. Take a snapshot before the upgrade
   5. Trigger the upgrade of agent on host-1 to 1.1.0 and go on at once
   6. Slow the line between host-1 and api down by 50ms
   7. Add host-3 and wait until it is healthy
   8. Reboot host-3
   9. Remove host-2
  10. Run the command retry
  11. Send 1,000 × upgrade, 20 at a time
  12. Wait until attempts is at least 1 and not "9"
  13. Upgrade api to 1.1.0
  14. Kill api
  15. Wait until no updater is at work and the agent's state is steady
  16. Take a snapshot after the upgrade
  17. Reboot and wait until the agent is healthy
  18. Take a snapshot after the reboot
  19. Trigger the upgrade to 1.1.0 and wait until it is over
  20. Wait until no updater is at work and the agent's state is steady
  21. Take a snapshot after one more upgrade
  22. Stop its services
  Expected: upgraded
  Hosts: 2
  In the end host-* runs the release \`to\`
  Without a healthy agent: 100ms at most
  Without a healthy agent, all together: 1s at most
  Two versions answer at once: 0ms at most
  Restarts: only agent
  Down or changing at once: 1 of the hosts, 1 × agent at most
  In the end attempts is "1"
`);
});

test("globs are those of the tree that holds all hosts, each once", () => {
  const scenario = sampleScenario({
    layout: { present: ["a"], absent: ["b/**"] },
    faults: [
      { when: { file: "c" }, do: { kill: "agent" } },
      { when: { point: "swap" }, do: "reboot" },
    ],
  });
  const [planned] = scriptsOf("one", scenario, fleet);
  expect(planned?.script.layout).toEqual({ present: ["*/a"], absent: ["*/b/**"] });
  expect(planned?.script.faults.map(({ when }) => when)).toEqual([
    { file: "*/c", event: "appears" },
    { file: "*/current", event: "changes" },
  ]);
  const [damaged] = scriptsOf("one", sampleScenario({ at: "state-files" }), fleet);
  expect(damaged?.script.faults[0]?.do).toEqual({ damage: "*/state.json", how: "corrupt" });
});

test("a product that lacks what a scenario names skips it, and says what is missing", () => {
  expect(reasonsFor(sampleProduct(), { steps: STEPS })).toBe(
    [
      "the product has no hosts",
      "the product has no line between host-1 and api: neither is a companion of it",
      "the product has no command retry",
      "the product has no request upgrade",
      "the product has no fact attempts",
      "the product has no companion api",
    ].join("; "),
  );
  const one = { steps: [{ upgrade: "to" }] };
  expect(reasonsFor(fleet, { ...one, hosts: 1, faults: [], steps: [{ upgrade: "to", hosts: ["host-2"] }] })).toBe(
    "the product has no host host-2",
  );
  expect(reasonsFor(fleet, { steps: [{ upgrade: "to", services: ["prox"] }] })).toBe("the product has no service prox");
  expect(reasonsFor(fleet, { steps: [{ add: "server-3" }, { upgrade: "to" }] })).toBe(
    "the product's hosts are called host-1, host-2, …: server-3 cannot be one",
  );
  expect(reasonsFor(fleet, { ...one, runs: { "server-1": "to" } })).toBe("the product has no host or service server-1");
  expect(reasonsFor(sampleProduct(), { ...one, restarts: { only: [] } })).toBe(
    "the product has neither hosts nor services with versions of their own",
  );
  expect(reasonsFor(fleet, { faults: [{ do: { network: "cut", between: ["operator", "api"] } }] })).toBeUndefined();
  const cutBetween = (near: string, far: string): object => ({ faults: [{ do: { network: "cut", between: [near, far] } }] });
  expect(reasonsFor(fleet, cutBetween("host-1", "host-2"))).toBe(
    "the product has no line between host-1 and host-2: neither is a companion of it, and its hosts have no endpoints",
  );
  const gossiping = { ...fleet, hosts: { ...hosts, endpoints: ["gossip"] } };
  expect(reasonsFor(gossiping, cutBetween("host-1", "host-2"))).toBeUndefined();
  expect(reasonsFor(gossiping, cutBetween("operator", "host-2"))).toBeUndefined();
  expect(reasonsFor(gossiping, cutBetween("host-1", "host-3"))).toBe("the product has no host host-3");
  expect(reasonsFor(fleet, { faults: [{ do: { kill: "agent", on: "host-3" } }] })).toBe("the product has no host host-3");
});

test("capabilities that follow from a product need not be listed", () => {
  const needs = ["hosts", "services", "companions", "commands", "requests", "facts"];
  expect(reasonsFor(fleet, { needs })).toBeUndefined();
  expect(reasonsFor(sampleProduct(), { needs: ["hosts"] })).toBe(
    "the scenario needs hosts, which neither the product provides nor docker offers",
  );
  expect(reasonsFor(fleet, { needs: ["consistency"] })).toBe(
    "the scenario needs consistency, which neither the product provides nor docker offers",
  );
});
