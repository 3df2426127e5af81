// The parts of a running cell, made in order and ended in reverse.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { type CellJob, jobArtifactKey } from "../model/index.ts";
import { ArtifactServer } from "./artifact-server.ts";
import { handOver, type InForce, makeConditions, proveConditions } from "./conditions.ts";
import { IdleTime } from "./idle-time.ts";
import { Monitor } from "./monitor.ts";
import type { Observer } from "./observer.ts";
import { Place } from "./place.ts";
import { Prober } from "./probe.ts";
import { Processes } from "./processes.ts";
import { type FiredInjection, Recorder } from "./recorder.ts";
import { ServiceManager } from "./services/manager.ts";
import { serveSystemctl } from "./services/systemctl.ts";

export class Cell implements AsyncDisposable {
  readonly place: Place;
  readonly observer: Observer;
  readonly processes: Processes;
  readonly manager: ServiceManager;
  readonly server: ArtifactServer;
  readonly prober: Prober;
  readonly monitor: Monitor;
  /** There when a fault strikes at operations, or when they are recorded. */
  readonly recorder: Recorder | undefined;
  /** The product's own clock, where a condition or a fault wants one. */
  readonly clock: InForce["clock"];
  readonly #systemctl: Disposable;
  readonly #conditions: InForce;
  #idleTime: IdleTime | undefined;
  /** Calls back on every injection that came about, until the returned function is called. */
  readonly listenForInjections: (listener: (fired: FiredInjection) => void) => () => void;

  /** Makes the folders, listens, and begins to watch. */
  static async open(job: CellJob, observer: Observer): Promise<Cell> {
    mkdirSync(job.work, { recursive: true });
    const place = new Place(job);
    const conditions = await makeConditions(place);
    mkdirSync(place.root, { recursive: true });
    const server = new ArtifactServer(observer, {
      from: job.artifacts[jobArtifactKey("from", undefined)],
      to: job.artifacts[jobArtifactKey("to", undefined)],
    });
    place.url = await server.listen();
    const listeners = new Set<(fired: FiredInjection) => void>();
    const recorder = needsRecorder(job) ? await startRecorder(place, observer, listeners) : undefined;
    const cell = new Cell(place, observer, server, recorder, listeners, conditions);
    handOver(place);
    await proveConditions(place, observer);
    if (conditions.clock !== undefined && place.published) cell.#idleTime = new IdleTime(conditions.clock, cell);
    return cell;
  }

  private constructor(
    place: Place,
    observer: Observer,
    server: ArtifactServer,
    recorder: Recorder | undefined,
    listeners: Set<(fired: FiredInjection) => void>,
    conditions: InForce,
  ) {
    this.#conditions = conditions;
    this.clock = conditions.clock;
    this.place = place;
    this.observer = observer;
    this.server = server;
    this.recorder = recorder;
    this.listenForInjections = (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    };
    if (recorder !== undefined) {
      place.started = (argv) => recorder.joined(place.limited(argv));
      place.further["UV_THREADPOOL_SIZE"] = "1"; // else two runs of one Node program do the same in different orders
    }
    const alone = place.job.capabilities.includes("own-processes");
    this.processes = new Processes(process.env["UPMATRIX_CELL"] ?? place.job.work, alone);
    this.manager = new ServiceManager(place, observer, this.processes, () => place.variables({ version: "" }));
    this.#systemctl = serveSystemctl(place, this.manager);
    this.prober = new Prober(place, observer);
    this.monitor = new Monitor(place, this.prober, observer, this.processes, this.manager);
  }

  /** Cuts the power and starts the enabled services again; returns what was killed. */
  async reboot(): Promise<string[]> {
    const killed = await this.manager.powerOff();
    this.monitor.poweredOff();
    await this.manager.boot();
    return killed;
  }

  /** Ends everything the cell started. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#idleTime?.[Symbol.dispose]();
    await this.monitor[Symbol.asyncDispose]();
    await this.manager.powerOff();
    this.#systemctl[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
    await this.recorder?.[Symbol.asyncDispose]();
    await this.#conditions[Symbol.asyncDispose]();
  }
}

/** Where the product's files are that count: the install tree, and what tells the service manager what to start. */
export function watchedFolders(place: Place): string[] {
  return [place.root, place.units];
}

function needsRecorder({ script }: CellJob): boolean {
  return script.sweep !== undefined || script.faults.some(({ when }) => typeof when === "object" && "operation" in when);
}

function startRecorder(place: Place, observer: Observer, listeners: ReadonlySet<(fired: FiredInjection) => void>): Promise<Recorder> {
  if (place.job.recorder === undefined) throw new Error("Cannot record: the job names no recorder");
  mkdirSync(place.units, { recursive: true });
  return Recorder.start({
    program: place.job.recorder,
    directory: path.join(place.job.work, "recorder"),
    under: watchedFolders(place),
    fired: (fired) => listeners.forEach((listener) => listener(fired)),
    problem: (message) => observer.see({ kind: "problem", message }),
  });
}
