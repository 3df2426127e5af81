// scenarios/<id>.yaml: what is done to a pair, what goes wrong meanwhile, and which outcomes are right.
import { z } from "zod";
import { conditions } from "./conditions.ts";
import { fault } from "./fault.ts";
import { facts, fleetSteps } from "./fleet.ts";
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

const traits = z.strictObject({ has: z.array(identifier).default([]), lacks: z.array(identifier).default([]) });

/** Of which releases a scenario says something; on other pairs it would mean nothing. */
export const requiredTraits = z
  .strictObject({ from: traits.optional(), to: traits.optional() })
  .describe("Only pairs of releases that have these traits, and lack those; in every tier");
export type RequiredTraits = z.infer<typeof requiredTraits>;

/** One step of a scenario. Before them the harness installs and starts `from`; after them it settles and checks. */
export const scenarioStep = z.union([
  z.strictObject({
    upgrade: z.enum(["from", "to", "next"]),
    variant: identifier.optional().describe("Serve this variant of the release; without it the sound one"),
    fault: z.boolean().default(false).describe("Arm the scenario's faults for this step"),
    hosts: z.array(identifier).min(1).optional().describe("Only these; default: all"),
    services: z.array(identifier).min(1).optional().describe("Only these; default: all"),
    until: z.enum(["over", "accepted"]).default("over").describe("accepted: the next step begins as soon as the command has ended"),
  }),
  ...fleetSteps,
  z.enum(["settle", "reboot", "stop", "start", "edit"]),
]);
export type ScenarioStep = z.infer<typeof scenarioStep>;

export const scenario = z
  .strictObject({
    summary: z.string().min(1).max(160).describe("One line: what happens, and what must come of it"),
    tier: tier.default("gate").describe("The smallest tier that runs it"),
    kinds: z.array(pairKind).min(1).default(["upgrade"]),
    pairs: selection.default("traits"),
    traits: requiredTraits.optional(),
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
    downtime: z
      .union([duration, z.strictObject({ longest: duration.optional(), total: duration.optional() })])
      .optional()
      .describe("The longest time without a healthy agent, or that and all such times together; of each host and service by itself"),
    overlap: duration.optional().describe("The longest time in which two versions of one host or service answer"),
    hosts: z.int().min(1).max(50).optional().describe("How many hosts there are; default: as the product says"),
    runs: z
      .record(z.string().min(1), z.enum(["from", "to", "next"]))
      .optional()
      .describe(
        "Which release each member (`host`, `service` or `host/service`, as a glob) runs in the end; the first that matches counts. That is then what `upgraded` means",
      ),
    restarts: z
      .strictObject({ only: z.array(z.string().min(1)) })
      .optional()
      .describe("The main processes of all other members (globs) are the same before and after"),
    concurrency: z
      .strictObject({ hosts: z.int().min(1).optional(), services: z.record(identifier, z.int().min(1)).default({}) })
      .optional()
      .describe("How many hosts, and how many hosts' service of that name, may be down or changing at once"),
    facts: facts.optional().describe("What must hold of the product's facts when the upgrade is over"),
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
