// Where a cell lives: its install tree, scratch folder and environment variables, and what {placeholders} mean there.
import { createHash } from "node:crypto";
import path from "node:path";
import type { ClockFile } from "../faults/index.ts";
import { type CellJob, type JobArtifact, milliseconds } from "../model/index.ts";
import type { CommandOptions } from "./command.ts";

/** Values that differ from command to command. */
export interface Target {
  readonly version: string;
  readonly artifact?: JobArtifact;
}

export class Place {
  readonly job: CellJob;
  readonly root: string;
  /** What holds the install tree, a file system of its own where there are such; the tree itself as a rule. */
  readonly tree: string;
  readonly units: string;
  readonly control: string;
  readonly logs: string;
  /** Base URL of the artifact server; set once it listens. */
  url = "";
  /** How a process of the product is started: as it is, or so that the recorder sees what it does. */
  started: (argv: readonly string[]) => readonly string[] = (argv) => this.limited(argv);
  /** How any command of the product is started: as it is, or with limits. */
  limited: (argv: readonly string[]) => readonly string[] = (argv) => argv;
  /** As whom the product runs; undefined: as this program does. */
  identity: { readonly uid: number; readonly gid: number } | undefined;
  /** The product's own clock, where it has one. */
  clock: ClockFile | undefined;
  /** The product's waits are as published, not as short as test runs have them. */
  published = false;
  /** The folder that is searched for tools; undefined: where this program finds them. */
  tools: string | undefined;
  /** Further environment variables of every process of the product. */
  readonly further: Record<string, string> = {};

  constructor(job: CellJob) {
    this.job = job;
    this.tree = job.root;
    this.root = path.join(job.root, job.script.conditions?.folder ?? "");
    this.units = path.join(job.work, "units");
    this.control = path.join(job.work, "control");
    this.logs = path.join(job.work, "services");
  }

  /** Fills the placeholders of one string. Throws on an unknown one: the loader should have refused it. */
  fill(text: string, target: Target): string {
    return text.replace(/\{(\w+)(?::([\w-]+))?\}/g, (whole, name: string, argument: string | undefined) => {
      const value = this.#value(name, argument, target);
      if (value === undefined) throw new Error(`Cannot fill ${whole} in ${JSON.stringify(text)}: there is no such value here`);
      return value;
    });
  }

  /** Calls back after a while of the product's time; returns what cancels that. */
  after(ms: number, callback: () => void): () => void {
    const { clock } = this;
    if (clock === undefined) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    }
    const end = clock.monotonicMs + ms;
    const timer = setInterval(() => {
      if (clock.monotonicMs < end) return;
      clearInterval(timer);
      callback();
    }, 1);
    return () => clearInterval(timer);
  }

  /** How long something may take that takes so long with the settings of test runs. */
  patience(limit: string): number {
    return milliseconds(limit) * (this.published ? PUBLISHED_PATIENCE : 1);
  }

  /** How a command of the product is run. */
  commandOptions(target: Target, deadlineMs: number): CommandOptions {
    return { env: this.variables(target), cwd: this.root, deadlineMs, identity: this.identity, started: this.limited };
  }

  /** The environment variables of every process of the product. */
  variables(target: Target): Record<string, string> {
    const { product } = this.job;
    const own: Record<string, string> = {};
    for (const [name, value] of Object.entries(product.env)) own[name] = this.fill(value, target);
    for (const { env, test, published } of Object.values(product.settings)) own[env] = this.published ? published : test;
    const inherited = Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
    return {
      ...inherited,
      HOME: this.job.work,
      ...own,
      ...this.further,
      PATH: [this.control, path.dirname(process.execPath), this.tools ?? process.env["PATH"] ?? ""].join(path.delimiter),
      UPMATRIX_CELL: process.env["UPMATRIX_CELL"] ?? this.job.work,
      UPMATRIX_CONTROL: this.control,
    } as Record<string, string>; // INHERITED holds only defined values
  }

  #value(name: string, argument: string | undefined, target: Target): string | undefined {
    switch (name) {
      case "root":
        return this.root;
      case "work":
        return this.job.work;
      case "units":
        return this.units;
      case "node":
        return process.execPath;
      case "url":
        return this.url;
      case "version":
        return target.version;
      case "platform":
        return `${process.platform}-${process.arch}`;
      case "artifact":
        return target.artifact && path.join(target.artifact.directory, target.artifact.archive);
      case "artifacts":
        return target.artifact?.directory;
      case "socket":
        return argument && this.#socket(argument);
      default:
        return undefined;
    }
  }

  /** A named pipe of Windows. All cells share one space of names, so this one's folder is part of it. */
  pipe(name: string): string {
    return `\\\\.\\pipe\\upmatrix-${createHash("sha256").update(this.job.work).digest("hex").slice(0, 16)}-${name}`;
  }

  #socket(name: string): string {
    return process.platform === "win32" ? this.pipe(name) : path.join(this.job.work, `${name}.sock`);
  }
}

/** Also in time that flies longer waits take longer. */
const PUBLISHED_PATIENCE = 3;

/** What a product gets of the environment's own variables: what programs need to run at all, nothing of ours. */
const INHERITED = ["LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "SystemRoot", "SYSTEMROOT", "COMSPEC", "PATHEXT", "NODE_COMPILE_CACHE"];
