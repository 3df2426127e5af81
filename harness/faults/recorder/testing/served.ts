// A recorder that serves: commands in, events out, and programs that join it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Fired, Ground } from "./recorded.ts";

export class Served implements AsyncDisposable {
  events: readonly Fired[] = [];
  readonly #file: string;
  readonly #ground: Ground;
  readonly #child;
  readonly #heard = new Set<() => void>();

  /** @param under a command that starts the recorder */
  constructor(
    file: string,
    ground: Ground,
    { inject = [], under = [] }: { readonly inject?: readonly string[]; readonly under?: readonly string[] } = {},
  ) {
    this.#file = file;
    this.#ground = ground;
    const options = ground.options(inject);
    options.splice(options.indexOf("--events"), 2); // to standard output
    const [command = "", ...args] = [...under, file, "serve", "--socket", this.#socket, ...options];
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.events = [...this.events, JSON.parse(line) as Fired]; // written by the recorder
      for (const look of this.#heard) look();
    });
  }

  get #socket(): string {
    return path.join(this.#ground.path, "socket");
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  command(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** The first event of that name, come or to come. */
  async heard(name: string): Promise<Fired> {
    const found = (): Fired | undefined => this.events.find(({ event }) => event === name);
    return found() ?? new Promise((resolve) => this.#listen(found, resolve));
  }

  /** So that the next of these can be waited for. */
  forget(names: readonly string[]): void {
    this.events = this.events.filter(({ event }) => !names.includes(event));
  }

  /** Starts a program that joins. */
  join(argv: readonly string[]): ChildProcess {
    return spawn(this.#file, ["join", "--socket", this.#socket, "--", ...argv], {
      cwd: this.#ground.root,
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  /** No more commands; resolves with its exit code, when all that it traced has ended. */
  async end(): Promise<number | null> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
  }

  #listen(found: () => Fired | undefined, resolve: (event: Fired) => void): void {
    const look = (): void => {
      const event = found();
      if (event === undefined) return;
      this.#heard.delete(look);
      resolve(event);
    };
    this.#heard.add(look);
  }
}
