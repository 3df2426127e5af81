// Turns a scenario into scripts: what is done, step by step, with which faults. One script per point; none depends on a pair.
import { belowAnyHost, type Fault, faultAcrossHosts, type Product, type Scenario, type Script, type Step } from "../model/index.ts";
import { resolveTrigger } from "./points.ts";

/** A script, and why the product cannot run it when it lacks a named point. */
export interface PlannedScript {
  readonly script: Script;
  readonly problems: readonly string[];
}

/** Whether the scripts of a scenario differ from product to product. */
export function dependsOnProduct(scenario: Scenario, product: Product): boolean {
  if (typeof scenario.at === "string" || product.hosts !== undefined) return true;
  return [scenario.faults, ...Object.values(scenario.at ?? {})]
    .flat()
    .some((fault) => typeof fault.when === "object" && "point" in fault.when);
}

/**
 * The scripts of a scenario: one, or one for each point it names with `at`. With `at: points` (or `rollback-points`) the faults that have
 * no trigger of their own (`start`, the default) fire at the point; with `at: {name: faults}` those faults come on top of the common ones.
 */
export function scriptsOf(id: string, written: Scenario, product: Product): PlannedScript[] {
  const scenario = product.hosts === undefined ? written : scenarioAcrossHosts(written);
  switch (scenario.at) {
    case undefined:
      return [plannedScript(id, scenario, scenario.faults, product)];
    case "points":
      return scriptsAt(id, scenario, product, Object.keys(product.points), "points");
    case "rollback-points":
      return scriptsAt(id, scenario, product, Object.keys(product.rollbackPoints), "rollbackPoints");
    case "state-files":
      return stateFileScripts(id, scenario, product);
    default:
      return Object.entries(scenario.at).map(([name, faults]) =>
        plannedScript(`${id}.${name}`, scenario, [...scenario.faults, ...faults], product),
      );
  }
}

/** Its globs are those of one host; where there are several, the whole tree has a folder for each. */
function scenarioAcrossHosts({ layout, faults, at, ...rest }: Scenario): Scenario {
  const across = (some: readonly Fault[]): Fault[] => some.map(faultAcrossHosts);
  return {
    ...rest,
    layout: { present: layout.present.map(belowAnyHost), absent: layout.absent.map(belowAnyHost) },
    faults: across(faults),
    at: typeof at === "object" ? Object.fromEntries(Object.entries(at).map(([name, own]) => [name, across(own)])) : at,
  };
}

function scriptsAt(
  id: string,
  scenario: Scenario,
  product: Product,
  points: readonly string[],
  key: "points" | "rollbackPoints",
): PlannedScript[] {
  if (points.length === 0) {
    const { script } = plannedScript(id, scenario, scenario.faults, product);
    return [{ script, problems: [`the product declares no ${key}`] }];
  }
  return points.map((point) => {
    const faults = scenario.faults.map((fault): Fault => (fault.when === "start" ? { ...fault, when: { point } } : fault));
    return plannedScript(`${id}.${point}`, scenario, faults, product);
  });
}

const DAMAGES = ["corrupt", "truncate", "empty"] as const;

/** One script for each state file of the product and each way in which a file can be damaged. */
function stateFileScripts(id: string, scenario: Scenario, product: Product): PlannedScript[] {
  if (product.state.length === 0) {
    const { script } = plannedScript(id, scenario, scenario.faults, product);
    return [{ script, problems: ["the product declares no state"] }];
  }
  const names = product.state.map((glob) =>
    (glob.split("/").at(-1) ?? glob)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, ""),
  );
  return product.state.flatMap((glob, index) => {
    const name = names[index] ?? "";
    const unique = names.indexOf(name) === index ? name : `${name}-${index + 1}`;
    return DAMAGES.map((how) => {
      const damage: Fault = { when: "start", do: { damage: glob, how }, undo: "settled" };
      return plannedScript(`${id}.${unique}-${how}`, scenario, [damage, ...scenario.faults], product);
    });
  });
}

