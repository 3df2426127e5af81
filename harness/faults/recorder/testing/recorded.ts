// Runs a program under the recorder in a fresh watched folder, and reads what came of it: the log, the events, the tree.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { compileOnce, type Compiled } from "../../../build/compile.ts";
import { buildRecorder } from "../../../build/index.ts";
import type { TreeFile } from "../../../crash/index.ts";
import type { BaseEntry, Look, Operation, RecordedNote, Recording } from "../../../model/index.ts";

const CACHE = path.join(import.meta.dirname, "..", "..", "..", "..", ".upmatrix", "cache");
export const PROGRAMS = import.meta.dirname;

export interface Fired {
  readonly event: string;
  readonly do?: string;
  readonly k?: number;
  readonly op?: string;
  readonly pid?: number;
  readonly pids?: readonly number[];
  readonly killed?: readonly number[];
  readonly message?: string;
}

export interface Recorded {
  readonly code: number | null;
  readonly stderr: string;
  readonly operations: readonly Operation[];
  readonly notes: readonly RecordedNote[];
  /** Operations and looks in one order. */
  readonly course: readonly (Operation | Look)[];
  readonly data: Buffer;
  readonly events: readonly Fired[];
}

export interface RunOptions {
  readonly inject?: readonly string[];
  readonly uid?: number;
  /** A command that starts the recorder. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly looks?: boolean;
}

/** What /proc/loadavg tells of a machine with one thread that wants a processor, and with many. */
export const QUIET = "0.00 0.00 0.00 1/100 1";
export const CROWDED = "9.00 9.00 9.00 999/1000 1";

export const isRoot = process.getuid?.() === 0;

export function recorder(): Promise<Compiled> {
  return buildRecorder(CACHE);
}

/** A static program of this folder. */
export async function program(name: string): Promise<string> {
  const flags = ["-O1", "-static", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-pthread"];
  const made = await compileOnce({ name, sources: [path.join(PROGRAMS, `${name}.c`)], flags }, CACHE);
  if ("unavailable" in made) throw new Error(made.unavailable);
  return made.file;
}

/** A folder with a watched one in it, `root`, which is the same path in every run. Gone when its block ends. */
export class Ground implements Disposable {
  readonly path = mkdtempSync(path.join(tmpdir(), "recorder-"));
  readonly root = path.join(this.path, "root");
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    chmodSync(this.path, 0o777);
    this.fresh();
  }

  fresh(): void {
    rmSync(this.root, { recursive: true, force: true });
    mkdirSync(this.root);
    chmodSync(this.root, 0o777);
  }

  /** Where `withLoad` keeps what it shows. */
  get load(): string {
    return path.join(this.path, "loadavg");
  }

  /** A command that starts the recorder where /proc/loadavg says this. Needs root. */
  withLoad(said: string): string[] {
    writeFileSync(this.load, `${said}\n`);
    return ["unshare", "--mount", "sh", "-c", `mount --bind ${this.load} /proc/loadavg && exec "$@"`, "sh"];
  }

  /** Options that name this ground's files. */
  options(inject: readonly string[] = []): string[] {
    const files = ["log", "data", "events"].flatMap((name) => [`--${name}`, path.join(this.path, name)]);
    return [...files, "--under", this.root, ...inject.flatMap((spec) => ["--inject", spec])];
  }

  /** Runs `argv` in the watched folder until everything it started has ended. */
  async run(argv: readonly string[], { inject, uid, env, under = [], looks = false }: RunOptions = {}): Promise<Recorded> {
    for (const name of ["log", "data", "events"]) rmSync(path.join(this.path, name), { force: true });
    const [command = "", ...args] = [...under, this.#file, "run", ...this.options(inject), ...(looks ? ["--looks"] : []), "--", ...argv];
    const child = spawn(command, args, {
      cwd: this.root,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"], LC_ALL: "C", UV_THREADPOOL_SIZE: "1", ...env },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
    return { code, stderr, ...this.read() };
  }

  /** What was written down. Events only of a run: who serves tells them itself. */
  read(): Omit<Recorded, "code" | "stderr"> {
    const operations: Operation[] = [];
    const notes: RecordedNote[] = [];
    const course: (Operation | Look)[] = [];
    for (const entry of lines(path.join(this.path, "log")) as (Operation | RecordedNote | Look)[]) {
      if ("look" in entry) course.push(entry);
      else if ("op" in entry) {
        operations.push(entry);
        course.push(entry);
      } else notes.push({ ...entry, after: operations.at(-1)?.k ?? 0 });
    }
    const told = path.join(this.path, "events");
    const events = existsSync(told) ? (lines(told) as Fired[]) : []; // written by the recorder
    return { operations, notes, course, data: readFileSync(path.join(this.path, "data")), events };
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function lines(file: string): unknown[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** A recording as the crash model takes it: what lay there before, and what was done. */
export function recordingOf(base: readonly BaseEntry[], baseData: Buffer, { operations, notes, data }: Recorded): Recording {
  const moved = operations.map((one) =>
    "data" in one && one.data ? { ...one, data: [one.data[0] + baseData.length, one.data[1]] as const } : one,
  );
  return { base, operations: moved, notes, data: Buffer.concat([baseData, data]) };
}

/** Everything below `folder`, itself included, as a base for replaying. */
export function baseOf(folder: string): { base: BaseEntry[]; data: Buffer } {
  let data = Buffer.alloc(0);
  const base = filesBelow(folder).map(({ content, ...entry }): BaseEntry => {
    if (content === undefined) return { mode: "777", ...entry };
    const range = [data.length, content.length] as const;
    data = Buffer.concat([data, content]);
    return { mode: "777", ...entry, data: range };
  });
  return { base, data };
}

/** The tree as one line a path, to compare: kind, mode, owner, and what is in it. */
export function treeLines(files: readonly TreeFile[]): string[] {
  return files
    .map(({ path: file, type, mode, uid, gid, target, content }) => {
      const inside = target ?? (content === undefined ? "" : createHash("sha256").update(content).digest("hex").slice(0, 12));
      return `${file} ${type} ${type === "link" ? "" : mode} ${uid}:${gid} ${inside}`;
    })
    .sort();
}

export function filesBelow(folder: string): (TreeFile & { content?: Buffer })[] {
  const stat = lstatSync(folder);
  const entry = { path: folder, uid: stat.uid, gid: stat.gid, mode: (stat.mode & 0o7777).toString(8) };
  if (stat.isSymbolicLink()) return [{ ...entry, type: "link", target: readlinkSync(folder) }];
  if (stat.isFile()) return [{ ...entry, type: "file", content: readFileSync(folder) }];
  if (!stat.isDirectory()) return [{ ...entry, type: "other" }];
  return [{ ...entry, type: "directory" }, ...readdirSync(folder).flatMap((name) => filesBelow(path.join(folder, name)))];
}

/** Operations in short, with paths from the watched folder: `rename a b`, `write a @0+3`, `mkdir d 750 EEXIST`. */
export function brief(operations: readonly Operation[], root: string): string[] {
  const short = (file: string | undefined): string => (file === undefined ? "" : path.relative(root, file) || ".");
  return operations.map((one) => {
    const parts: (string | false)[] = [one.op, "deleted" in one && one.deleted === true ? "(deleted)" : short(one.path)];
    if ("to" in one) parts.push(short(one.to));
    if ("exchange" in one && one.exchange === true) parts.push("exchange");
    if ("target" in one) parts.push(`-> ${one.target}`);
    if ("name" in one) parts.push(one.name);
    if ("mode" in one) parts.push(String(one.mode));
    if ("type" in one && one.type !== undefined) parts.push(one.type);
    if ("offset" in one) parts.push(`@${one.offset}+${"size" in one ? one.size : one.data?.[1]}`);
    else if ("size" in one) parts.push(String(one.size));
    if ("sync" in one && one.sync === true) parts.push("sync");
    if (one.error !== undefined) parts.push(one.error);
    if (one.injected === true) parts.push("injected");
    return parts.filter((part) => part !== "").join(" ");
  });
}

/** Processes that have `text` in their command line. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandOf(pid).includes(text))
    .map(Number);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
