// What may still become of each host: whether it is well, is down for good, or keeps crashing with nobody left to mend it.
import type { Listing } from "./busy.ts";
import type { Fleet } from "./fleet.ts";
import type { Host } from "./host.ts";
import type { FleetAnswers } from "./members.ts";
import type { Observer } from "./observer.ts";

export class Prospects implements Disposable {
  readonly #fleet: Fleet;
  /** Starts of each service since what is on its host was last healthy. */
  readonly #starts = new Map<string, number>();
  readonly #deafen: () => void;

  constructor(fleet: Fleet, observer: Observer) {
    this.#fleet = fleet;
    const companions = new Set(fleet.companions.map(({ name }) => name));
    this.#deafen = observer.listen((seen) => {
      if (seen.kind !== "service" || companions.has(seen.service)) return; // nobody restarts those
      // one that cannot even be started is restarted in vain as well
      const inVain = seen.event === "exited" && seen.pid === undefined;
      if (seen.event === "started" || inVain) this.#starts.set(seen.service, (this.#starts.get(seen.service) ?? 0) + 1);
    });
  }

  /** Everybody gets a new chance, or those on one host. */
  restart(host?: string): void {
    if (host === undefined) this.#starts.clear();
    else for (const service of this.#starts.keys()) if (service.startsWith(`${host}/`)) this.#starts.delete(service);
  }

  /** Who is well has not crashed in vain. */
  hear(latest: FleetAnswers): void {
    for (const { name } of this.#fleet.hosts) if (this.isWell(name, latest)) this.restart(name === "" ? undefined : name);
  }

  /** Whether all on this host is healthy. */
  isWell(host: string, { members, healthy }: FleetAnswers): boolean {
    const own = members.filter((member) => (member.host ?? "") === host);
    return own.length === 0 ? healthy : own.every((member) => member.healthy);
  }

  /** A service has crashed over and over since anybody was there who could mend it. */
  hopeless(processes: Listing): boolean {
    if (Math.max(0, ...this.#starts.values()) < 2) return false; // nothing has crashed yet
    const { limits, updaters } = this.#fleet.place.job.product;
    const expressions = updaters.map((pattern) => new RegExp(pattern));
    if (processes().some(({ command }) => expressions.some((expression) => expression.test(command)))) this.#starts.clear();
    return Math.max(0, ...this.#starts.values()) >= limits.crashes;
  }

  /** Something is about to be started, or is being stopped. */
  pending(): boolean {
    return this.#fleet.hosts.some(({ manager }) => manager.pending());
  }

  /** Nothing runs on some host, and nothing is about to: it will not be well by itself any more. */
  someDown(processes: Listing, only?: string): boolean {
    return this.#fleet.hosts.some(
      (host) => (only === undefined || host.name === only) && !host.manager.alive() && !this.#runs(host, processes),
    );
  }

  /** Each host is well, or nothing runs on it. */
  settled(latest: FleetAnswers, processes: Listing): boolean {
    return this.#fleet.hosts.every((host) => this.isWell(host.name, latest) || !this.#runs(host, processes));
  }

  [Symbol.dispose](): void {
    this.#deafen();
  }

  /** On the only host runs what is not a companion's. */
  #runs({ name }: Host, processes: Listing): boolean {
    const { companions } = this.#fleet;
    return processes().some(({ on = "" }) => (name === "" ? !companions.some((one) => one.name === on) : on === name));
  }
}
