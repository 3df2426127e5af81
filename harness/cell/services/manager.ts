// The builtin service manager: starts, stops and restarts the product's services as systemd would, on every platform.
// A service's processes are those that inherited its unit's name: the same set a control group would hold.
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Exit, startLongRunning } from "../long-running.ts";
import type { Observer } from "../observer.ts";
import { NOTHING, type Place } from "../place.ts";
import { type Processes, signal } from "../processes.ts";
import { restarts, succeeded } from "./restart.ts";
import { Sleep } from "./sleep.ts";
import { readUnit, type Unit } from "./unit-file.ts";

export type ActiveState = "inactive" | "active" | "deactivating" | "failed" | "auto-restart";

interface Service {
  unit: Unit;
  /** Why the unit file could not be read when it was last looked at. */
  unreadable: Error | undefined;
  state: ActiveState;
  main: ChildProcess | undefined;
  /** Settles when the main process is gone and what KillMode demands is dead. */
  gone: Promise<void>;
  starts: number[];
  /** Cancels the restart that is to come. */
  cancel: () => void;
  restarts: number;
}

const WANTS = "multi-user.target.wants";

export class ServiceManager {
  readonly #services = new Map<string, Service>();
  readonly #place: Place;
  readonly #observer: Observer;
  readonly #processes: Processes;
  #off = false;
  #cuts = 0;
  readonly #sleep = new Sleep();

  constructor(place: Place, observer: Observer, processes: Processes) {
    this.#place = place;
    this.#observer = observer;
    this.#processes = processes;
    mkdirSync(path.join(place.units, WANTS), { recursive: true });
    mkdirSync(place.logs, { recursive: true });
  }

  /** Does nothing any more – a request waits, an exit goes unnoticed – until it is thawed, or only until a reboot, as after a crash. */
  freeze(until: "thaw" | "reboot"): void {
    this.#sleep.begin(until);
  }

  /** Takes a freeze back; a crash it does not. */
  thaw(): void {
    this.#sleep.thaw();
  }

  /** Resolves when the manager is at work: at once as a rule. */
  awake(): Promise<void> {
    return this.#sleep.over();
  }

  /** There is no power: nobody who could ask for anything is alive. */
  get off(): boolean {
    return this.#off;
  }

  /** How often the power was cut: what was asked for before the last time is not carried out any more. */
  get cuts(): number {
    return this.#cuts;
  }

  /** Starts the unit, unless it runs. A unit whose start limit was hit must be `restart`ed or `reset` first, as in systemd. */
  async start(name: string): Promise<void> {
    const service = this.#service(name);
    const { cuts } = this;
    await (service.state === "deactivating" ? service.gone : undefined);
    if (service.state === "active" || cuts !== this.cuts) return;
    if (service.unreadable !== undefined) throw service.unreadable;
    this.#cancelRestart(service);
    this.#launch(service);
  }

