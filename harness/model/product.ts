// product.yaml: everything the harness knows of an agent and its updater. No product needs TypeScript to be described.
import { z } from "zod";
import { trigger } from "./fault.ts";
import { companion, consistency, hosts, request } from "./fleet.ts";
import { argv, probe, regexText } from "./probe.ts";
import { duration, identifier, relativeGlob } from "./units.ts";

/** A sign that an upgrade is still going on. */
export const busySign = z
  .union([
    z.strictObject({ process: regexText.describe("A running process whose command line matches") }),
    z.strictObject({ file: relativeGlob, contains: z.string().optional() }),
    z.strictObject({ probe: probe.describe("Asked of the product as a whole; busy while the answer is `equals`") }),
  ])
  .meta({ id: "busySign" });
export type BusySign = z.infer<typeof busySign>;

/** How a broken candidate behaves in place of its executable. */
export const misbehaviour = z
  .union([
    z.strictObject({ exit: z.int().min(0).max(255), after: duration.optional() }).describe("Exit with this code, at once or after a while"),
    z.literal("hang").describe("Run for ever and do nothing"),
    z.strictObject({ delay: duration }).describe("Start late, then work well"),
    z.literal("ignore-stop").describe("Work well, and ignore every request to stop"),
  ])
  .meta({ id: "misbehaviour" });
export type Misbehaviour = z.infer<typeof misbehaviour>;

/** A release built broken: its artifact is packed with a wrapper in place of an executable, checksums and signature renewed. */
export const variant = z
  .strictObject({
    wrap: relativeGlob.describe("The executables in the archive that are wrapped"),
    arguments: regexText.optional().describe("Only when the arguments, joined by spaces, match; otherwise the wrapper is transparent"),
    then: misbehaviour,
  })
  .meta({ id: "variant" });
export type Variant = z.infer<typeof variant>;

const artifactBuild = z.strictObject({
  command: argv.describe("Writes the files of a release below {out}; told version, build time, traits and commit by UPMATRIX_* variables"),
  inputs: z.array(relativeGlob).min(1).describe("The files the build reads: a change of one builds anew"),
});

const artifactFetch = z.strictObject({
  url: z
    .string()
    .min(1)
    .describe("Where the archive lies: https://, or a path beside product.yaml; {version} and {platform} are filled in"),
  sha512: z.string().optional().describe("URL or path of its checksum file, when it has one"),
  signature: z.string().optional().describe("URL or path of its signature, when it has one"),
});

export const artifactSource = z
  .strictObject({
    name: z.string().min(1).describe("File name of the archive, such as agent-{version}-{platform}.tar.gz; on win32 .tar.gz becomes .zip"),
    build: artifactBuild.optional(),
    fetch: artifactFetch.optional(),
  })
  .refine((value) => (value.build === undefined) !== (value.fetch === undefined), "needs exactly one of build and fetch");

/** A service of the product, run by the service manager. */
export const service = z.strictObject({
  name: identifier,
  unit: z.string().regex(/^[\w.@-]+\.service$/, "must be a unit name such as agent.service"),
  definition: z.string().optional().describe("The unit file, in systemd's words; left out when the install writes it"),
  version: probe.optional().describe("Which version of this service runs; needed where services have versions of their own"),
  health: probe.optional().describe("Whether this service is well"),
  tree: z
    .array(relativeGlob)
    .default([])
    .describe("What of the install tree is this service's own: it changes when the service is upgraded"),
});
export type Service = z.infer<typeof service>;

/** Part of the product's directory layout, relative to the install tree. */
export const layout = z.strictObject({
  preserved: z.array(relativeGlob).default([]).describe("A user's: after upgrade and rollback as before, byte for byte"),
  volatile: z.array(relativeGlob).default([]).describe("Changes while the product runs: neither content nor presence is compared"),
  contents: z.array(relativeGlob).default([]).describe("Must be there, but its content changes while the product runs"),
  allowed: z.array(relativeGlob).default([]).describe("May be left behind by an upgrade or a rollback, such as logs"),
});

/** A process kind, recognised by its command line. */
export const processKind = z.strictObject({
  name: identifier,
  match: regexText,
  count: z.int().min(0).default(1).describe("How many must run when all is well"),
});

