import { expect, test } from "vitest";
import type { Step } from "../model/index.ts";
import { planCells } from "./index.ts";
import { sampleInput, sampleProduct, sampleRelease, sampleScenario } from "./sample.ts";
import { scriptsOf } from "./script.ts";

const product = sampleProduct({
  points: { swap: { file: "current", event: "changes" }, late: { point: "swap" }, round: { point: "trip" }, trip: { point: "round" } },
  rollbackPoints: { back: { log: "rolling back" } },
});

function only(steps: readonly Step[]): Step[] {
  return steps.filter((step) => step.kind === "upgrade" || step.kind === "install");
}

test("left-out steps are one upgrade with the candidate served, and the faults armed where there are some", () => {
  const [planned] = scriptsOf("crash", sampleScenario({ candidate: "bad", baseline: "old" }), product);
  expect(only(planned?.script.steps ?? [])).toEqual([
    { kind: "install", role: "from", variant: "old" },
    { kind: "upgrade", role: "to", faults: false, variant: "bad" },
    { kind: "upgrade", role: "again", faults: false },
  ]);
  const [faulty] = scriptsOf("kill", sampleScenario({ faults: [{ do: { kill: "all" } }] }), product);
  expect(faulty?.script.steps.filter((step) => step.kind === "upgrade")).toEqual([
    { kind: "upgrade", role: "to", faults: true },
    { kind: "upgrade", role: "again", faults: false },
  ]);
});

test("a chain ends with its own second upgrade", () => {
  const [chain] = scriptsOf("chain", sampleScenario({ chain: true, steps: [{ upgrade: "to" }, "settle", { upgrade: "next" }] }), product);
  const upgrades = chain?.script.steps.flatMap((step) => (step.kind === "upgrade" ? [step.role] : []));
  expect(upgrades).toEqual(["to", "next"]);
  expect(chain?.script.steps.at(-1)).toEqual({ kind: "stop" });
});

test("the candidate is for an `upgrade: to` with faults and no variant of its own, and for no other step", () => {
  const steps = [
    { upgrade: "to", fault: true },
    { upgrade: "to" },
    { upgrade: "to", variant: "slow", fault: true },
    { upgrade: "next", fault: true },
    { upgrade: "from" },
  ];
  const [planned] = scriptsOf("many", sampleScenario({ candidate: "bad", steps }), product);
  const upgrades = (planned?.script.steps ?? [])
    .filter((step) => step.kind === "upgrade")
    .map((step) => [step.role, step.variant, step.faults]);
  expect(upgrades).toEqual([
    ["to", "bad", true],
    ["to", undefined, false],
    ["to", "slow", true],
    ["next", undefined, true],
    ["from", undefined, false],
    ["again", undefined, false],
  ]);
});

test("at: points moves faults without a trigger to the product's own trigger, and leaves the others", () => {
  const scenario = sampleScenario({ at: "points", faults: [{ do: "reboot" }, { when: { log: "ready" }, do: "trigger-again" }] });
  const two = sampleProduct({ points: { swap: { file: "current", event: "changes" }, late: { point: "swap" } } });
  const scripts = scriptsOf("kill", scenario, two);
  expect(scripts.map(({ script }) => script.scenario)).toEqual(["kill.swap", "kill.late"]);
  for (const { script, problems } of scripts) {
    expect(script.faults.map((fault) => fault.when)).toEqual([{ file: "current", event: "changes" }, { log: "ready" }]);
    expect(problems).toEqual([]);
  }
});

test("at: rollback-points takes the product's points of a rollback", () => {
  const scripts = scriptsOf("kill", sampleScenario({ at: "rollback-points", faults: [{ do: "reboot" }] }), product);
  expect(scripts.map(({ script }) => [script.scenario, script.faults[0]?.when])).toEqual([["kill.back", { log: "rolling back" }]]);
});

test("at: state-files damages each state file in each way, and tells files of one name apart", () => {
  const stateful = { ...product, state: ["a/state.json", "b/state.json"] };
  const scripts = scriptsOf("damaged", sampleScenario({ at: "state-files" }), stateful);
  expect(scripts.map(({ script }) => script.scenario)).toEqual([
    ...["corrupt", "truncate", "empty"].map((how) => `damaged.state-json-${how}`),
    ...["corrupt", "truncate", "empty"].map((how) => `damaged.state-json-2-${how}`),
  ]);
  expect(scripts[4]?.script.faults).toEqual([{ when: "start", do: { damage: "b/state.json", how: "truncate" }, undo: "settled" }]);
  expect(scriptsOf("damaged", sampleScenario({ at: "state-files" }), { ...product, state: [] })[0]?.problems).toEqual([
    "the product declares no state",
  ]);
});

