// A fault: *when* (trigger) and *what* (action). The schema of both, as scenarios write them.
import { z } from "zod";
import { companionStep, networkStep } from "./fleet.ts";
import { failure } from "./sweep.ts";
import { duration, identifier, relativeGlob, shift, size } from "./units.ts";

const operation = z.enum([
  "create",
  "write",
  "truncate",
  "fallocate",
  "rename",
  "link",
  "symlink",
  "unlink",
  "mkdir",
  "rmdir",
  "mknod",
  "chmod",
  "chown",
  "utimes",
  "setxattr",
  "removexattr",
  "fsync",
  "fdatasync",
  "sync",
  "syncfs",
  "msync",
]);

const regexText = z.string().min(1).refine(isRegex, "must be a valid regular expression");

/** When a fault fires. Everything is observed; nothing waits a fixed time. */
export const trigger = z
  .union([
    z.literal("start").describe("As soon as the upgrade step begins, before the upgrade is triggered"),
    z.strictObject({
      file: relativeGlob.describe("A glob in the product's install tree"),
      event: z.enum(["appears", "changes", "disappears"]).default("appears"),
    }),
    z.strictObject({ log: regexText.describe("A line that a log of the product contains") }),
    z.strictObject({ process: regexText.describe("The command line of a process that starts") }),
    z.strictObject({
      service: z.string().min(1),
      starts: z.int().min(1).default(1).describe("The n-th start of the service after the upgrade was triggered"),
    }),
    z.strictObject({
      request: relativeGlob.describe("A file asked of the artifact server, such as *.tar.gz"),
      bytes: z.int().min(0).default(0).describe("How many bytes of it were sent"),
    }),
    z.strictObject({
      answers: z.enum(["from", "to", "next"]).describe("The running product answers as this release: its grace period begins"),
    }),
    z.strictObject({ point: identifier.describe("A named point of the product (product.yaml, points)") }),
    z
      .strictObject({
        operation: operation.or(z.literal("any")).describe("A system call that changes a file"),
        path: z.string().min(1).describe("A glob: relative to the install tree, or absolute"),
        nth: z.int().min(1).default(1).describe("The n-th such operation since the upgrade was triggered"),
        moment: z.enum(["before", "after", "torn"]).default("after").describe("For kill: torn is in the middle of a write"),
      })
      .describe("When a process of the product is about to change a file in this way (needs the recorder); goes with kill and fail"),
  ])
  .meta({ id: "trigger" });
export type Trigger = z.infer<typeof trigger>;

/** What the artifact server does with the matching requests instead of answering well. */
export const serverMisbehaviour = z
  .union([
    z.strictObject({ status: z.int().min(400).max(599), times: z.int().min(1).default(1) }),
    z.strictObject({
      stall: z.number().min(0).max(1).describe("Fraction of the body sent before it stalls for ever"),
      times: z.int().min(1).default(1),
    }),
    z.strictObject({ flip: z.number().min(0).max(1).describe("Where, as a fraction of the body, one bit is flipped") }),
    z.strictObject({ truncate: z.number().min(0).max(1).describe("Fraction of the body after which it ends, as if whole") }),
    z.strictObject({
      reset: z.number().min(0).max(1).describe("Fraction of the body after which the connection is reset"),
      times: z.int().min(1).default(1),
    }),
    z.strictObject({ slow: duration.describe("How long the whole body takes, sent evenly") }),
    z.strictObject({ length: z.number().min(0).describe("Content-Length says so many times the real length") }),
    z.strictObject({ redirect: z.literal("loop").describe("Redirects to itself for ever") }),
    z.strictObject({ sign: z.literal("foreign-key").describe("A sound signature of the archive, by a key that nobody trusts") }),
    z.strictObject({ substitute: z.enum(["from", "to"]).describe("Serve this release's file under the asked name") }),
  ])
  .meta({ id: "serverMisbehaviour" });
export type ServerMisbehaviour = z.infer<typeof serverMisbehaviour>;

/** How much stays free on a full disk: the sum of these multiples of what an upgrade needs. */
export const freeSpace = z
  .strictObject({
    archive: z.number().min(0).default(0).describe("× the size of the artifact's archive"),
    unpacked: z.number().min(0).default(0).describe("× the size of its unpacked files"),
    installed: z.number().min(0).default(0).describe("× the size of the installed tree"),
    bytes: size.optional().describe("And so many bytes more"),
  })
  .meta({ id: "freeSpace" });

