// <folder>/<name>/case.yaml: a mistake that was once made, the cells in which it must be found, and those that must be spared.
import { z } from "zod";

const addresses = z.array(z.string().min(1)).min(1);

/** Where a mistake was reported. */
export const caseSource = z.strictObject({ name: z.string().min(1), link: z.url().optional() });

/** A broken updater beside the same one mended, and what must be said of the broken one. */
export const caseFile = z
  .strictObject({
    bug: z.string().min(1).max(240).describe("One sentence: what goes wrong, in whose hands"),
    source: z.array(caseSource).default([]).describe("Left out: seen in several products"),
    platforms: z
      .array(z.enum(["linux", "darwin", "win32"]))
      .min(1)
      .default(["linux", "darwin"])
      .describe("Where it shows"),
    broken: addresses.describe("Addresses of the cells that must fail with the finding"),
    mended: addresses.describe("Addresses of the cells that must pass"),
    finding: z
      .strictObject({
        check: z.string().min(1),
        path: z.string().min(1).optional().describe("Path in the install tree; left out: not about a path"),
        actual: z.string().min(1).optional().describe("A part of what was found"),
      })
      .describe("A finding that names the cause"),
  })
  .meta({ id: "case", title: "case.yaml", description: "A broken updater that upmatrix must find, and the same one mended" });
export type CaseFile = z.infer<typeof caseFile>;
