// The parts of a running cell, made in order and ended in reverse.
import { mkdirSync } from "node:fs";
import { type CellJob, jobArtifactKey } from "../model/index.ts";
import { ArtifactServer } from "./artifact-server.ts";
import { Monitor } from "./monitor.ts";
import type { Observer } from "./observer.ts";
import { Place } from "./place.ts";
import { Prober } from "./probe.ts";
import { Processes } from "./processes.ts";
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
  readonly #systemctl: Disposable;

  /** Makes the folders, listens, and begins to watch. */
  static async open(job: CellJob, observer: Observer): Promise<Cell> {
    mkdirSync(job.root, { recursive: true });
    mkdirSync(job.work, { recursive: true });
    const place = new Place(job);
    const server = new ArtifactServer(observer, {
      from: job.artifacts[jobArtifactKey("from", undefined)],
      to: job.artifacts[jobArtifactKey("to", undefined)],
    });
    place.url = await server.listen();
    return new Cell(place, observer, server);
  }

  private constructor(place: Place, observer: Observer, server: ArtifactServer) {
    this.place = place;
    this.observer = observer;
    this.server = server;
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
    this.monitor.forgive();
    await this.manager.boot();
    return killed;
  }

  /** Ends everything the cell started. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.monitor[Symbol.asyncDispose]();
    await this.manager.powerOff();
    this.#systemctl[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
