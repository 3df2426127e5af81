// record.json of a run: the contract all reports are views of. Observations lie beside it, one NDJSON file a cell.
import { z } from "zod";
import { conditions } from "./conditions.ts";
import { environmentName, knownFailure } from "./matrix.ts";
import { outcome, pairKind, selection, tier } from "./scenario.ts";

export const RECORD_VERSION = 1;

export const verdict = z.enum(["passed", "failed", "known", "fixed", "errored", "skipped"]);
export type Verdict = z.infer<typeof verdict>;

/** One broken expectation. */
export const finding = z.strictObject({
  check: z.string(),
  path: z.string().nullable().describe("Path in the install tree it is about"),
  expected: z.string(),
  actual: z.string(),
  step: z.int().nullable().describe("Number of the step (from 1) where it was seen"),
});
export type Finding = z.infer<typeof finding>;

export const stepRecord = z.strictObject({
  sentence: z.string(),
  status: z.enum(["done", "failed", "not-reached"]),
  message: z.string(),
  durationMs: z.number().nullable(),
});
export type StepRecord = z.infer<typeof stepRecord>;

/** A host or service of a fleet. Versions and processes are those before and after the upgrade, or after the boot that followed a crash in it. */
export const memberRecord = z.strictObject({
  name: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  healthy: z.boolean(),
  removed: z.boolean().describe("Its host was removed by the scenario"),
  restarted: z.boolean().nullable().describe("Another main process runs than before; null: could not be told"),
  restartedServices: z
    .array(z.string())
    .optional()
    .describe("Of a host whose services have no versions of their own: those of which another main process runs than before"),
  downtimeMs: z.number().nullable(),
  downtimeTotalMs: z.number().nullable(),
});
export type MemberRecord = z.infer<typeof memberRecord>;

export const cellRecord = z.strictObject({
  id: z.string(),
  product: z.string(),
  from: z.string(),
  to: z.string(),
  next: z.string(),
  kind: pairKind,
  inverted: z.boolean(),
  scenario: z.string(),
  summary: z.string(),
  environment: environmentName,
  tier,
  verdict,
  conditions: conditions.optional(),
  referenceHosts: z.int().optional().describe("Hosts of the fresh install it is compared with, where that is not the product's number"),
  /** null: it could not be told, or the cell did not run. */
  outcome: outcome.nullable(),
  expect: z.array(outcome),
  findings: z.array(finding),
  fault: z.strictObject({ fired: z.boolean(), evidence: z.array(z.string()) }).nullable(),
  /** Milliseconds without a healthy agent during the upgrade: the longest gap; null when not measured. */
  downtimeMs: z.number().nullable(),
  downtimeTotalMs: z.number().nullable().optional().describe("All such times together"),
  downtimeAt: z
    .strictObject({ member: z.string().nullable(), from: z.number(), to: z.number() })
    .optional()
    .describe("Where that gap lies, in milliseconds since the cell began, and whose it is where there are several hosts or services"),
  members: z.array(memberRecord).optional().describe("Hosts and services, where there are several"),
  facts: z.record(z.string(), z.string().nullable()).optional().describe("What the product's facts were in the end; null: no answer"),
  durationMs: z.number(),
  /** Why it is errored, known, or skipped; empty otherwise. */
  reason: z.string(),
  /** Of a point of a sweep: which parts were not done, because they would go as they went at another point, and its address. */
  same: z.strictObject({ boot: z.string().optional(), rest: z.string().optional() }).optional(),
  /** The entry of the matrix that made it known or fixed. */
  known: knownFailure.pick({ pattern: true, reason: true, link: true }).optional(),
  /** Hash of all that was put into it: two runs of equal inputs should come to one verdict. */
  inputs: z.string().optional(),
  steps: z.array(stepRecord),
  /** Path of the observations, relative to the record; null when there are none. */
  observations: z.string().nullable(),
  /** The command that runs this cell again. */
  replay: z.string(),
});
export type CellRecord = z.infer<typeof cellRecord>;

/** A sweep as a whole: how many of its points recover, and what failed, told once for all that failed alike. */
export const sweepRecord = z.strictObject({
  id: z.string().describe("The cell that was recorded"),
  operations: z.int().describe("Operations of the updater that change files"),
  candidates: z.int().describe("States that a crash can leave, before equal ones were taken together"),
  states: z.int().describe("Distinct states, or operations to strike at"),
  irregular: z.int().optional().describe("Operations that are not struck at, for they do not come by in every run"),
  run: z.int().describe("Points that ran and could be judged"),
  recovered: z.int().describe("Points in which nothing is wrong"),
  booted: z.int().optional().describe("Points that were really booted; the others look alike to a boot that was"),
  undetermined: z.string().optional().describe("A state that booted in two ways: then nothing is foretold, and every state booted"),
  outcomes: z.array(z.strictObject({ outcome, points: z.int() })),
  cached: z.boolean().describe("The recording was taken from the cache"),
  failures: z.array(
    z.strictObject({
      check: z.string(),
      path: z.string().nullable(),
      actual: z.string(),
      points: z.int().describe("Points that failed in this way"),
      first: z.string().describe("The minimal one: earliest operation, mildest loss"),
      sentence: z.string().describe("Where that one strikes"),
    }),
  ),
});
export type SweepRecord = z.infer<typeof sweepRecord>;

/** What a release of the run is, so that a report can say what its authors knew. */
export const releaseRecord = z.strictObject({
  product: z.string(),
  version: z.string(),
  built: z.string(),
  traits: z.array(z.string()),
  channel: z.string().optional(),
  withdrawn: z.string().optional().describe("Why it is no longer offered"),
});
export type ReleaseRecord = z.infer<typeof releaseRecord>;

export const runRecord = z.strictObject({
  record: z.literal(RECORD_VERSION),
  upmatrix: z.string().describe("Version of upmatrix"),
  run: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  tier,
  gate: z.enum(["open", "closed"]),
  exitCode: z.int(),
  interrupted: z.boolean(),
  environments: z.array(
    z.strictObject({ name: environmentName, platform: z.string(), description: z.string(), capabilities: z.array(z.string()) }),
  ),
  unavailable: z.array(z.strictObject({ name: environmentName, reason: z.string() })).describe("Environments that could not be used"),
  releases: z.array(releaseRecord).optional().describe("The releases of the products that were tested"),
  settings: z.array(z.strictObject({ product: z.string(), name: z.string(), published: z.string(), test: z.string() })),
  leftOut: z.array(z.strictObject({ product: z.string(), scenario: z.string(), environment: environmentName, selection, cells: z.int() })),
  skipped: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
  problems: z.array(z.string()).describe("What went wrong around the cells: teardown, expired known failures, reporters"),
  sweeps: z.array(sweepRecord).default([]),
  cells: z.array(cellRecord),
});
export type RunRecord = z.infer<typeof runRecord>;
