// Watches the running product without pause: asks version and health of all there is, notes every change, and wakes those
// who wait for one.
import type { Member } from "../model/index.ts";
import { BusySigns, type Listing, listingOf } from "./busy.ts";
import type { Fleet } from "./fleet.ts";
import { type FleetAnswers, membersOf, silent, together } from "./members.ts";
import type { Observer } from "./observer.ts";
import { Prospects } from "./prospects.ts";
import { Rounds } from "./rounds.ts";

/**
 * Between two questions. A question that nobody answers costs next to nothing, one that is answered costs the cell and the
 * agent a millisecond or two. Downtime is seen to its end at once, and to its beginning when a service's process ends, or within
 * the longer pause.
 */
const UNANSWERED_MS = 20;
const ANSWERED_MS = 120;
/** When nobody waits for anything. */
const IDLE_MS = 160;
/** While something is claimed of downtime or of what happens at once. */
const CLOSE_MS = 5;

/** How a wait ended. `crashing`: a service keeps crashing, and nothing is left that could change that. `down`: nothing runs or will. */
export type Waited = "reached" | "crashing" | "down" | "deadline";

export class Monitor implements AsyncDisposable {
  readonly #fleet: Fleet;
  readonly #observer: Observer;
  readonly #rounds = new Rounds();
  readonly #signs: BusySigns;
  readonly #prospects: Prospects;
  #latest: FleetAnswers = { version: null, healthy: false, members: [] };
  #waiters = new Set<() => void>();
  #running = true;
  #waiting = 0;
  #closely = false;
  /** Answers to what was asked before the last power cut do not count. */
  #generation = 0;
  /** Ends the pause between two questions. */
  #wake = (): void => undefined;
  readonly #deafen: () => void;
  readonly #loop: Promise<void>;

  constructor(fleet: Fleet, observer: Observer) {
    this.#fleet = fleet;
    this.#observer = observer;
    this.#signs = new BusySigns(fleet, observer);
    this.#prospects = new Prospects(fleet, observer);
    observer.see({ kind: "health", version: null, healthy: false });
    this.#deafen = observer.listen((seen) => {
      if (seen.kind !== "service" || seen.event === "started") return;
      this.#rounds.doubt();
      this.#wake();
    });
    this.#loop = this.#watch();
  }

  /**
   * Everything was just killed, or all on one host: nothing answers there, whatever is still being asked, and after a reboot
   * everybody gets a new chance. Said also when it was so before: what follows may be told apart from what came before.
   */
  poweredOff(host?: string): void {
    this.#generation++;
    this.#rounds.forget();
    this.#prospects.restart(host);
    const dead = (member: Member): boolean => host === undefined || member.host === host;
    const members = this.#latest.members.map((member) => (dead(member) ? silent(member) : member));
    for (const member of members.filter(dead)) this.#observer.see({ kind: "member", member: member.name, version: null, healthy: false });
    this.#latest = { ...(host === undefined ? { version: null, healthy: false } : together(members)), members };
    this.#seeHealth();
  }

  get latest(): FleetAnswers {
    return this.#latest;
  }

  /** Asks without a longer pause than it takes to see what is claimed of downtime; costs what it costs. */
  watchClosely(closely: boolean): void {
    this.#closely = closely;
    this.#wake();
  }

  /** Signs that an upgrade is still going on, as product.yaml lists them, as of the last look. */
  busy(): string[] {
    return this.#signs.all();
  }

  /** Signs that an upgrade is still going on, looked for just now. */
  async lookBusy(): Promise<string[]> {
    await this.#signs.ask();
    return this.#signs.all();
  }

  /** Waits until the product is healthy, or what runs on one host. Two looks in a row must find it down: one may fall between two processes. */
  healthy(deadlineMs: number, host?: string): Promise<Waited> {
    let down = 0;
    return this.#until((listing) => {
      if (host === undefined ? this.#latest.healthy : this.#prospects.isWell(host, this.#latest)) return "reached";
      if (this.#prospects.hopeless(listing)) return "crashing";
      down = this.#prospects.someDown(listing, host) ? down + 1 : 0;
      return down >= 2 ? "down" : undefined;
    }, deadlineMs);
  }

  /**
   * Waits until nothing is under way: no busy sign, and what is on each host either healthy or finally down (its services
   * neither run nor are about to). Two looks in a row must agree, for one may fall between two processes.
   */
  steady(deadlineMs: number): Promise<Waited> {
    let agreed = 0;
    return this.#until((listing) => {
      if (this.#prospects.hopeless(listing)) return "crashing";
      const settled = !this.#prospects.pending() && !this.#signs.some(listing) && this.#prospects.settled(this.#latest, listing);
      agreed = settled ? agreed + 1 : 0;
      return agreed >= 2 ? "reached" : undefined;
    }, deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running = false;
    this.#deafen();
    this.#wake();
    await this.#loop;
    this.#prospects[Symbol.dispose]();
  }

  async #until(look: (listing: Listing) => Waited | undefined, deadlineMs: number): Promise<Waited> {
    const deadline = performance.now() + deadlineMs;
    this.#waiting++;
    this.#wake();
    try {
      while (performance.now() < deadline) {
        await new Promise<void>((resolve) => this.#waiters.add(resolve));
        const seen = look(listingOf(this.#fleet));
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
      const { complete, ...answers } = await this.#rounds.ask(this.#fleet.hosts, this.#closely ? 0 : ANSWERED_MS);
      if (this.#waiting > 0 && complete) await this.#signs.ask();
      if (generation !== this.#generation) continue;
      this.#hear(answers);
      if (complete) this.#wakeWaiters();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#pause());
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const wake of waiters) wake();
  }

  /** Who was removed meanwhile does not count any more. */
  #hear({ members: asked, ...answers }: FleetAnswers): void {
    const there = new Set(membersOf(this.#fleet.hosts).map(({ name }) => name));
    const members = asked.filter(({ name }) => there.has(name));
    const before = this.#latest;
    const known = new Map(before.members.map((member) => [member.name, member]));
    this.#latest = { ...(members.length === 0 ? answers : together(members)), members };
    for (const { name, version, healthy } of members) {
      const old = known.get(name) ?? { version: null, healthy: false };
      if (version !== old.version || healthy !== old.healthy) this.#observer.see({ kind: "member", member: name, version, healthy });
    }
    if (this.#latest.version !== before.version || this.#latest.healthy !== before.healthy) this.#seeHealth();
    this.#prospects.hear(this.#latest);
  }

  #seeHealth(): void {
    const { version, healthy } = this.#latest;
    this.#observer.see({ kind: "health", version, healthy });
  }

  #pause(): number {
    if (this.#closely) return CLOSE_MS;
    if (this.#waiting === 0) return IDLE_MS;
    return this.#latest.healthy ? ANSWERED_MS : UNANSWERED_MS;
  }
}
