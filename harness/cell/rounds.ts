// Asks the members of a fleet again and again. Who takes long to answer keeps nobody waiting who is looked at closely.
import type { Member, MemberName } from "../model/index.ts";
import type { Host } from "./host.ts";
import { askAll, askMember, type FleetAnswers, membersOf, silent, together } from "./members.ts";

/** So long a round waits for everybody; who answers later is heard in a later one. */
const ROUND_MS = 50;

interface Heard {
  readonly member: Member;
  /** When it was asked. */
  readonly at: number;
}

export interface Round extends FleetAnswers {
  /** Everybody was asked, and has answered or was given up, since the last complete round; or is well, as was heard just now. */
  readonly complete: boolean;
}

export class Rounds {
  #latest = new Map<string, Heard>();
  #pending = new Map<string, Promise<void>>();
  /** Who was asked and has answered since the last complete round. */
  #heard = new Set<string>();
  #doubted = 0;

  /**
   * Who has not answered yet counts with the last answer.
   * @param freshMs for so long an answer of a member that is well holds: while one of many is down, the others need not be asked as often
   */
  async ask(hosts: readonly Host[], freshMs: number): Promise<Round> {
    const named = membersOf(hosts);
    if (named.length === 0) return { ...(await askAll(hosts)), complete: true };
    const now = performance.now();
    for (const { at, ...name } of named) {
      if (this.#isFresh(name, now - freshMs)) this.#heard.add(name.name);
      else if (!this.#pending.has(name.name)) this.#ask(name, at);
    }
    await within(ROUND_MS, Promise.all(this.#pending.values()));
    const members = named.map(({ at: _at, ...name }) => this.#latest.get(name.name)?.member ?? silent(name));
    const complete = named.every(({ name }) => this.#heard.has(name));
    if (complete) this.#heard = new Set();
    return { ...together(members), members, complete };
  }

  #isFresh({ name }: MemberName, since: number): boolean {
    const latest = this.#latest.get(name);
    return latest !== undefined && latest.member.healthy && latest.at > Math.max(since, this.#doubted) && !this.#pending.has(name);
  }

  #ask(name: MemberName, at: Host): void {
    const [latest, pending, heard] = [this.#latest, this.#pending, this.#heard];
    const asked = performance.now();
    const answered = askMember(name, at, at.prober).then((member) => {
      latest.set(name.name, { member, at: asked });
      pending.delete(name.name);
      heard.add(name.name); // of the round in which it was asked
    });
    pending.set(name.name, answered);
  }

  /** Something ended: who was well may not be any more, and is asked in the next round. */
  doubt(): void {
    this.#doubted = performance.now();
  }

  /** What was answered, or is still to be answered, does not count any more. */
  forget(): void {
    this.#latest = new Map();
    this.#pending = new Map();
    this.#heard = new Set();
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
