// matrix.yaml: which products and releases there are, which pairs, environments and tiers run, and which failures are known.
import { z } from "zod";
import { pairKind, selection, tier } from "./scenario.ts";
import { duration, identifier } from "./units.ts";

export const release = z
  .strictObject({
    version: z.string().min(1).describe("Semantic version"),
    built: z.iso
      .datetime({ offset: true, error: "must be a time such as 2026-03-02T09:00:00Z" })
      .describe("When it was built; decides what its authors knew"),
    channel: z.string().min(1).default("stable"),
    traits: z.array(identifier).default([]).describe("What its authors knew; compiled into it"),
    withdrawn: z.string().min(1).optional().describe("Why it is no longer offered: still a `from`, never a `to`"),
  })
  .meta({ id: "release" });
export type Release = z.infer<typeof release>;

export const productEntry = z.strictObject({
  path: z.string().min(1).optional().describe("Folder of product.yaml; default fixtures/<name>"),
  releases: z.array(release).min(1),
  instead: z
    .partialRecord(selection, selection)
    .optional()
    .describe(
      "For a costly product: the pairs it runs instead of those that a scenario chooses. Where a tier chooses, it has the last word",
    ),
  points: z
    .int()
    .min(1)
    .optional()
    .describe("For a costly product: the most points of a sweep that tiers below full take, evenly spread over its operations"),
});

export const pairRules = z.strictObject({
  kinds: z.array(pairKind).min(1).default(["upgrade", "downgrade", "rebuild"]),
  inverted: z.boolean().default(true).describe("Include pairs whose version order and build order disagree"),
});

export const dockerEnvironment = z.strictObject({
  image: z.string().min(1).optional().describe("Any glibc image; default: a small Debian, pulled or made from Debian packages"),
  isolation: z
    .enum(["namespace", "container"])
    .default("namespace")
    .describe("Warm containers with a fresh root per cell, or a container per cell"),
  memory: z.string().optional().describe("Memory limit of a container, such as 2g"),
});

export const environmentName = z.enum(["docker", "host"]);
export type EnvironmentName = z.infer<typeof environmentName>;

export const knownFailure = z
  .strictObject({
    pattern: z.string().min(1).describe("Addresses of cells, with wildcards"),
    reason: z.string().min(1),
    link: z.string().min(1),
    expires: z.iso.date({ error: "must be a date such as 2027-06-30" }),
    intermittent: z
      .boolean()
      .default(false)
      .describe("It depends on where between two operations the fault strikes: a pass is a pass, and does not mean that it was mended"),
  })
  .meta({ id: "knownFailure" });
export type KnownFailure = z.infer<typeof knownFailure>;

export const matrix = z
  .strictObject({
    products: z.record(identifier, productEntry),
    pairs: pairRules.prefault({}),
    environments: z
      .strictObject({ docker: dockerEnvironment.optional(), host: z.strictObject({}).optional() })
      .default({ docker: { isolation: "namespace" }, host: {} }),
    scenarios: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .default("scenarios")
      .describe("Folder of the scenarios, or several"),
    tiers: z
      .partialRecord(
        tier,
        z.strictObject({
          pairs: selection.optional().describe("Overrides the scenarios' own selection"),
          sweeps: selection.optional().describe("The same for scenarios that are sweeps, which `pairs` leaves alone"),
        }),
      )
      .default({}),
    limits: z
      .strictObject({
        parallel: z.int().min(1).max(256).optional().describe("Cells at once; default: from the number of processors"),
        step: duration.default("30s").describe("The longest a step may take"),
        cell: duration.default("2m").describe("The longest a cell may take"),
      })
      .prefault({}),
    known: z.array(knownFailure).default([]),
  })
  .meta({ id: "matrix", title: "matrix.yaml", description: "The version matrix of upmatrix" });
export type Matrix = z.infer<typeof matrix>;
