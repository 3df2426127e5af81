// scenarios/<id>.yaml: what is done to a pair, what goes wrong meanwhile, and which outcomes are right.
import { z } from "zod";
import { conditions } from "./conditions.ts";
import { fault } from "./fault.ts";
import { sweep } from "./sweep.ts";
import { duration, identifier, relativeGlob } from "./units.ts";

export const outcome = z.enum(["upgraded", "rolled-back", "refused", "stuck", "bricked"]);
export type Outcome = z.infer<typeof outcome>;

export const tier = z.enum(["smoke", "gate", "full"]);
export type Tier = z.infer<typeof tier>;

export const pairKind = z.enum(["upgrade", "downgrade", "rebuild"]);
export type PairKind = z.infer<typeof pairKind>;

/** Which pairs a scenario runs on. What a selection leaves out is counted in the plan. */
export const selection = z
  .enum(["all", "traits", "updaters", "newest", "latest"])
  .describe(
    "all pairs; traits: one pair for each combination of traits, kind and inversion; updaters: one pair for each traits of `from`, into the release most like it; newest: only pairs into the release built last; latest: of those the one from the release built last",
  );
export type Selection = z.infer<typeof selection>;

/** One step of a scenario. Before them the harness installs and starts `from`; after them it settles and checks. */
export const scenarioStep = z.union([
  z.strictObject({
    upgrade: z.enum(["from", "to", "next"]),
    variant: identifier.optional().describe("Serve this variant of the release; without it the sound one"),
    fault: z.boolean().default(false).describe("Arm the scenario's faults for this step"),
  }),
  z.enum(["settle", "reboot", "stop", "start", "edit"]),
]);
export type ScenarioStep = z.infer<typeof scenarioStep>;

export const scenario = z
  .strictObject({
    summary: z.string().min(1).max(160).describe("One line: what happens, and what must come of it"),
    tier: tier.default("gate").describe("The smallest tier that runs it"),
    kinds: z.array(pairKind).min(1).default(["upgrade"]),
    pairs: selection.default("traits"),
    chain: z.boolean().default(false).describe("Three releases: from, to, and the next one"),
    needs: z.array(identifier).default([]).describe("Capabilities of the product (provides) or of the environment"),
    baseline: identifier.optional().describe("The variant of `from` that is installed"),
    candidate: identifier.optional().describe("The variant of `to` that is served"),
    steps: z.array(scenarioStep).min(1).optional().describe("Left out: one upgrade to `to`, with the faults armed"),
    faults: z.array(fault).default([]),
    at: z
      .union([z.literal("points"), z.literal("rollback-points"), z.literal("state-files"), z.record(identifier, z.array(fault).min(1))])
      .optional()
      .describe(
        "One cell for each named point: the product's own (faults fire there), each state file damaged in each way, or faults by name",
      ),
    conditions: conditions.optional().describe("What is unusual about the machine"),
    sweep: sweep.optional().describe("Strikes at every operation of the upgrade; each becomes a cell of its own"),
    expect: z.array(outcome).min(1),
    downtime: duration.optional().describe("The longest time without a healthy agent"),
    settled: z
      .enum(["strict", "repaired"])
      .default("strict")
      .describe("strict: the layout must be right as it is; repaired: after one more reboot and a good upgrade (faults that cut power)"),
    layout: z
      .strictObject({ present: z.array(relativeGlob).default([]), absent: z.array(relativeGlob).default([]) })
      .prefault({})
      .describe("Paths that must or must not be there at the end, besides what the reference demands"),
  })
  .meta({ id: "scenario", title: "scenarios/<id>.yaml", description: "A scenario of upmatrix" });
export type Scenario = z.infer<typeof scenario>;
