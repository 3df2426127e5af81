// Lets the product's time fly while nothing of it is at work: so waits as long as published pass in seconds, while work – a
// start, a download, a command of the service manager – takes as long as it takes, and no wait runs out because of it.
import type { ClockFile } from "../faults/index.ts";
import type { ArtifactServer } from "./artifact-server.ts";
import type { Fleet } from "./fleet.ts";
import type { Processes } from "./processes.ts";

/**
 * How many times as fast time goes then. That somebody is at work again is seen some milliseconds late: too fast, and short
 * waits, such as those for an answer, run out meanwhile.
 */
export const IDLE_SPEED = 60;
const LOOK_MS = 2;
/** One quiet look may fall between two pieces of work. */
const QUIET_LOOKS = 3;

export interface Workers {
  readonly processes: Processes;
  readonly server: ArtifactServer;
  readonly fleet: Fleet;
}

/** At work until it is disposed of. */
export class IdleTime implements Disposable {
  readonly #clock: ClockFile;
  readonly #workers: Workers;
  readonly #timer: NodeJS.Timeout;
  #quiet = 0;

  constructor(clock: ClockFile, workers: Workers) {
    this.#clock = clock;
    this.#workers = workers;
    clock.setSpeed(1);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    const { processes, server, fleet } = this.#workers;
    const stopping = fleet.hosts.some(({ manager }) => manager.stopping());
    const before = this.#quiet;
    this.#quiet = server.busy || stopping || processes.someAtWork() ? 0 : this.#quiet + 1;
    if (this.#quiet === 0 && before >= QUIET_LOOKS) this.#clock.setSpeed(1);
    if (this.#quiet === QUIET_LOOKS) this.#clock.setSpeed(IDLE_SPEED);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
