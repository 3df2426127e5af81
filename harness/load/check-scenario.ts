// What a schema cannot say about a scenario: steps that contradict each other, and names that no product knows.
import type { Fault, Product, Release, Scenario, ScenarioStep } from "../model/index.ts";
import { checkFleetNames } from "./check-fleet-names.ts";
import { didYouMean, listed } from "./names.ts";
import type { Problem } from "./problems.ts";
import { reporter } from "./reporter.ts";
import type { Loaded, Report } from "./reporter.ts";
import type { Path } from "./source.ts";

/** Problems of a scenario by itself. */
export function checkScenario({ source, value: scenario }: Loaded<Scenario>): Problem[] {
  const problems: Problem[] = [];
  const report = reporter(source, problems);
  if (scenario.chain && !scenario.kinds.includes("upgrade"))
    report(["kinds"], "Cannot run a chain without the kind upgrade: both its steps go up", "add upgrade");
  const atPoints = scenario.at === "points" || scenario.at === "rollback-points";
  if (atPoints && !scenario.faults.some((fault) => fault.when === "start")) {
    report(["at"], "Cannot fire anything at the points: no fault is left without a trigger", "leave `when` out of a fault");
  }
  if (scenario.steps !== undefined) checkSteps(scenario, scenario.steps, report);
  return problems;
}

function checkSteps(scenario: Scenario, steps: readonly ScenarioStep[], report: Report): void {
  const upgrades = steps.filter(isUpgrade);
  const armed = upgrades.some((step) => step.fault);
  const candidateServed = upgrades.some((step) => step.upgrade === "to" && step.fault && step.variant === undefined);
  if (upgrades.length === 0) report(["steps"], "Cannot test an upgrade: no step upgrades", "add - { upgrade: to }");
  else if (!armed && (scenario.faults.length > 0 || scenario.at !== undefined)) {
    report(["steps"], "Cannot arm the faults: no step has fault: true", "write - { upgrade: to, fault: true }");
  } else if (!candidateServed && scenario.candidate !== undefined) {
    report(
      ["candidate"],
      `Cannot serve the candidate ${scenario.candidate}: no step is { upgrade: to, fault: true }`,
      "or name it in a step: variant",
    );
  }
  checkRunning(steps, report);
}

type UpgradeStep = Extract<ScenarioStep, { upgrade: unknown }>;

function isUpgrade(step: ScenarioStep): step is UpgradeStep {
  return typeof step === "object" && "upgrade" in step;
}

/** The harness has started the services before the first step, and looks at them after the last. */
function checkRunning(steps: readonly ScenarioStep[], report: Report): void {
  let running = true;
  for (const [index, step] of steps.entries()) {
    if (step === "start" && running) report(["steps", index], "Cannot start the services: they run already at this step", "remove it");
    if (step === "stop" && !running)
      report(["steps", index], "Cannot stop the services: they are stopped already at this step", "remove it");
    if (step === "stop") running = false;
    if (step === "start" || step === "reboot") running = true;
  }
  if (!running)
    report(["steps", steps.length - 1], "Cannot check a product that is stopped: the steps end with its services stopped", "add - start");
}

/**
 * Names in a scenario that none of the products declares: it could never run as it is written.
 * @param releases of all products
 */
export function checkScenarioNames(
  { source, value: scenario }: Loaded<Scenario>,
  products: readonly Product[],
  releases: readonly Release[],
): Problem[] {
  const problems: Problem[] = [];
  const report = reporter(source, problems);
  const variants = products.flatMap((product) => Object.keys(product.variants));
  const points = products.flatMap((product) => [...Object.keys(product.points), ...Object.keys(product.rollbackPoints)]);
  const services = products.flatMap((product) => product.services.map((service) => service.name));
  const traits = releases.flatMap((release) => release.traits);
  const expectName = (what: string, path: Path, name: string | undefined, known: readonly string[], where = "product"): void => {
    if (name === undefined || known.includes(name)) return;
    report(
      path,
      `Cannot find the ${what} ${JSON.stringify(name)} in any ${where}: ${listed([...new Set(known)])}`,
      didYouMean(name, known),
    );
  };
  expectName("variant", ["baseline"], scenario.baseline, variants);
  expectName("variant", ["candidate"], scenario.candidate, variants);
  for (const [path, trait] of traitsIn(scenario)) expectName("trait", path, trait, traits, "release");
  for (const [index, step] of (scenario.steps ?? []).entries()) {
    if (isUpgrade(step)) expectName("variant", ["steps", index, "variant"], step.variant, variants);
  }
  const actions = [...faultsOf(scenario)].map(([path, { do: action }]) => [[...path, "do"], action] as const);
  checkFleetNames(scenario, actions, products, report);
  for (const [path, { when }] of faultsOf(scenario)) {
    if (typeof when !== "object") continue;
    if ("point" in when) expectName("point", [...path, "when", "point"], when.point, points);
    if ("service" in when) expectName("service", [...path, "when", "service"], when.service, services);
  }
  return problems;
}

function* traitsIn({ traits }: Scenario): Generator<readonly [Path, string]> {
  for (const side of ["from", "to"] as const)
    for (const word of ["has", "lacks"] as const)
      for (const [index, trait] of (traits?.[side]?.[word] ?? []).entries()) yield [["traits", side, word, index], trait];
}

function* faultsOf(scenario: Scenario): Generator<readonly [Path, Fault]> {
  for (const [index, fault] of scenario.faults.entries()) yield [["faults", index], fault];
  if (typeof scenario.at !== "object") return;
  for (const [name, faults] of Object.entries(scenario.at)) {
    for (const [index, fault] of faults.entries()) yield [["at", name, index], fault];
  }
}
