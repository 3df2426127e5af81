// One machine of a cell – a host, a companion's, the operator's: where its folders and sockets are, which environment
// variables its processes have, and what {placeholders} mean there.
import { createHash } from "node:crypto";
import path from "node:path";
import type { CellJob, JobArtifact } from "../model/index.ts";
import type { CommandOptions } from "./command.ts";
import { Ground } from "./ground.ts";

/** Values that differ from command to command. */
export interface Target {
  readonly version: string;
  readonly artifact?: JobArtifact | undefined;
  /** For whom an upgrade is meant; absent: for all. */
  readonly hosts?: readonly string[] | undefined;
  readonly services?: readonly string[] | undefined;
  /** A host or service that is spoken of, where it is not the one that speaks. */
  readonly host?: string | undefined;
  readonly service?: string | undefined;
  /** Who only looks is not held up by a line that is cut or slow: {link:NAME} and {peer:NAME} are the sockets behind it. */
  readonly looking?: boolean | undefined;
  /** Of requests that are sent many times, from 1. */
  readonly n?: number | undefined;
}

/** Nothing in particular is installed or upgraded. */
export const NOTHING: Target = { version: "" };

/** `operator`: where commands of the whole product are run. In a cell without hosts that is its only machine. */
export type Machine = { readonly kind: "operator" } | { readonly kind: "host" | "companion"; readonly name: string };

export class Place {
  readonly job: CellJob;
  readonly ground: Ground;
  readonly machine: Machine;
  /** What holds the install trees of all hosts, a file system of its own where there are such. */
  readonly tree: string;
  /** The install tree; on the operator's machine the one that holds those of all hosts. */
  readonly root: string;
  readonly units: string;
  readonly control: string;
  readonly logs: string;
  /** The folder of its sockets, where they are files. */
  readonly sockets: string;

  constructor(job: CellJob, machine: Machine = { kind: "operator" }, ground = new Ground(job)) {
    this.job = job;
    this.ground = ground;
    this.machine = machine;
    this.tree = job.root;
    const host = machine.kind === "host" ? machine.name : "";
    const own = path.join(job.root, job.script.conditions?.folder ?? "");
    this.root = machine.kind === "companion" ? path.join(this.companion(machine.name), "program") : path.join(own, host);
    this.units = path.join(job.work, "units", host);
    this.control = path.join(job.work, "control", this.name);
    this.logs = path.join(job.work, "services", host);
    this.sockets = machine.kind === "companion" ? this.companion(machine.name) : path.join(job.work, host);
  }

  /** Another machine of the same cell. */
  on(machine: Machine): Place {
    return new Place(this.job, machine, this.ground);
  }

  /** Of the host or companion; empty for the operator's machine, and the only one. */
  get name(): string {
    return this.machine.kind === "operator" ? "" : this.machine.name;
  }

  /** What tells services and members of this host from those of others. */
  label(name: string): string {
    return this.machine.kind === "host" ? `${this.machine.name}/${name}` : name;
  }

  /** Fills the placeholders of one string. Throws on an unknown one: the loader should have refused it. */
  fill(text: string, target: Target): string {
    return text.replace(/\{(\w+)(?::([\w-]+))?\}/g, (whole, name: string, argument: string | undefined) => {
      const value = argument === undefined ? this.#value(name, target) : this.#valueOf(name, argument, target);
      if (value === undefined) throw new Error(`Cannot fill ${whole} in ${JSON.stringify(text)}: there is no such value here`);
      return value;
    });
  }

  /** How a command of the product is run. */
  commandOptions(target: Target, deadlineMs: number): CommandOptions {
    return { env: this.variables(target), cwd: this.root, deadlineMs, identity: this.ground.identity, started: this.ground.limited };
  }

  /** The environment variables of every process of the product on this machine. */
  variables(target: Target): Record<string, string> {
    const { product, work } = this.job;
    const { published, further, tools } = this.ground;
    const own: Record<string, string> = {};
    for (const [name, value] of Object.entries(product.env)) own[name] = this.fill(value, target);
    for (const setting of Object.values(product.settings)) own[setting.env] = published ? setting.published : setting.test;
    const inherited = Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
    return {
      ...inherited,
      HOME: work,
      ...own,
      ...further,
      PATH: [this.control, path.dirname(process.execPath), tools ?? process.env["PATH"] ?? ""].join(path.delimiter),
      UPMATRIX_CELL: process.env["UPMATRIX_CELL"] ?? work,
      UPMATRIX_CONTROL: this.control,
      ...(this.name === "" ? {} : { [MACHINE_VARIABLE]: this.name }),
    } as Record<string, string>; // INHERITED holds only defined values
  }

