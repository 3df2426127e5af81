// The parts of a running cell, made in order and ended in reverse.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { type CellJob, type JobArtifact, jobArtifactKey } from "../model/index.ts";
import { ArtifactServer } from "./artifact-server.ts";
import { handOver, type InForce, makeConditions, proveConditions } from "./conditions.ts";
import { Fleet } from "./fleet.ts";
import { IdleTime } from "./idle-time.ts";
import { Monitor } from "./monitor.ts";
import type { Observer } from "./observer.ts";
import { MACHINE_VARIABLE, Place } from "./place.ts";
import { PATIENT_DEADLINE_MS, Prober } from "./probe.ts";
import { Processes } from "./processes.ts";
import { type FiredInjection, Recorder } from "./recorder.ts";

export class Cell implements AsyncDisposable {
  /** The operator's machine; in a cell without hosts its only one. */
  readonly place: Place;
  readonly observer: Observer;
  readonly processes: Processes;
  readonly fleet: Fleet;
  readonly server: ArtifactServer;
  /** Asks what is asked of the product as a whole. */
  readonly prober: Prober;
  readonly monitor: Monitor;
  /** There when a fault strikes at operations, or when they are recorded. */
  readonly recorder: Recorder | undefined;
  /** The product's own clock, where a condition or a fault wants one. */
  readonly clock: InForce["clock"];
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
    place.ground.url = await server.listen(job.capabilities.includes("own-processes") ? PORT : 0);
    for (const artifact of publishedBefore(job)) server.publish(artifact);
    const listeners = new Set<(fired: FiredInjection) => void>();
    const recorder = needsRecorder(job) ? await startRecorder(place, observer, listeners) : undefined;
    const cell = new Cell(place, observer, server, recorder, listeners, conditions);
    handOver(place);
    await proveConditions(place, observer);
    if (conditions.clock !== undefined && place.ground.published) cell.#idleTime = new IdleTime(conditions.clock, cell);
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
    const { ground, job } = place;
    if (recorder !== undefined) {
      ground.started = (argv) => recorder.joined(ground.limited(argv));
      ground.further["UV_THREADPOOL_SIZE"] = "1"; // else two runs of one Node program do the same in different orders
    }
    const alone = job.capabilities.includes("own-processes");
    const several = ground.hosts.length > 0 || job.product.companions.length > 0;
    this.processes = new Processes(process.env["UPMATRIX_CELL"] ?? job.work, alone, several ? MACHINE_VARIABLE : undefined);
    this.fleet = new Fleet(place, observer, this.processes);
    this.prober = new Prober(place, observer, PATIENT_DEADLINE_MS);
    this.monitor = new Monitor(this.fleet, observer);
  }

  /** Cuts the power, of all machines or of one host, and starts what is enabled again; returns what was killed. */
  async reboot(host?: string): Promise<string[]> {
    const killed = await this.powerOff(host);
    await this.fleet.boot(host);
    return killed;
  }

  /** Cuts the power of all machines, or of one host; returns what was killed. */
  async powerOff(host?: string): Promise<string[]> {
    const killed = await this.fleet.powerOff(host);
    this.monitor.poweredOff(host);
    return killed;
  }

  /** Ends everything the cell started. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#idleTime?.[Symbol.dispose]();
    await this.monitor[Symbol.asyncDispose]();
    await this.fleet.powerOff();
    this.fleet[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
    await this.recorder?.[Symbol.asyncDispose]();
    await this.#conditions[Symbol.asyncDispose]();
  }
}

/**
 * Where the product's files are that count: the install trees, what tells the service managers what to start, and the
 * companions' programs and what they must remember. So one moment of them is one of all machines.
 */
export function watchedFolders(place: Place): string[] {
  const { companions } = place.job.product;
  return [place.root, place.units, ...companions.flatMap(({ name }) => [place.on({ kind: "companion", name }).root, place.data(name)])];
}

/**
 * Where each cell has a network of its own: what a product has noted of an address before it was cut off, as an order that is
 * still to be carried out, holds in the cell that goes on from there.
 */
const PORT = 27_182;

/** What was published before the state that points begin with; an upgrade to the sound release may have taken its place since. */
export function publishedBefore({ points, script, artifacts }: CellJob): JobArtifact[] {
  if (points === undefined) return [];
  const cutOff = script.steps.findIndex((step) => step.kind === "upgrade" && step.faults);
  return script.steps.slice(0, cutOff + 1).flatMap((step) => {
    if (step.kind !== "upgrade" || step.role === "again") return [];
    return artifacts[jobArtifactKey(step.role, step.variant)] ?? [];
  });
}

function needsRecorder({ script, points, recorder }: CellJob): boolean {
  if (points !== undefined) return recorder !== undefined; // what boots look at
  return script.sweep !== undefined || script.faults.some(({ when }) => typeof when === "object" && "operation" in when);
}

function startRecorder(place: Place, observer: Observer, listeners: ReadonlySet<(fired: FiredInjection) => void>): Promise<Recorder> {
  if (place.job.recorder === undefined) throw new Error("Cannot record: the job names no recorder");
  for (const folder of watchedFolders(place)) mkdirSync(folder, { recursive: true });
  return Recorder.start({
    program: place.job.recorder,
    directory: path.join(place.job.work, "recorder"),
    under: watchedFolders(place),
    looks: place.job.points !== undefined,
    fired: (fired) => listeners.forEach((listener) => listener(fired)),
    problem: (message) => observer.see({ kind: "problem", message }),
  });
}
