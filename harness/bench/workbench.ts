// A folder in which small updaters run, bare or under the recorder, and what the recorder wrote down of it.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { buildRecorder } from "../build/index.ts";
import type { BaseEntry, EndEntry, Operation, RecordedNote, RecordedRun } from "../model/index.ts";
import { makeUpdaters, type Missing, type Updater } from "./updaters.ts";

const execute = promisify(execFile);
const CACHE = path.join(process.cwd(), ".upmatrix", "cache");

export interface WorkbenchOptions {
  /** Before each run the disk has everything: nobody who syncs waits for what an earlier run left to be written. */
  readonly settled?: boolean;
}

/** What one run under the recorder came to. */
export interface Ran {
  readonly code: number | null;
  readonly ms: number;
  readonly recorded: RecordedRun;
  /** The operation at which an injection came about. */
  readonly firedAt: number | undefined;
}

export class Workbench implements AsyncDisposable {
  readonly updaters: readonly (Updater | Missing)[];
  readonly #folder: string;
  readonly #recorder: string;
  readonly #settled: boolean;
  #bareRuns = 0;

  /** Makes recorder, artifacts and updaters; in words why there is no recorder. */
  static async open({ settled = false }: WorkbenchOptions = {}): Promise<Workbench | { readonly unavailable: string }> {
    const recorder = await buildRecorder(CACHE);
    if ("unavailable" in recorder) return recorder;
    const folder = await mkdtemp(path.join(os.tmpdir(), "upmatrix-bench-"));
    try {
      return new Workbench(folder, recorder.file, settled, await makeUpdaters(path.join(folder, "artifacts"), CACHE));
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(folder: string, recorder: string, settled: boolean, updaters: readonly (Updater | Missing)[]) {
    this.#folder = folder;
    this.#recorder = recorder;
    this.#settled = settled;
    this.updaters = updaters;
  }

  /** Milliseconds until the updater has ended; what it started may still run, so each run has a folder of its own until the end. */
  async bare(updater: Updater): Promise<number> {
    const root = path.join(this.#folder, `bare-${(this.#bareRuns += 1)}`);
    await mkdir(root);
    await updater.prepare(root);
    const { code, ms } = await this.#timed(updater.argv(root), root, {});
    if (code !== 0) throw new Error(`Cannot measure: the updater ${updater.name} ended with ${String(code)}`);
    return ms;
  }

  /** Runs it recorded, to its end or until the injection kills it: everything it started has ended then. */
  async recorded(updater: Updater, inject: readonly string[] = []): Promise<Ran> {
    const root = path.join(this.#folder, "root");
    for (const name of ["root", "log", "data", "events"]) await rm(this.#at(name), { recursive: true, force: true });
    await mkdir(root);
    await updater.prepare(root);
    const { base, data } = baseOf(root);
    const files = ["log", "data", "events"].flatMap((name) => [`--${name}`, this.#at(name)]);
    const options = [...files, "--under", root, ...inject.flatMap((spec) => ["--inject", spec])];
    const argv = [this.#recorder, "run", ...options, "--", ...updater.argv(root)];
    const { code, ms } = await this.#timed(argv, root, { UV_THREADPOOL_SIZE: "1" });
    const { operations, notes } = logOf(await readFile(this.#at("log"), "utf8"), data.length);
    const whole = Buffer.concat([data, await readFile(this.#at("data"))]);
    const recorded = { base, operations, notes, data: whole, end: entriesBelow(root).map(withDigest) };
    return { code, ms, recorded, firedAt: firedIn(await readFile(this.#at("events"), "utf8")) };
  }

  async #timed(...run: Parameters<typeof timed>): ReturnType<typeof timed> {
    if (this.#settled) await execute("sync");
    return timed(...run);
  }

  #at(name: string): string {
    return path.join(this.#folder, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function timed(
  [command = "", ...args]: readonly string[],
  cwd: string,
  more: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly ms: number }> {
  const began = performance.now();
  const child = spawn(command, args, { cwd, stdio: "ignore", env: { PATH: process.env["PATH"], LC_ALL: "C", ...more } });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve({ code, ms: performance.now() - began }));
  });
}

/** @param offset bytes of the base, which lie before those of the log */
function logOf(text: string, offset: number): { readonly operations: Operation[]; readonly notes: RecordedNote[] } {
  const operations: Operation[] = [];
  const notes: RecordedNote[] = [];
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const entry = JSON.parse(line) as Operation | RecordedNote; // written by our recorder
    if (!("op" in entry)) notes.push({ ...entry, after: operations.at(-1)?.k ?? 0 });
    else if (entry.op === "write" && entry.data !== undefined) operations.push({ ...entry, data: [entry.data[0] + offset, entry.data[1]] });
    else operations.push(entry);
  }
  return { operations, notes };
}

function firedIn(text: string): number | undefined {
  const events = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as { event: string; k?: number }])); // written by our recorder
  return events.find(({ event }) => event === "fired")?.k;
}

type Found = Omit<BaseEntry, "data"> & { readonly content?: Buffer };

function entriesBelow(folder: string): Found[] {
  const stat = lstatSync(folder);
  const common = { path: folder, mode: (stat.mode & 0o7777).toString(8), uid: stat.uid, gid: stat.gid };
  if (stat.isSymbolicLink()) return [{ ...common, type: "link", target: readlinkSync(folder) }];
  if (stat.isFile()) return [{ ...common, type: "file", content: readFileSync(folder) }];
  if (!stat.isDirectory()) return [{ ...common, type: "other" }];
  return [{ ...common, type: "directory" }, ...readdirSync(folder).flatMap((name) => entriesBelow(path.join(folder, name)))];
}

function baseOf(root: string): { readonly base: BaseEntry[]; readonly data: Buffer } {
  const contents: Buffer[] = [];
  let length = 0;
  const base = entriesBelow(root).map(({ content, ...entry }): BaseEntry => {
    if (content === undefined) return entry;
    contents.push(content);
    length += content.length;
    return { ...entry, data: [length - content.length, content.length] };
  });
  return { base, data: Buffer.concat(contents) };
}

function withDigest({ content, ...entry }: Found): EndEntry {
  return content === undefined ? entry : { ...entry, digest: createHash("sha256").update(content).digest("hex") };
}
