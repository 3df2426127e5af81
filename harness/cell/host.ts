// One host of a cell: its install tree and units, the service manager that runs what is on it, and who asks its product.
import { mkdirSync, rmSync } from "node:fs";
import { memberNames } from "../model/index.ts";
import type { Observer } from "./observer.ts";
import type { Place } from "./place.ts";
import { PATIENT_DEADLINE_MS, Prober } from "./probe.ts";
import type { Processes } from "./processes.ts";
import { ServiceManager } from "./services/manager.ts";
import type { Powered } from "./services/power.ts";
import { serveSystemctl, type ServedSystemctl } from "./services/systemctl.ts";

/** One member that takes its time keeps no other from being asked; on a busy machine any of them may need a second. */
const MEMBER_DEADLINE_MS = 3000;

export class Host implements Disposable, Powered {
  readonly place: Place;
  readonly manager: ServiceManager;
  readonly prober: Prober;
  /** For questions that are asked once. */
  readonly patient: Prober;
  readonly #systemctl: ServedSystemctl;

  /** Makes its folders, and answers its `systemctl`. */
  constructor(place: Place, observer: Observer, processes: Processes) {
    this.place = place;
    mkdirSync(place.root, { recursive: true });
    mkdirSync(place.sockets, { recursive: true });
    this.manager = new ServiceManager(place, observer, processes);
    this.#systemctl = serveSystemctl(place, this.manager);
    const { product } = place.job;
    const hasMembers = memberNames(product, place.ground.hosts).length > 0;
    this.prober = new Prober(place, observer, hasMembers ? MEMBER_DEADLINE_MS : undefined);
    this.patient = new Prober(place, observer, PATIENT_DEADLINE_MS);
  }

  /** Empty for the only one. */
  get name(): string {
    return this.place.name;
  }

  unplug(): void {
    this.manager.unplug();
  }

  async forget(): Promise<void> {
    await this.manager.forget();
    this.#systemctl.drain();
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
