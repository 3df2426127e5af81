// Whether a script can run with a product in an environment, known before anything is started.
import { actionKind, conditionNames } from "../model/index.ts";
import type { ConditionName, EnvironmentFacts, Fault, Product, Script } from "../model/index.ts";
import { impliedCapabilities, missingOfFleet } from "./fleet-needs.ts";

/** Why this script cannot run here; empty when it can. Each reason names what is missing and who lacks it. */
export function reasonsToSkip(product: Product, script: Script, needs: readonly string[], environment: EnvironmentFacts): string[] {
  if (!product.platforms.includes(environment.platform)) {
    return [`the product does not run on ${environment.platform}, the platform of ${environment.name}`];
  }
  const capabilities = new Set(environment.capabilities);
  const provided = new Set([...product.provides, ...impliedCapabilities(product), ...capabilities]);
  const lacking = (need: string, why: string): string[] => {
    if (provided.has(need)) return [];
    const reason = environment.lacks?.[need];
    if (reason !== undefined) return [`${why} needs the ${need}, which ${environment.name} lacks: ${reason}`];
    return [`${why} needs ${need}, which neither the product provides nor ${environment.name} offers`];
  };
  const root = product.root === undefined || capabilities.has("absolute-root") ? [] : [product.root];
  const missingVariants = variantsOf(script).filter((variant) => !Object.hasOwn(product.variants, variant));
  return unique([
    ...root.map((path) => `the product's fixed install path ${path} needs absolute-root, which ${environment.name} does not offer`),
    ...needs.flatMap((need) => lacking(need, "the scenario")),
    ...(script.sweep === undefined ? [] : lacking("recorder", "the sweep")),
    ...script.faults.flatMap((fault) => needsOfFault(fault).flatMap((need) => lacking(need, `the fault ${actionKind(fault.do)}`))),
    ...conditionNames(script.conditions).flatMap((name) =>
      needsOfCondition(name).flatMap((need) => lacking(need, `the condition ${name}`)),
    ),
    ...unnamed(product, script),
    ...missingOfFleet(product, script),
    ...missingVariants.map((variant) => `the product declares no variant ${variant}`),
  ]);
}

/** Capabilities of the environment without which a fault cannot be injected. */
function needsOfFault(fault: Fault): string[] {
  const kind = actionKind(fault.do);
  if (typeof fault.when === "object" && "operation" in fault.when) return ["recorder"];
  switch (kind) {
    case "kill":
      return ["signals"];
    case "limit-disk":
    case "limit-inodes":
      return ["small-disk"];
    case "out-of-memory":
      return ["small-memory"];
    case "service-manager":
      return ["builtin-services"];
    case "hide":
      return ["posix"];
    case "clock":
      return ["virtual-time"];
    case "read-only":
      return ["read-only-mount"];
    case "fail":
      return ["recorder"];
    case "reboot":
    case "serve":
    case "trigger-again":
    case "damage":
    case "reinstall":
    case "reboot-host":
    case "network":
    case "companion":
      return [];
    default:
      return kind satisfies never;
  }
}

/** Capabilities of the environment without which a condition cannot be made. */
function needsOfCondition(name: ConditionName): string[] {
  switch (name) {
    case "umask":
    case "descriptors":
    case "processes":
      return ["posix"];
    case "user":
      return ["other-user"];
    case "time":
      return ["virtual-time"];
    case "folder":
      return [];
    default:
      return name satisfies never;
  }
}

/** What a fault aims at, and the product has no word for. */
function unnamed({ watchers }: Product, { faults }: Script): string[] {
  const aimed = faults.some(({ do: action }) => typeof action === "object" && "kill" in action && action.kill === "watcher");
  return aimed && watchers.length === 0 ? ["the product declares no watchers"] : [];
}

function variantsOf(script: Script): string[] {
  return script.steps.flatMap((step) => ("variant" in step && step.variant !== undefined ? [step.variant] : []));
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