test("at: {name: faults} adds those faults to the common ones", () => {
  const scenario = sampleScenario({
    faults: [{ do: "reboot" }],
    at: { early: [{ do: "trigger-again" }], twice: [{ do: "reboot" }, { do: "reboot" }] },
  });
  expect(scriptsOf("boot", scenario, product).map(({ script }) => [script.scenario, script.faults.length])).toEqual([
    ["boot.early", 2],
    ["boot.twice", 3],
  ]);
});

test("a point that leads in a circle or does not exist is a problem, not an endless loop", () => {
  const scenario = sampleScenario({
    faults: [
      { when: { point: "round" }, do: "reboot" },
      { when: { point: "nowhere" }, do: "reboot" },
    ],
  });
  expect(scriptsOf("boot", scenario, product)[0]?.problems).toEqual(["the product has no point round", "the product has no point nowhere"]);
});

const releases = [sampleRelease("1.0.0", 1), sampleRelease("1.1.0", 2)];
const skipsOf = (scenario: object, more: object = {}, environment: object = {}): (string | undefined)[] => {
  const input = sampleInput({ releases, product: sampleProduct(more), scenarios: { it: sampleScenario(scenario) } });
  return planCells({ ...input, environments: input.environments.map((facts) => ({ ...facts, ...environment })) }).cells.map(
    (cell) => cell.skip,
  );
};

test.each<[string, object, object, object, string]>([
  ["a need", { needs: ["rollback"] }, {}, {}, "the scenario needs rollback, which neither the product provides nor docker offers"],
  ["a candidate", { candidate: "crash" }, {}, {}, "the product declares no variant crash"],
  ["a baseline", { baseline: "crash" }, {}, {}, "the product declares no variant crash"],
  ["a step's variant", { steps: [{ upgrade: "to", variant: "crash" }] }, {}, {}, "the product declares no variant crash"],
  ["no points", { at: "points" }, {}, {}, "the product declares no points"],
  ["a point", { faults: [{ when: { point: "swap" }, do: "reboot" }] }, {}, {}, "the product has no point swap"],
  ["the platform", {}, { platforms: ["win32"] }, {}, "the product does not run on linux, the platform of docker"],
  [
    "a fixed root",
    {},
    { root: "/opt/agent" },
    { capabilities: [] },
    "the product's fixed install path /opt/agent needs absolute-root, which docker does not offer",
  ],
  [
    "a small disk",
    { faults: [{ do: { limitDisk: {} } }] },
    {},
    { capabilities: [] },
    "the fault limit-disk needs small-disk, which neither the product provides nor docker offers",
  ],
  [
    "a read-only mount",
    { faults: [{ do: "read-only" }] },
    {},
    { capabilities: [] },
    "the fault read-only needs read-only-mount, which neither the product provides nor docker offers",
  ],
  [
    "signals",
    { faults: [{ do: { kill: "all" } }, { do: { kill: "agent" } }] },
    {},
    { capabilities: [] },
    "the fault kill needs signals, which neither the product provides nor docker offers",
  ],
  [
    "a rebuild",
    { kinds: ["rebuild"] },
    { artifact: { name: "a", fetch: { url: "a" } } },
    {},
    "the product's artifacts are fetched: a release cannot be built once more",
  ],
])("a cell that lacks %s is skipped with the reason", (_, scenario, more, environment, reason) => {
  const skips = skipsOf(scenario, more, environment);
  expect(skips.length).toBeGreaterThan(0);
  expect(new Set(skips)).toEqual(new Set([reason]));
});

test("a cell that has all it needs is not skipped", () => {
  const scenario = {
    needs: ["rollback", "small-disk"],
    candidate: "crash",
    at: "points",
    faults: [{ do: { kill: "all" } }, { do: { limitDisk: {} } }, { do: "read-only" }],
  };
  const more = {
    provides: ["rollback"],
    root: "/opt/agent",
    variants: { crash: { wrap: "agent", then: "hang" } },
    points: { swap: { log: "swap" } },
  };
  expect(skipsOf(scenario, more)).toEqual([undefined]);
});
