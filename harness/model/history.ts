// What a history of runs remembers of a cell. Read from a database that other programs can write to, so it is checked.
import { z } from "zod";
import { verdict } from "./record.ts";
import { outcome } from "./scenario.ts";

/** One cell in one run of the past. */
export const pastCell = z.strictObject({
  run: z.string(),
  startedAt: z.string(),
  upmatrix: z.string(),
  id: z.string(),
  verdict,
  outcome: outcome.nullable(),
  reason: z.string(),
  /** The first finding in one line; empty when there is none. */
  finding: z.string(),
  durationMs: z.number(),
  downtimeMs: z.number().nullable(),
  /** Hash of all that was put into it; null when the run did not keep it. */
  inputs: z.string().nullable(),
  replay: z.string(),
});
export type PastCell = z.infer<typeof pastCell>;
