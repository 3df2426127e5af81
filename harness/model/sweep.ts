// A sweep: a scenario whose fault is "at every operation". It expands into points, and each point is a cell.
import { z } from "zod";
import type { CrashVariant } from "./operation.ts";

export const failure = z.enum(["ENOSPC", "EIO", "EACCES", "EROFS", "EDQUOT"]);
export type Failure = z.infer<typeof failure>;

/** Which operations of the updater a sweep strikes at. */
const part = z
  .enum(["all", "after-restart"])
  .default("all")
  .describe(
    "all: from the trigger until all is settled; after-restart: from the next start of one of the product's services on, so the rollback of a bad candidate",
  );

const foretell = z
  .boolean()
  .optional()
  .describe(
    "Points that would go as an earlier one went, by all that its boot looked at, are not booted: quicker, for products whose boots go one way only. Some are booted all the same; where one comes otherwise and a state turns out to boot in two ways, all are booted",
  );

/** What is done at every operation that changes a file. */
export const sweep = z
  .discriminatedUnion("kind", [
    z
      .strictObject({ kind: z.literal("kill"), part, foretell })
      .describe("Everything is killed after the operation, then the machine boots"),
    z
      .strictObject({
        kind: z.literal("power-loss"),
        part,
        foretell,
        dropOne: z
          .boolean()
          .default(false)
          .describe("Also every state in which one operation that was not made durable is missing: thousands"),
      })
      .describe("The power is cut after the operation: what was not synced may be lost, by five models of file systems"),
    z
      .strictObject({
        kind: z.literal("errno"),
        part,
        errors: z.array(failure).min(1).default(["ENOSPC", "EIO", "EACCES", "EROFS"]),
      })
      .describe("The operation fails, once; ENOSPC also from then on for all that takes space"),
    z
      .strictObject({ kind: z.literal("signal"), part, signal: z.enum(["SIGTERM", "SIGINT"]).default("SIGTERM") })
      .describe("The process that is about to carry out the operation is sent the signal"),
  ])
  .meta({ id: "sweep" });
export type Sweep = z.infer<typeof sweep>;

/** A state that a crash can leave, as a point of a sweep: computed from a recording, not by running the updater again. */
export interface Cut {
  /** Name of the point within its sweep. */
  readonly name: string;
  /** The last operation that was carried out; 0: none. */
  readonly k: number;
  readonly variant: CrashVariant;
  /** For `drop-one`: the operation that is missing. */
  readonly dropped?: number;
  /** Of the computed tree, without logs: equal for points that are one state. */
  readonly digest: string;
  /** Such as `killed after operation 207, rename of current.new to current`. */
  readonly sentence: string;
  /** How many of all candidate states have this very tree, this one included. */
  readonly alike: number;
}