  /** A named pipe of Windows. All cells share one space of names, so this one's folder is part of it. */
  pipe(name: string): string {
    const cell = createHash("sha256").update(this.job.work).digest("hex").slice(0, 16);
    return `\\\\.\\pipe\\upmatrix-${cell}-${this.name === "" ? name : `${this.name}-${name}`}`;
  }

  /** Where somebody on this machine listens. */
  socket(name: string): string {
    return process.platform === "win32" ? this.pipe(name) : path.join(this.sockets, `${name}.sock`);
  }

  /** Where somebody on this machine reaches a companion's endpoint: this machine's own line to it. */
  link(endpoint: string): string {
    if (process.platform === "win32") return this.pipe(`line-${endpoint}`);
    return path.join(this.#lines, `${endpoint}.sock`);
  }

  /** Where somebody on this machine reaches an endpoint of a host, over this machine's own line; by default a `*` stands for its name. */
  peer(endpoint: string, host = ANY_HOST): string {
    if (process.platform === "win32") return this.pipe(`peer-${endpoint}-${host}`);
    return path.join(this.#lines, endpoint, `${host}.sock`);
  }

  /** What a companion must remember. */
  data(companion: string): string {
    return path.join(this.companion(companion), "data");
  }

  /** The folder of a companion's machine. */
  companion(name: string): string {
    return path.join(this.job.work, "companions", name);
  }

  #value(name: string, target: Target): string | undefined {
    switch (name) {
      case "root":
        return this.#first.root;
      case "work":
        return this.job.work;
      case "units":
        return this.#first.units;
      case "node":
        return process.execPath;
      case "url":
        return this.ground.url;
      case "version":
        return target.version;
      case "platform":
        return `${process.platform}-${process.arch}`;
      case "artifact":
        return target.artifact && path.join(target.artifact.directory, target.artifact.archive);
      case "artifacts":
        return target.artifact?.directory;
      case "host":
        return target.host ?? (this.machine.kind === "host" ? this.machine.name : "");
      case "hosts":
        return (target.hosts ?? this.ground.hosts).join(",");
      case "services":
        return (target.services ?? this.job.product.services.map((service) => service.name)).join(",");
      case "service":
        return target.service;
      case "n":
        return target.n === undefined ? undefined : String(target.n);
      case "data":
        return this.machine.kind === "companion" ? this.data(this.machine.name) : undefined;
      default:
        return undefined;
    }
  }

  #valueOf(name: string, argument: string, { looking = false }: Target): string | undefined {
    const { companions, hosts } = this.job.product;
    if (name === "socket") return this.#first.socket(argument);
    if (name === "link") {
      const owner = companions.find(({ endpoints }) => endpoints.includes(argument));
      if (owner === undefined) return undefined;
      return looking ? this.on({ kind: "companion", name: owner.name }).socket(argument) : this.link(argument);
    }
    if (name === "peer") {
      if (!hosts?.endpoints.includes(argument)) return undefined;
      return looking ? this.on({ kind: "host", name: ANY_HOST }).socket(argument) : this.peer(argument);
    }
    if (name === "data") return companions.some((one) => one.name === argument) ? this.data(argument) : undefined;
    return undefined;
  }

  /** The folder of its lines' near ends. */
  get #lines(): string {
    return path.join(this.job.work, "lines", this.name === "" ? "operator" : this.name);
  }

  /** The operator has no install tree: {root} is the first host's there. */
  get #first(): Place {
    const [name] = this.ground.hosts;
    return this.machine.kind === "operator" && name !== undefined ? this.on({ kind: "host", name }) : this;
  }
}

/** Stands for a host's name in a path that leads to each of them. */
const ANY_HOST = "*";

/** Which machine a process runs on stands in this variable, where there are several. */
export const MACHINE_VARIABLE = "UPMATRIX_HOST";

/** What a product gets of the environment's own variables: what programs need to run at all, nothing of ours. */
const INHERITED = ["LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "SystemRoot", "SYSTEMROOT", "COMSPEC", "PATHEXT", "NODE_COMPILE_CACHE"];
