// What a product has besides one agent on one machine: hosts, companions, facts to assert, requests, sources that must agree.
import { z } from "zod";
import { argv, probe } from "./probe.ts";
import { duration, identifier } from "./units.ts";

/** Several machines, each with an install tree, services and processes of its own. */
export const hosts = z
  .strictObject({
    prefix: identifier.default("host").describe("They are called <prefix>-1, <prefix>-2, …"),
    count: z.int().min(1).max(50).describe("How many there are from the beginning; a scenario may say another number"),
    join: z
      .array(argv)
      .min(1)
      .optional()
      .describe("Commands that set up a host that is added later, in place of `install`; {root} and {host} are its own"),
    leave: z.array(argv).default([]).describe("Commands that a host's removal begins with, run by the operator; {host} is the removed one"),
    endpoints: z
      .array(identifier)
      .default([])
      .describe("Sockets each listens on, as {socket:NAME}; others reach them by {peer:NAME}, each over a line that can be cut"),
  })
  .meta({ id: "hosts" });
export type Hosts = z.infer<typeof hosts>;

/** A process of the product's own control plane: starts before the install, and lives on a machine of its own. */
export const companion = z
  .strictObject({
    name: identifier,
    install: z.array(argv).min(1).describe("Puts its program into {root}, a folder of its own, from {artifact}"),
    command: argv.describe("Starts it; what it must remember lies in {data}, which survives everything but the cell"),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
    ready: probe.describe("Whether it answers"),
    endpoints: z
      .array(identifier)
      .default([])
      .describe("Sockets it listens on, as {socket:NAME}; hosts reach them by {link:NAME}, over a line that can be cut"),
  })
  .meta({ id: "companion" });
export type Companion = z.infer<typeof companion>;

/** What must hold of a fact: exactly this value, or a number within bounds. */
export const factExpectation = z
  .union([
    z.string(),
    z
      .strictObject({ atLeast: z.number().optional(), atMost: z.number().optional(), not: z.string().optional() })
      .refine((value) => Object.keys(value).length > 0, "needs atLeast, atMost or not"),
  ])
  .meta({ id: "factExpectation" });
export type FactExpectation = z.infer<typeof factExpectation>;

export const facts = z.record(identifier, factExpectation).describe("Facts of the product by name, and what must hold of each");

/** Several sources that say the same thing of each host or service; they must agree whenever nothing is under way. */
export const consistency = z
  .strictObject({
    name: identifier,
    of: z.enum(["hosts", "services"]),
    services: z.array(identifier).optional().describe("Only of these; {service} is its name"),
    sources: z
      .record(identifier, probe)
      .refine((value) => Object.keys(value).length >= 2, "needs at least two sources")
      .describe("By name, such as runs, disk, inventory, intent"),
  })
  .meta({ id: "consistency" });
export type Consistency = z.infer<typeof consistency>;

/** A request of the product's own interface that a scenario sends many times. */
export const request = z
  .strictObject({
    http: z.string().min(1).describe("URL, or unix:/path/to.sock:/request/path; {n} counts from 1, {host} goes round"),
    method: z.enum(["GET", "POST", "PUT", "DELETE"]).default("POST"),
    body: z.string().optional(),
    accepted: z.array(z.int()).default([202]).describe("Statuses that mean: taken on"),
    throttled: z.array(z.int()).default([429]).describe("Statuses that mean: not now, and say so"),
  })
  .meta({ id: "request" });
export type ProductRequest = z.infer<typeof request>;

/** Between whom a line is disturbed: hosts by name, companions by name, `operator` for where commands are run. */
const between = z.tuple([identifier, identifier]);

export const networkChange = z
  .enum(["cut", "slow", "heal"])
  .describe("cut: nothing passes, and what is open is reset; slow: each byte comes late");
export type NetworkChange = z.infer<typeof networkChange>;

export const networkStep = z.strictObject({ network: networkChange, between, by: duration.optional().describe("slow: how late") });
export type NetworkStep = z.infer<typeof networkStep>;

export const companionStep = z.strictObject({
  companion: identifier,
  do: z.enum(["stop", "start", "restart", "kill", "upgrade"]).describe("upgrade: stop it, install the release's program, start it"),
  release: z.enum(["from", "to", "next"]).default("to").describe("For upgrade"),
});
export type CompanionStep = z.infer<typeof companionStep>;

/** Steps of a scenario that only products with hosts, companions, commands or facts can take. */
export const fleetSteps = [
  z.strictObject({ reboot: identifier.describe("A host; what runs elsewhere goes on") }),
  z.strictObject({ add: identifier.describe("A host that was not there: it is set up, started, and must become healthy") }),
  z.strictObject({ remove: identifier.describe("A host: its processes are killed and its disk is gone") }),
  z.strictObject({
    run: identifier.describe("One of the product's commands, as the operator"),
    code: z.array(z.int()).default([0]).describe("Exit codes that are right"),
  }),
  z.strictObject({
    burst: identifier.describe("One of the product's requests"),
    count: z.int().min(1).max(100_000),
    parallel: z.int().min(1).max(500).default(20),
  }),
  z.strictObject({ await: facts.describe("Waits until all hold; a step that fails when they do not") }),
  networkStep,
  companionStep,
] as const;
export type FleetStep = z.infer<(typeof fleetSteps)[number]>;

/** The line of a product's hosts, in order: `host-1`, `host-2`. One without `hosts` has a single one without a name. */
export function hostNames(declared: Hosts | undefined, count = declared?.count ?? 1): string[] {
  return declared === undefined ? [] : Array.from({ length: count }, (_, index) => `${declared.prefix}-${index + 1}`);
}