/** A setting whose published value is too long for a test run. */
export const setting = z.strictObject({
  published: z.string().min(1).describe("The value the product ships with"),
  test: z.string().min(1).describe("The value in a test run"),
  env: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/)
    .describe("The environment variable that carries it"),
});

export const product = z
  .strictObject({
    summary: z.string().min(1),
    platforms: z
      .array(z.enum(["linux", "darwin", "win32"]))
      .min(1)
      .default(["linux"]),
    provides: z.array(identifier).default([]).describe("Capabilities that scenarios may need, such as rollback or signature"),
    artifact: artifactSource,
    root: z.string().startsWith("/").optional().describe("A fixed install path; only environments with a root of their own can run it"),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
    settings: z.record(identifier, setting).default({}),
    install: z.array(argv).min(1).describe("Commands of a fresh install, in order; {artifact} is the archive, {root} the install tree"),
    uninstall: z
      .array(argv)
      .default([])
      .describe("Commands of an uninstall, in order, with the services stopped; whatever is left of the install tree is then removed"),
    hosts: hosts.optional().describe("Several machines; every path of the product is then one of a host, as is {root}"),
    companions: z.array(companion).default([]),
    services: z.array(service).min(1),
    version: probe.describe("Which version runs"),
    health: probe.describe("Whether it is well"),
    active: z
      .strictObject({
        path: relativeGlob.describe("The link or file that selects the active version"),
        command: argv.optional().describe("Prints the version of what the pointer selects"),
      })
      .optional()
      .describe("The active pointer; left out when the version that runs is simply what lies at a fixed path"),
    upgrade: z.strictObject({
      command: argv.describe("What a user runs to upgrade to {version} from {url}"),
      accepted: z.array(z.int()).default([0]).describe("Exit codes that mean: the upgrade is under way or done"),
      busy: z.array(busySign).min(1).describe("Signs that an upgrade is still going on"),
      on: z
        .enum(["host", "operator"])
        .default("host")
        .describe(
          "Where a user runs it: on each host that is to be upgraded, or once, on the operator's machine, with {hosts} and {services}",
        ),
    }),
    commands: z.record(identifier, argv).default({}).describe("What else an operator may do, by name, for scenarios that ask for it"),
    requests: z.record(identifier, request).default({}),
    facts: z
      .record(identifier, probe)
      .default({})
      .describe("What can be asked of the product as a whole, for scenarios that expect something"),
    consistency: z.array(consistency).default([]),
    layout: layout.prefault({}),
    processes: z.array(processKind).min(1).describe("The product's long-running processes"),
    watchers: z.array(regexText).default([]).describe("Command lines of those among the updaters that watch the new version"),
    updaters: z.array(regexText).default([]).describe("Command lines of updaters and watchers: none may be left"),
    logs: z.strictObject({ agent: z.array(relativeGlob).default([]), updater: z.array(relativeGlob).default([]) }).prefault({}),
    state: z.array(relativeGlob).default([]).describe("State files: .json and .yaml/.yml must parse, all must be non-empty"),
    temporary: z.array(relativeGlob).default([]).describe("Temporary names that must not be left"),
    user: z
      .array(z.strictObject({ file: relativeGlob, append: z.string().min(1) }))
      .default([])
      .describe("What a user edits after the install; must survive"),
    variants: z.record(identifier, variant).default({}),
    points: z.record(identifier, trigger).default({}).describe("Named points of an upgrade, for faults that fire there"),
    rollbackPoints: z.record(identifier, trigger).default({}).describe("Named points of a rollback"),
    limits: z
      .strictObject({
        start: duration.default("10s").describe("Until a started product is healthy"),
        upgrade: duration.default("20s").describe("Until an upgrade is over, rollback included"),
        downtime: duration.optional().describe("The longest time without a healthy agent during a clean upgrade"),
        crashes: z.int().min(1).default(15).describe("Starts of a service in a row without health after which nobody expects more of it"),
        disk: z.number().min(1).default(3).describe("The most the tree may grow, as a multiple of a fresh install"),
      })
      .prefault({}),
  })
  .meta({ id: "product", title: "product.yaml", description: "An agent with its updater, as upmatrix sees it" });
export type Product = z.infer<typeof product>;
