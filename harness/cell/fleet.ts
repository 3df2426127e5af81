// The machines of a cell – hosts, companions' ones, the operator's – and the lines between them. Hosts come and go; power
// fails on one of them or on all.
import { rmSync } from "node:fs";
import path from "node:path";
import type { ProcessEntry } from "../model/index.ts";
import { Companion } from "./companions.ts";
import { handOver } from "./conditions.ts";
import { Host } from "./host.ts";
import { Lines } from "./lines.ts";
import type { Observer } from "./observer.ts";
import type { Place } from "./place.ts";
import type { Processes } from "./processes.ts";
import { cutPower } from "./services/power.ts";

export class Fleet implements Disposable {
  /** The operator's machine. */
  readonly place: Place;
  readonly processes: Processes;
  readonly companions: readonly Companion[];
  readonly lines = new Lines();
  readonly #observer: Observer;
  #hosts: readonly Host[];

  constructor(place: Place, observer: Observer, processes: Processes) {
    this.place = place;
    this.processes = processes;
    this.#observer = observer;
    this.companions = place.job.product.companions.map(
      (one) => new Companion(one, place.on({ kind: "companion", name: one.name }), observer),
    );
    const { hosts } = place.ground;
    const places = hosts.length === 0 ? [place] : hosts.map((name) => place.on({ kind: "host", name }));
    this.#hosts = places.map((one) => new Host(one, observer, processes));
    for (const one of hosts.length === 0 ? [] : places) this.lines.connect(one);
    for (const one of [place, ...this.companions.map((companion) => companion.place)]) this.lines.connect(one);
  }

  /** In the order in which they came; the only one has no name. */
  get hosts(): readonly Host[] {
    return this.#hosts;
  }

  host(name: string): Host {
    const found = this.#hosts.find((host) => host.name === name);
    if (found === undefined)
      throw new Error(`Cannot find the host ${name}: there are ${this.place.ground.hosts.join(", ") || "none with names"}`);
    return found;
  }

  companion(name: string): Companion {
    const found = this.companions.find((one) => one.name === name);
    if (found === undefined) throw new Error(`Cannot find the companion ${name}: the product has none of that name`);
    return found;
  }

  /** The product's processes, without those of its companions. */
  agents(): ProcessEntry[] {
    const processes = this.processes.list();
    return this.companions.length === 0 ? processes : processes.filter(({ on }) => !this.companions.some(({ name }) => name === on));
  }

  /** What services and companions print: the files, and how each is called. */
  printed(): { readonly name: string; readonly file: string }[] {
    const { services } = this.place.job.product;
    return [
      ...this.#hosts.flatMap(({ place }) =>
        services.map(({ unit }) => ({ name: place.label(`${unit}.log`), file: path.join(place.logs, `${unit}.log`) })),
      ),
      ...this.companions.map(({ name, log }) => ({ name: `${name}.log`, file: log })),
    ];
  }

  /** A machine that was not there: empty folders, nothing installed, nothing running. */
  add(name: string): Host {
    const { ground } = this.place;
    if (ground.hosts.includes(name)) throw new Error(`Cannot add the host ${name}: it is there already`);
    const host = new Host(this.place.on({ kind: "host", name }), this.#observer, this.processes);
    this.lines.connect(host.place);
    handOver(this.place);
    ground.hosts = [...ground.hosts, name];
    this.#hosts = [...this.#hosts, host];
    this.#observer.see({ kind: "host", host: name, event: "added" });
    return host;
  }

  /** Its power is cut for ever, and its disk is gone. Returns what was killed. */
  async remove(name: string): Promise<string[]> {
    const host = this.host(name);
    const { ground, job } = this.place;
    ground.hosts = ground.hosts.filter((other) => other !== name);
    this.#hosts = this.#hosts.filter((other) => other !== host);
    const killed = await cutPower([host], () => this.processes.killAll(name));
    host[Symbol.dispose]();
    this.lines.disconnect(name);
    host.wipe();
    rmSync(path.join(job.work, "lines", name), { recursive: true, force: true });
    this.#observer.see({ kind: "host", host: name, event: "removed" });
    return killed;
  }

  /** Cuts the power of all machines, or of one host; returns what was killed. */
  powerOff(host?: string): Promise<string[]> {
    if (host !== undefined) return cutPower([this.host(host)], () => this.processes.killAll(host));
    return cutPower([...this.#hosts, ...this.companions], () => this.processes.killAll());
  }

  /** Starts what is enabled: the companions, and the hosts once these answer; or one host. */
  async boot(host?: string): Promise<void> {
    if (host === undefined) for (const companion of this.companions) await companion.boot();
    await Promise.all((host === undefined ? this.#hosts : [this.host(host)]).map(({ manager }) => manager.boot()));
    if (host !== undefined) this.#observer.see({ kind: "host", host, event: "rebooted" });
  }

  [Symbol.dispose](): void {
    for (const host of this.#hosts) host[Symbol.dispose]();
    this.lines[Symbol.dispose]();
  }
}
