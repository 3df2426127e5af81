// Watches the running product without pause: asks version and health, notes every change, and wakes those who wait for one.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { BusySign, ProcessEntry } from "../model/index.ts";
import { matchingPaths } from "./glob.ts";
import type { Observer } from "./observer.ts";
import type { Place } from "./place.ts";
import type { Answers, Prober } from "./probe.ts";
import type { Processes } from "./processes.ts";
import type { ServiceManager } from "./services/manager.ts";

/**
 * Between two questions. A question that nobody answers costs next to nothing, one that is answered costs the cell and the
 * agent about a millisecond: so downtime is seen to its end at once, and to its beginning within the longer pause.
 */
const UNANSWERED_MS = 20;
const ANSWERED_MS = 80;
/** When nobody waits for anything. */
const IDLE_MS = 80;

/** How a wait ended. `crashing`: a service keeps crashing, and nothing is left that could change that. `down`: nothing runs or will. */
export type Waited = "reached" | "crashing" | "down" | "deadline";

/** The processes of one moment, listed when somebody asks. */
type Listing = () => readonly ProcessEntry[];

export class Monitor implements AsyncDisposable {
  readonly #place: Place;
  readonly #prober: Prober;
  readonly #observer: Observer;
  readonly #processes: Processes;
  readonly #manager: ServiceManager;
  #latest: Answers = { version: null, healthy: false };
  #waiters = new Set<() => void>();
  #running = true;
  #waiting = 0;
  /** Answers to what was asked before the last power cut do not count. */
  #generation = 0;
  /** One look has found everything steady, and the next one will decide. */
  #nearly = false;
  /** Ends the pause between two questions. */
  #wake = (): void => undefined;
  /** Starts of each service since the product was last healthy. */
  readonly #starts = new Map<string, number>();
  readonly #deafen: () => void;
  readonly #loop: Promise<void>;

  constructor(place: Place, prober: Prober, observer: Observer, processes: Processes, manager: ServiceManager) {
    this.#place = place;
    this.#prober = prober;
    this.#observer = observer;
    this.#processes = processes;
    this.#manager = manager;
    observer.see({ kind: "health", ...this.#latest });
    this.#deafen = observer.listen((seen) => {
      if (seen.kind !== "service") return;
      // one that cannot even be started is restarted in vain as well
      const inVain = seen.event === "exited" && seen.pid === undefined;
      if (seen.event === "started" || inVain) this.#starts.set(seen.service, (this.#starts.get(seen.service) ?? 0) + 1);
    });
    this.#loop = this.#watch();
  }

  /**
   * Everything was just killed: nothing answers, whatever is still being asked, and after a reboot everybody gets a new chance.
   * Said also when it was so before: what follows may be told apart from what came before.
   */
  poweredOff(): void {
    this.#starts.clear();
    this.#generation++;
    this.#latest = { version: null, healthy: false };
    this.#observer.see({ kind: "health", ...this.#latest });
  }

  get latest(): Answers {
    return this.#latest;
  }

  /** Signs that an upgrade is still going on, as product.yaml lists them. */
  busy(): string[] {
    const processes = this.#listing();
    return this.#place.job.product.upgrade.busy.flatMap((sign) => this.#seen(sign, processes));
  }

  /** Waits until the product is healthy. Two looks in a row must find it down: one may fall between two processes. */
  healthy(deadlineMs: number): Promise<Waited> {
    let down = 0;
    return this.#until(() => {
      if (this.#latest.healthy) return "reached";
      const processes = this.#listing();
      if (this.#hopeless(processes)) return "crashing";
      down = !this.#manager.alive() && processes().length === 0 ? down + 1 : 0;
      return down >= 2 ? "down" : undefined;
    }, deadlineMs);
  }

  /**
   * Waits until nothing is under way: no busy sign, and the agent either healthy or finally down (its services neither
   * run nor are about to). Two looks in a row must agree, for one may fall between two processes.
   */
  steady(deadlineMs: number): Promise<Waited> {
    let agreed = 0;
    return this.#until(() => {
      const processes = this.#listing();
      if (this.#hopeless(processes)) return "crashing";
      agreed =
        !this.#manager.pending() && !this.#underWay(processes) && (this.#latest.healthy || processes().length === 0) ? agreed + 1 : 0;
      return agreed >= 2 ? "reached" : undefined;
    }, deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running = false;
    this.#wake();
    await this.#loop;
    this.#deafen();
  }

  /** A service that has crashed over and over since anybody was there who could mend it. */
  #hopeless(processes: Listing): boolean {
    if (Math.max(0, ...this.#starts.values()) < 2) return false; // nothing has crashed yet
    const { limits, updaters } = this.#place.job.product;
    const expressions = updaters.map((pattern) => new RegExp(pattern));
    if (processes().some(({ command }) => expressions.some((expression) => expression.test(command)))) this.#starts.clear();
    return Math.max(0, ...this.#starts.values()) >= limits.crashes;
  }

  /** Files are looked at first: to list the processes costs most of a look, and while a file tells, nobody needs to. */
  #underWay(processes: Listing): boolean {
    const { busy } = this.#place.job.product.upgrade;
    const tells = (sign: BusySign): boolean => this.#seen(sign, processes).length > 0;
    return busy.some((sign) => "file" in sign && tells(sign)) || busy.some((sign) => "process" in sign && tells(sign));
  }

  #seen(sign: BusySign, processes: Listing): string[] {
    if ("process" in sign) {
      const expression = new RegExp(sign.process);
      return processes()
        .filter(({ command }) => expression.test(command))
        .map(({ pid, command }) => `process ${pid}: ${command}`);
    }
    return matchingPaths(this.#place.root, sign.file)
      .filter((file) => sign.contains === undefined || this.#contains(file, sign.contains))
      .map((file) => `file ${file}${sign.contains === undefined ? "" : ` contains ${JSON.stringify(sign.contains)}`}`);
  }

  /** One look lists the processes once at most. */
  #listing(): Listing {
    let listed: readonly ProcessEntry[] | undefined;
    return () => (listed ??= this.#processes.list());
  }

  async #until(look: () => Waited | undefined, deadlineMs: number): Promise<Waited> {
    const deadline = performance.now() + deadlineMs;
    this.#waiting++;
    this.#wake();
    try {
      while (performance.now() < deadline) {
        await new Promise<void>((resolve) => this.#waiters.add(resolve));
        const seen = look();
        if (seen !== undefined) return seen;
      }
      return "deadline";
    } finally {
      this.#waiting--;
    }
  }

  async #watch(): Promise<void> {
    while (this.#running) {
      const generation = this.#generation;
      const answers = await this.#prober.ask();
      if (generation !== this.#generation) continue;
      if (answers.version !== this.#latest.version || answers.healthy !== this.#latest.healthy)
        this.#observer.see({ kind: "health", ...answers });
      this.#latest = answers;
      if (answers.healthy) this.#starts.clear();
      const waiters = this.#waiters;
      this.#waiters = new Set();
      for (const wake of waiters) wake();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#pause());
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #pause(): number {
    if (this.#waiting === 0) return IDLE_MS;
    return this.#latest.healthy && !this.#nearly ? ANSWERED_MS : UNANSWERED_MS;
  }

  #contains(file: string, text: string): boolean {
    try {
      return readFileSync(path.join(this.#place.root, file), "utf8").includes(text);
    } catch {
      return false; // removed between finding and reading: no sign
    }
  }
}
