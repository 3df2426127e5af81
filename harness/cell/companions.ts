// A companion: a process of the product's own control plane, on a machine of its own. Nobody restarts it but a step, a fault
// that is taken back, or a boot; what it must remember lies in its data folder and outlives it.
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import type { Companion as Declared, JobArtifact } from "../model/index.ts";
import { runCommand } from "./command.ts";
import { startLongRunning } from "./long-running.ts";
import type { Observer } from "./observer.ts";
import { NOTHING, type Place } from "./place.ts";
import { Prober } from "./probe.ts";
import { signal } from "./processes.ts";
import type { Powered } from "./services/power.ts";
import { StepFailed } from "./step-failed.ts";

const ASK_EVERY_MS = 10;

export class Companion implements Powered {
  readonly declared: Declared;
  readonly place: Place;
  readonly #observer: Observer;
  readonly #prober: Prober;
  #child: ChildProcess | undefined;
  /** Settles when the process is gone. */
  #gone: Promise<void> = Promise.resolve();
  #stopping = false;

  /** @param place its own machine */
  constructor(declared: Declared, place: Place, observer: Observer) {
    this.declared = declared;
    this.place = place;
    this.#observer = observer;
    this.#prober = new Prober(place, observer);
    for (const folder of [place.root, place.data(declared.name), place.logs]) mkdirSync(folder, { recursive: true });
  }

  get name(): string {
    return this.declared.name;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** File of what it prints. */
  get log(): string {
    return path.join(this.place.logs, `${this.name}.log`);
  }

  /** Puts the program of a release in place of what is there. */
  async install(artifact: JobArtifact): Promise<void> {
    const { place } = this;
    const target = { version: artifact.version, artifact };
    // the folder itself stays: it may belong to the product's user
    for (const name of readdirSync(place.root)) rmSync(path.join(place.root, name), { recursive: true, force: true });
    for (const command of this.declared.install) {
      const argv = command.map((word) => place.fill(word, target));
      const result = await runCommand(argv, place.commandOptions(target, place.job.limits.stepMs), this.#observer);
      if (result.code !== 0)
        throw new StepFailed(`${argv.join(" ")} ended with ${result.code ?? result.signal}: ${result.stderr.trim().slice(-500)}`);
    }
  }

  /** Starts it and waits until it answers. */
  async start(): Promise<void> {
    if (!this.running) this.#launch();
    const problem = await this.#becomesReady();
    if (problem !== undefined) throw new StepFailed(`${this.name} ${problem}`);
  }

  /** After a boot: whether it comes up is seen, and no error of whoever boots. */
  async boot(): Promise<void> {
    this.#stopping = false;
    if (readdirSync(this.place.root).length === 0) return; // nothing was installed yet
    this.#launch();
    const problem = await this.#becomesReady();
    if (problem !== undefined) this.#observer.see({ kind: "service", service: this.name, event: "failed", detail: problem });
  }

  /** Asks it to end, and kills it when it does not. */
  async stop(): Promise<void> {
    const { limits } = this.place.job.product;
    const kill = setTimeout(() => {
      this.#observer.see({ kind: "service", service: this.name, event: "stopped", detail: `did not stop within ${limits.start}: killed` });
      this.#signal("SIGKILL");
    }, this.place.ground.patience(limits.start));
    await this.#end("SIGTERM");
    clearTimeout(kill);
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Stops it, puts the program of another release in place, and starts that. */
  async upgrade(artifact: JobArtifact): Promise<void> {
    await this.stop();
    await this.install(artifact);
    await this.start();
  }

  unplug(): void {
    this.#stopping = true;
  }

  async forget(): Promise<void> {
    await this.#gone;
  }

  #launch(): void {
    const { place, declared } = this;
    const own = Object.fromEntries(Object.entries(declared.env).map(([name, value]) => [name, place.fill(value, NOTHING)]));
    this.#stopping = false;
    const started = {
      name: this.name,
      argv: declared.command.map((word) => place.fill(word, NOTHING)),
      env: { ...place.variables(NOTHING), ...own },
      directory: place.root,
      log: this.log,
      wanted: () => this.#stopping,
    };
    const { child, exited } = startLongRunning(started, place, this.#observer);
    this.#child = child;
    this.#gone = exited.then(() => {
      if (this.#child === child) this.#child = undefined;
    });
  }

  /** Says what is wrong when it ends, or does not answer in time. */
  async #becomesReady(): Promise<string | undefined> {
    const { limits } = this.place.job.product;
    const deadline = performance.now() + this.place.ground.patience(limits.start);
    while (performance.now() < deadline) {
      if (await this.#prober.affirms(this.declared.ready)) return undefined;
      if (!this.running) return "ended before it answered";
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
    return `does not answer within ${limits.start}`;
  }

  async #end(how: NodeJS.Signals): Promise<void> {
    this.#stopping = true;
    this.#signal(how);
    await this.#gone;
  }

  #signal(how: NodeJS.Signals): void {
    if (this.#child?.pid !== undefined) signal(this.#child.pid, how);
  }
}
