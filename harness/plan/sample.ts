// Small inputs for the tests of planning: the least that the schemas accept, with what a test is about on top.
import { matrix, product, scenario } from "../model/index.ts";
import type { EnvironmentFacts, Product, Release, Scenario } from "../model/index.ts";
import type { PlanInput } from "./plan.ts";

export const docker: EnvironmentFacts = {
  name: "docker",
  platform: "linux",
  description: "Linux containers",
  capabilities: ["signals", "small-disk", "read-only-mount", "absolute-root"],
};

export function sampleProduct(more: object = {}): Product {
  return product.parse({
    summary: "An agent",
    artifact: { name: "agent.tar.gz", build: { command: ["build"], inputs: ["src"] } },
    install: [["install"]],
    services: [{ name: "agent", unit: "agent.service" }],
    version: { file: "version" },
    health: { file: "health" },
    active: { path: "current" },
    upgrade: { command: ["upgrade"], busy: [{ file: "lock" }] },
    layout: {},
    logs: {},
    processes: [{ name: "agent", match: "agent" }],
    ...more,
  });
}

export function sampleScenario(more: object = {}): Scenario {
  return scenario.parse({ summary: "An upgrade", pairs: "all", expect: ["upgraded"], ...more });
}

/** `day` is the day of 2026-01 it was built on. */
export function sampleRelease(version: string, day: number, more: Partial<Release> = {}): Partial<Release> {
  return { version, built: `2026-01-${String(day).padStart(2, "0")}T09:00:00Z`, ...more };
}

export function sampleInput(parts: {
  readonly releases: readonly Partial<Release>[];
  readonly scenarios?: Record<string, Scenario>;
  readonly product?: Product;
  readonly matrix?: object;
}): PlanInput {
  return {
    matrix: matrix.parse({ products: { agent: { releases: parts.releases } }, ...parts.matrix }),
    products: { agent: parts.product ?? sampleProduct() },
    scenarios: parts.scenarios ?? { clean: sampleScenario({ kinds: ["upgrade", "downgrade", "rebuild"] }) },
    environments: [docker],
    tier: "gate",
  };
}