function plannedScript(id: string, scenario: Scenario, faults: readonly Fault[], product: Product): PlannedScript {
  const problems: string[] = [];
  const resolved = faults.map((fault): Fault => {
    const found = resolveTrigger(fault.when, product);
    if ("trigger" in found) return { ...fault, when: found.trigger };
    problems.push(`the product has no point ${found.unknown}`);
    return fault;
  });
  return { script: scriptOf(id, scenario, resolved), problems };
}

function scriptOf(id: string, scenario: Scenario, faults: readonly Fault[]): Script {
  return {
    scenario: id,
    summary: scenario.summary,
    tier: scenario.tier,
    steps: stepsOf(scenario, faults.length > 0 || scenario.sweep !== undefined),
    faults,
    expect: scenario.expect,
    settled: scenario.settled,
    layout: scenario.layout,
    ...fleetPart(scenario),
    ...(scenario.baseline === undefined ? {} : { baseline: scenario.baseline }),
    ...(scenario.candidate === undefined ? {} : { candidate: scenario.candidate }),
    ...(scenario.conditions === undefined ? {} : { conditions: scenario.conditions }),
    ...(scenario.sweep === undefined ? {} : { sweep: scenario.sweep }),
  };
}

/** What a script says of hosts, services and time; what is left out stays out, so that scripts are small and comparable. */
function fleetPart({ downtime, overlap, hosts, runs, restarts, concurrency, facts }: Scenario): Partial<Script> {
  return {
    ...(downtime === undefined ? {} : { downtime }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(runs === undefined ? {} : { runs }),
    ...(restarts === undefined ? {} : { restarts }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(facts === undefined ? {} : { facts }),
  };
}

/**
 * The frame around every scenario: a sound, used installation before it; a reboot and one more sound upgrade after it.
 * A chain is that further upgrade already.
 */
function stepsOf(scenario: Scenario, hasFaults: boolean): Step[] {
  const oneMore: Step[] = [{ kind: "upgrade", role: "again", faults: false }, { kind: "settle" }, { kind: "snapshot", label: "again" }];
  return [
    { kind: "install", role: "from", ...variantOf(scenario.baseline) },
    { kind: "start" },
    { kind: "edit" },
    { kind: "snapshot", label: "before" },
    ...ownSteps(scenario, hasFaults),
    { kind: "settle" },
    { kind: "snapshot", label: "after" },
    { kind: "reboot" },
    { kind: "snapshot", label: "rebooted" },
    ...(scenario.chain ? [] : oneMore),
    { kind: "stop" },
  ];
}

/**
 * The scenario's own steps. `candidate` is what the faulty upgrade is served: the default step, and an `upgrade: to` that arms the faults
 * and names no variant of its own. An `upgrade: to` that arms nothing is the sound one, such as the retry after a failure.
 */
function ownSteps(scenario: Scenario, hasFaults: boolean): Step[] {
  if (scenario.steps === undefined) return [{ kind: "upgrade", role: "to", faults: hasFaults, ...variantOf(scenario.candidate) }];
  return scenario.steps.map((step): Step => {
    if (typeof step === "string") return { kind: step };
    if (!("upgrade" in step)) return { kind: "fleet", do: step };
    const candidate = step.upgrade === "to" && step.fault ? scenario.candidate : undefined;
    return {
      ...{ kind: "upgrade", role: step.upgrade, faults: step.fault, ...variantOf(step.variant ?? candidate) },
      ...(step.hosts === undefined ? {} : { hosts: step.hosts }),
      ...(step.services === undefined ? {} : { services: step.services }),
      ...(step.until === "accepted" ? { until: step.until } : {}),
    };
  });
}

function variantOf(variant: string | undefined): { readonly variant?: string } {
  return variant === undefined ? {} : { variant };
}
