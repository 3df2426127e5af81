// Talks to the recorder, a program of its own that watches and interrupts the file-system operations of the product's
// processes. Starts it, lets processes join it, gives it orders, and reads what it recorded.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { chmodSync, closeSync, copyFileSync, fstatSync, mkdirSync, openSync, readFileSync, readSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Look, Operation, RecordedNote } from "../model/index.ts";

/** An injection that came about. */
export interface FiredInjection {
  readonly do: string;
  readonly k: number;
  readonly op: string;
  readonly path: string;
  readonly pid: number;
  /** Everybody who was killed by it. */
  readonly killed?: readonly number[];
}

interface Reply {
  readonly event: string;
  readonly k?: number;
  readonly pids?: readonly number[];
  readonly message?: string;
}

export interface RecorderOptions {
  /** The recorder's program; copied, because it may lie where nothing can be executed. */
  readonly program: string;
  /** A folder for its socket and files. */
  readonly directory: string;
  /** Operations outside of these are neither counted nor recorded. */
  readonly under: readonly string[];
  /** Whether it also records what is looked at. */
  readonly looks?: boolean;
  fired(injection: FiredInjection): void;
  problem(message: string): void;
}

export class Recorder implements AsyncDisposable {
  readonly #options: RecorderOptions;
  readonly #program: string;
  readonly #socket: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<string, ((reply: Reply) => void)[]>();
  readonly #exited: Promise<void>;
  /** What `since` has read. */
  readonly #read = { log: 0, data: 0 };
  #ended: Error | undefined;

  /** Resolves when processes can join. */
  static async start(options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(options);
    await recorder.#reply("ready");
    return recorder;
  }

  private constructor(options: RecorderOptions) {
    this.#options = options;
    const { directory, under } = options;
    mkdirSync(directory, { recursive: true });
    this.#program = path.join(directory, "recorder");
    copyFileSync(options.program, this.#program);
    chmodSync(this.#program, 0o755);
    this.#socket = path.join(directory, "socket");
    const files = ["--log", path.join(directory, "log"), "--data", path.join(directory, "data")];
    const watched = under.flatMap((folder) => ["--under", folder]);
    this.#child = spawn(this.#program, ["serve", "--socket", this.#socket, ...files, ...watched, ...this.#looks], { stdio: "pipe" });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#hear(JSON.parse(line) as Reply & FiredInjection)); // written by our recorder
    createInterface({ input: this.#child.stderr }).on("line", (line) => options.problem(`recorder: ${line}`));
    this.#child.stdin.on("error", () => undefined); // it ended: `exit` tells
    this.#exited = new Promise((resolve) => {
      this.#child.on("error", (error) => this.#end(`cannot be started: ${error.message}`, resolve));
      this.#child.on("exit", (code, signal) => this.#end(`ended with ${code ?? signal}`, resolve));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The command that runs `argv` watched, as a child of whoever starts it. */
  joined(argv: readonly string[]): readonly string[] {
    return [this.#program, "join", "--socket", this.#socket, ...this.#looks, "--", ...argv];
  }

  get #looks(): string[] {
    return this.#options.looks === true ? ["--looks"] : [];
  }

  /** Holds every operation that would change something; resolves with the number of the last one that was carried out. */
  async pause(): Promise<number> {
    return (await this.#order("pause", "paused")).k ?? 0;
  }

  async resume(): Promise<void> {
    await this.#order("resume", "resumed");
  }

  async mark(name: string): Promise<void> {
    await this.#order(`mark ${name}`, "marked");
  }

  /** @param spec what is done where, in the recorder's own words */
  async inject(spec: string): Promise<void> {
    await this.#order(`inject ${spec}`, "armed");
  }

  /** After an injection killed everybody, who wants to join waits for this; it is watched no more. */
  async admit(): Promise<void> {
    await this.#order("admit", "admitted");
  }

  /** Watches nobody any more; everything recorded is on disk then. */
  async stop(): Promise<void> {
    await this.#order("stop", "stopped");
  }

  /** What was recorded, once it has stopped. */
  read(): { readonly operations: Operation[]; readonly notes: RecordedNote[]; readonly data: Buffer } {
    const operations: Operation[] = [];
    const notes: RecordedNote[] = [];
    for (const line of readFileSync(path.join(this.#options.directory, "log"), "utf8").split("\n")) {
      if (line === "") continue;
      const entry = JSON.parse(line) as Operation | Omit<RecordedNote, "after">; // written by our recorder
      if ("op" in entry) operations.push(entry);
      else notes.push({ ...entry, after: operations.at(-1)?.k ?? 0 } as RecordedNote);
    }
    return { operations, notes, data: readFileSync(path.join(this.#options.directory, "data")) };
  }

  /**
   * What was recorded since this was asked last, while it goes on; ranges of bytes count from the beginning of `data`.
   * @param name of the mark that ends it
   */
  async since(name: string): Promise<{ readonly events: (Operation | Look)[]; readonly notes: RecordedNote[]; readonly data: Buffer }> {
    await this.mark(name);
    const { directory } = this.#options;
    const first = this.#read.data;
    const text = readFrom(path.join(directory, "log"), this.#read.log);
    const data = readFrom(path.join(directory, "data"), first);
    this.#read.log += text.length;
    this.#read.data += data.length;
    const events: (Operation | Look)[] = [];
    const notes: RecordedNote[] = [];
    for (const line of text.toString("utf8").split("\n")) {
      if (line === "") continue;
      const entry = JSON.parse(line) as Operation | Look | RecordedNote; // written by our recorder
      if ("note" in entry) notes.push({ ...entry, after: 0 });
      else if ("look" in entry || !("data" in entry) || entry.data === undefined) events.push(entry);
      else events.push({ ...entry, data: [entry.data[0] - first, entry.data[1]] });
    }
    return { events, notes, data };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= new Error("The recorder was ended");
    this.#child.stdin.end();
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #order(line: string, answer: string): Promise<Reply> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const reply = this.#reply(answer);
    this.#child.stdin.write(`${line}\n`);
    return reply;
  }

  async #reply(event: string): Promise<Reply> {
    const reply = await new Promise<Reply>((resolve) => this.#waiting.set(event, [...(this.#waiting.get(event) ?? []), resolve]));
    if (reply.event === event) return reply;
    throw this.#ended ?? new Error(`The recorder says ${reply.message ?? reply.event}`);
  }

  #hear(reply: Reply & FiredInjection): void {
    if (reply.event === "fired") return this.#options.fired(reply);
    if (reply.event === "problem") {
      this.#options.problem(`recorder: ${reply.message ?? "?"}`);
      // a command it cannot carry out is answered by a problem; only an injection can be at fault
      this.#waiting.get("armed")?.shift()?.(reply);
      return;
    }
    const [first, ...others] = this.#waiting.get(reply.event) ?? [];
    this.#waiting.set(reply.event, others);
    first?.(reply);
  }

  #end(how: string, resolve: () => void): void {
    const expected = this.#ended !== undefined;
    this.#ended ??= new Error(`The recorder ${how}`);
    if (!expected) this.#options.problem(this.#ended.message);
    for (const waiting of this.#waiting.values()) for (const tell of waiting) tell({ event: "ended" });
    this.#waiting.clear();
    resolve();
  }
}

function readFrom(file: string, start: number): Buffer {
  const fd = openSync(file, "r");
  try {
    const rest = Buffer.alloc(Math.max(0, fstatSync(fd).size - start));
    return rest.subarray(0, readSync(fd, rest, 0, rest.length, start));
  } finally {
    closeSync(fd);
  }
}