/** What a fault does when it fires. */
export const action = z
  .union([
    z.strictObject({
      kill: z
        .enum(["agent", "updater", "watcher", "all", "caller"])
        .describe("caller: the process that carries out the operation of the trigger"),
      signal: z.enum(["SIGKILL", "SIGTERM", "SIGSTOP", "SIGINT"]).default("SIGKILL"),
      on: identifier.optional().describe("Only what runs on this host; default: on all"),
    }),
    z.strictObject({ reboot: identifier.describe("A host; what runs elsewhere goes on") }),
    networkStep,
    companionStep,
    z.literal("reboot").describe("Kill everything, keep the disk, start the enabled services"),
    z.strictObject({ serve: relativeGlob.describe("Files of the artifact server, such as *.tar.gz"), misbehave: serverMisbehaviour }),
    z.strictObject({ limitDisk: freeSpace }),
    z.literal("read-only").describe("Mount the install tree read-only"),
    z.strictObject({
      fail: failure.describe("The error with which the operation of the trigger fails"),
      sticky: z.boolean().default(false).describe("From then on everything that takes space fails as well"),
    }),
    z.literal("trigger-again").describe("Trigger the same upgrade a second time, at once"),
    z
      .literal("out-of-memory")
      .describe("Fill the memory of the cell until the kernel kills a process of the product; then it is free again"),
    z.strictObject({
      serviceManager: z
        .enum(["freeze", "crash", "re-execute"])
        .describe("freeze: it does nothing until the fault is taken back; crash: until a reboot; re-execute: it reads all units again"),
    }),
    z.strictObject({ limitInodes: z.int().min(0).describe("So many files can still be made") }),
    z.strictObject({
      damage: relativeGlob.describe("State files, as a glob in the install tree"),
      how: z.enum(["corrupt", "truncate", "empty"]).describe("corrupt: a byte in the middle is another one; truncate: half of it is lost"),
    }),
    z.strictObject({
      hide: z
        .array(z.string().regex(/^[\w.+-]+$/))
        .min(1)
        .describe("Tools that are no longer on the search path"),
    }),
    z.strictObject({ clock: shift.describe("The wall clock jumps") }),
    z.strictObject({
      reinstall: z.enum(["from", "to"]).describe("Uninstall the product and install this release afresh; the user's files are kept"),
    }),
  ])
  .meta({ id: "action" });
export type Action = z.infer<typeof action>;

/** One fault of a scenario. */
export const fault = z
  .strictObject({
    when: trigger.default("start"),
    do: action,
    undo: z
      .union([z.literal("never"), z.literal("settled"), duration])
      .default("settled")
      .describe("When a lasting fault (disk, server, clock, a stopped process) is taken back: once the upgrade is over, or never"),
  })
  .refine(
    isPossible,
    "fail and kill: caller go with a trigger { operation: … }, and such a trigger goes with fail, kill: caller, and kill: all by SIGKILL",
  )
  .meta({ id: "fault" });
export type Fault = z.infer<typeof fault>;

/** The action's name, as it stands in evidence, plan and report. */
export function actionKind(value: Action): ActionKind {
  if (typeof value === "string") return value;
  if ("kill" in value) return "kill";
  if ("fail" in value) return "fail";
  if ("serve" in value) return "serve";
  if ("limitDisk" in value) return "limit-disk";
  if ("serviceManager" in value) return "service-manager";
  if ("limitInodes" in value) return "limit-inodes";
  if ("damage" in value) return "damage";
  if ("hide" in value) return "hide";
  if ("clock" in value) return "clock";
  if ("reinstall" in value) return "reinstall";
  if ("reboot" in value) return "reboot-host";
  if ("network" in value) return "network";
  if ("companion" in value) return "companion";
  return value satisfies never;
}

export type ActionKind =
  | Extract<Action, string>
  | "kill"
  | "fail"
  | "serve"
  | "limit-disk"
  | "service-manager"
  | "limit-inodes"
  | "damage"
  | "hide"
  | "clock"
  | "reinstall"
  | "reboot-host"
  | "network"
  | "companion";

/** What happens at an operation is done by the recorder, which holds the process meanwhile; it can do no more than this. */
function isPossible({ when, do: done }: { readonly when: Trigger; readonly do: Action }): boolean {
  const atOperation = typeof when === "object" && "operation" in when;
  if (typeof done !== "object" || !("kill" in done || "fail" in done)) return !atOperation;
  if ("fail" in done || done.kill === "caller") return atOperation;
  return !atOperation || (done.kill === "all" && done.signal === "SIGKILL");
}

function isRegex(value: string): boolean {
  try {
    new RegExp(value);
    return true;
  } catch {
    return false;
  }
}
