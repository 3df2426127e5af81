// One host of a cell: its install tree and units, the service manager that runs what is on it, and who asks its product.
import { mkdirSync, rmSync } from "node:fs";
import type { Observer } from "./observer.ts";
import type { Place } from "./place.ts";
import { PATIENT_DEADLINE_MS, Prober } from "./probe.ts";
import type { Processes } from "./processes.ts";
import { ServiceManager } from "./services/manager.ts";
import { serveSystemctl } from "./services/systemctl.ts";

export class Host implements Disposable {
  readonly place: Place;
  readonly manager: ServiceManager;
  readonly prober: Prober;
  /** For questions that are asked once. */
  readonly patient: Prober;
  readonly #systemctl: Disposable;

  /** Makes its folders, and answers its `systemctl`. */
  constructor(place: Place, observer: Observer, processes: Processes) {
    this.place = place;
    mkdirSync(place.root, { recursive: true });
    mkdirSync(place.sockets, { recursive: true });
    this.manager = new ServiceManager(place, observer, processes);
    this.#systemctl = serveSystemctl(place, this.manager);
    this.prober = new Prober(place, observer);
    this.patient = new Prober(place, observer, PATIENT_DEADLINE_MS);
  }

  /** Empty for the only one. */
  get name(): string {
    return this.place.name;
  }

  /** Its disk is gone. */
  wipe(): void {
    const { root, units, sockets, control } = this.place;
    for (const folder of [root, units, sockets, control]) rmSync(folder, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.#systemctl[Symbol.dispose]();
  }
}
