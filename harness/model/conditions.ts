// The conditions of a cell: what is unusual about the machine it runs on, from the install to the end. Not a fault: nothing
// happens; but like a fault a condition that did not hold proves nothing, so each is observed.
import { z } from "zod";

const folder = z
  .string()
  .min(1)
  .max(1000)
  .refine((value) => value.split("/").every((part) => part !== "" && part !== "." && part !== ".."), "must be names joined by /")
  .describe("The install tree lies in this folder below its usual place: for long names, blanks, and letters beyond ASCII");

export const conditions = z
  .strictObject({
    umask: z
      .string()
      .regex(/^0[0-7]{3}$/, "must be an octal mask such as 0027")
      .optional()
      .describe("The file mode creation mask of everything the product starts"),
    user: z.literal("unprivileged").optional().describe("The product runs as nobody, and owns its install tree"),
    folder: folder.optional(),
    descriptors: z.int().min(16).optional().describe("Open files that a process may have"),
    processes: z.int().min(1).max(20_000).optional().describe("Other processes that run on the machine"),
    time: z
      .union([
        z
          .literal("published")
          .describe("The settings are as published; while nothing of the product is at work, its time goes much faster"),
        z.strictObject({ speed: z.number().min(0.01).max(10_000).describe("How many times as fast the product's time goes") }),
      ])
      .optional()
      .describe("The product has a clock of its own; for programs that are linked dynamically"),
  })
  .meta({ id: "conditions" });
export type Conditions = z.infer<typeof conditions>;

export type ConditionName = keyof Conditions;

/** The conditions that a scenario sets, by name. */
export function conditionNames(set: Conditions | undefined): ConditionName[] {
  const names: readonly ConditionName[] = ["umask", "user", "folder", "descriptors", "processes", "time"];
  return set === undefined ? [] : names.filter((name) => set[name] !== undefined);
}