  /** Stops the unit and waits until KillMode's demands are met; after TimeoutStopSec it kills. */
  async stop(name: string): Promise<void> {
    const service = this.#service(name);
    this.#cancelRestart(service);
    if (service.state === "deactivating") {
      await service.gone;
      this.#cancelRestart(service); // it may have ended by itself and be about to start again
      return;
    }
    if (service.state !== "active") {
      service.state = "inactive";
      return;
    }
    service.state = "deactivating";
    const { killMode, killSignal, stopMs } = service.unit;
    if (killMode !== "none") {
      if (service.main?.pid !== undefined) signal(service.main.pid, killSignal);
      if (killMode === "control-group") for (const { pid } of this.#processes.ofUnit(this.#label(name))) signal(pid, killSignal);
    }
    const kill = setTimeout(
      () => {
        this.#see(name, "stopped", `did not stop within ${stopMs} ms: killed`);
        if (service.main?.pid !== undefined) signal(service.main.pid, "SIGKILL");
        if (killMode !== "process") this.#sweep(service);
      },
      Math.min(stopMs, MAX_TIMER_MS),
    );
    await service.gone;
    clearTimeout(kill);
  }

  async restart(name: string): Promise<void> {
    const { cuts } = this;
    await this.stop(name);
    if (cuts === this.cuts) await this.start(name);
  }

  /** Folder that says which units start at boot. */
  get wants(): string {
    return path.join(this.#place.units, WANTS);
  }

  enable(name: string): void {
    this.#service(name);
    writeFileSync(path.join(this.wants, name), "");
  }

  disable(name: string): void {
    rmSync(path.join(this.wants, name), { force: true });
  }

  isEnabled(name: string): boolean {
    return existsSync(path.join(this.wants, name));
  }

  /**
   * Reads the unit files again; running services keep running and take their new settings. One that cannot be read is no
   * failure of this, as in systemd: it cannot be started until it can be read again.
   */
  reload(): void {
    for (const [name, service] of this.#services) {
      if (!existsSync(this.#file(name))) continue;
      try {
        service.unit = readUnit(this.#file(name), name);
        service.unreadable = undefined;
      } catch (error) {
        service.unreadable = error as Error; // readUnit throws only errors
      }
    }
  }

  /** Forgets failures and counted starts. */
  reset(name: string): void {
    const service = this.#service(name);
    service.starts = [];
    if (service.state === "failed") service.state = "inactive";
  }

  state(name: string): {
    readonly state: ActiveState;
    readonly pid: number | undefined;
    readonly restarts: number;
    readonly enabled: boolean;
  } {
    const service = this.#service(name);
    const pid = service.state === "active" || service.state === "deactivating" ? service.main?.pid : undefined;
    return { state: service.state, pid, restarts: service.restarts, enabled: this.isEnabled(name) };
  }

  /** The state in a word, also of a unit that is not there or cannot be read. */
  describe(name: string): string {
    const known = this.#services.get(name);
    return known?.state ?? (existsSync(this.#file(name)) ? "not started" : "not there");
  }

  /** Its main process; undefined when none runs, also when there is no such unit yet. */
  pidOf(name: string): number | undefined {
    return this.#services.get(name)?.main?.pid;
  }

  /** True while a service runs, or is about to. */
  alive(): boolean {
    return this.pending() || [...this.#services.values()].some((service) => service.state === "active");
  }

  /** True while a start is still to come by itself. */
  pending(): boolean {
    return [...this.#services.values()].some((service) => service.state === "auto-restart" || service.state === "deactivating");
  }

  /** True while a unit is being stopped, which has its time limit from us. */
  stopping(): boolean {
    return [...this.#services.values()].some((service) => service.state === "deactivating");
  }

  signal(name: string, what: NodeJS.Signals, who: "main" | "all"): void {
    const service = this.#service(name);
    if (service.main?.pid !== undefined) signal(service.main.pid, what);
    if (who === "all") for (const { pid } of this.#processes.ofUnit(this.#label(name))) signal(pid, what);
  }

  /** The power is about to be cut: from now on nothing is restarted, whoever dies. */
  unplug(): void {
    this.#off = true;
    this.#cuts++;
    this.#sleep.end();
    for (const service of this.#services.values()) this.#cancelRestart(service);
  }

  /** Everything was killed after `unplug`: waits until that was noticed, and knows of no service any more. */
  async forget(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.gone));
    this.#services.clear();
  }

  /** Starts every enabled unit. */
  async boot(): Promise<void> {
    this.#off = false;
    for (const name of readdirSync(this.wants).sort()) {
      if (!existsSync(this.#file(name))) continue;
      await this.start(name).catch((error: Error) =>
        // one unit that cannot be started keeps no other from starting
        this.#see(name, "failed", error.message),
      );
    }
  }

  #service(name: string): Service {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    if (!existsSync(this.#file(name))) throw new Error(`Unit ${name} not found in ${this.#place.units}`);
    const service: Service = {
      unit: readUnit(this.#file(name), name),
      unreadable: undefined,
      state: "inactive",
      main: undefined,
      gone: Promise.resolve(),
      starts: [],
      cancel: () => undefined,
      restarts: 0,
    };
    this.#services.set(name, service);
    return service;
  }

  /** How a unit is called where there are several hosts. */
  #label(name: string): string {
    return this.#place.label(name);
  }

  #see(name: string, event: "stopped" | "failed", detail?: string): void {
    this.#observer.see({ kind: "service", service: this.#label(name), event, ...(detail === undefined ? {} : { detail }) });
  }

  #file(name: string): string {
    return path.join(this.#place.units, path.basename(name));
  }

  #launch(service: Service): void {
    const { unit } = service;
    if (!unit.conditions.every(holds)) {
      service.state = "inactive";
      return;
    }
    const now = performance.now();
    service.starts = [...service.starts.filter((at) => now - at < unit.startLimitMs), now];
    if (unit.startLimitBurst > 0 && service.starts.length > unit.startLimitBurst) {
      service.state = "failed";
      this.#see(unit.name, "failed", "start limit hit");
      return;
    }
    service.state = "active";
    service.gone = this.#run(service);
  }

  #run(service: Service): Promise<void> {
    const { unit } = service;
    const name = this.#label(unit.name);
    const started = {
      name,
      argv: unit.command,
      env: { ...this.#place.variables(NOTHING), ...unit.environment, UPMATRIX_UNIT: name },
      directory: unit.directory ?? this.#place.root,
      log: path.join(this.#place.logs, `${unit.name}.log`),
    };
    const { child, exited } = startLongRunning(started, this.#place, this.#observer);
    service.main = child;
    return exited.then((exit) => this.#afterExit(service, exit));
  }

  async #afterExit(service: Service, exit: Exit): Promise<void> {
    await this.awake();
    const { killMode, name } = service.unit;
    const stopping = service.state === "deactivating";
    if (killMode === "control-group" || killMode === "mixed") {
      service.state = "deactivating";
      // a main process that ends by itself takes its group with it; one that is stopped gives a control group its time
      if (!stopping || killMode === "mixed") this.#sweep(service);
      await this.#groupEnds(service);
    }
    service.main = undefined;
    if (stopping) {
      service.state = "inactive";
      this.#see(name, "stopped");
    } else if (!this.#off && restarts(service.unit, exit)) {
      service.state = "auto-restart";
      service.cancel = this.#place.ground.after(service.unit.restartMs, () => void this.awake().then(() => this.#restart(service)));
    } else {
      service.state = succeeded(exit) ? "inactive" : "failed";
    }
  }

  /** What was to be restarted when the manager froze may have been stopped, or have lost its power, since. */
  #restart(service: Service): void {
    if (service.state !== "auto-restart") return;
    service.restarts++;
    this.#launch(service);
  }

  /** Waits for the rest of the group; what outlives TimeoutStopSec is killed by `stop`. */
  async #groupEnds(service: Service): Promise<void> {
    while (this.#processes.ofUnit(this.#label(service.unit.name)).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #sweep(service: Service): void {
    for (const { pid } of this.#processes.ofUnit(this.#label(service.unit.name))) signal(pid, "SIGKILL");
  }

  #cancelRestart(service: Service): void {
    service.cancel();
    if (service.state === "auto-restart") service.state = "inactive";
  }
}

/** A path that must exist, or with `!` before it must not: systemd.unit(5), ConditionPathExists=. */
function holds(condition: string): boolean {
  return condition.startsWith("!") ? !existsSync(condition.slice(1)) : existsSync(condition);
}

/** setTimeout fires at once beyond this. */
const MAX_TIMER_MS = 2 ** 31 - 1;
