// Asks a running product what product.yaml says: over HTTP, by a command, from a file, or of a SQLite database.
import { readFileSync, statSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import type { Probe } from "../model/index.ts";
import { runCommand } from "./command.ts";
import { matchingPaths } from "./glob.ts";
import type { Observer } from "./observer.ts";
import { NOTHING, type Place, type Target } from "./place.ts";
import { queryDatabase } from "./sqlite.ts";

/** Who asks again and again is soon tired of waiting. */
const DEADLINE_MS = 1000;
/** Who asks once wants an answer, also of a product on a busy machine. */
export const PATIENT_DEADLINE_MS = 5000;

/** Who refused once is not asked again for so long, unless its socket was made anew meanwhile. */
const REFUSED_MS = 120;

export interface Answers {
  readonly version: string | null;
  readonly healthy: boolean;
}

/** Whom to ask, and how: the product as a whole, or one service of it. */
export interface Questions {
  readonly version: Probe;
  /** Left out: who tells its version is well. */
  readonly health?: Probe | undefined;
}

/** Asks from one machine of the cell. */
export class Prober {
  readonly #place: Place;
  readonly #observer: Observer;
  readonly #agent = new http.Agent({ keepAlive: false });
  readonly #deadlineMs: number;
  /** Sockets nobody listened to, by path: which file it was, and when that was asked. */
  readonly #refused = new Map<string, { readonly file: string; readonly at: number }>();

  constructor(place: Place, observer: Observer, deadlineMs = DEADLINE_MS) {
    this.#place = place;
    this.#observer = observer;
    this.#deadlineMs = deadlineMs;
  }

  /** Asks both; what both probes ask of one place is fetched once. Never throws: no answer is `null` and unhealthy. */
  async ask({ version, health }: Questions = this.#place.job.product, target = NOTHING): Promise<Answers> {
    const cache = new Map<string, Promise<string | null>>();
    const fetched = (probe: Probe): Promise<string | null> => {
      const key = JSON.stringify(sourceOf(probe));
      const answer = cache.get(key) ?? this.#fetch(probe, target);
      cache.set(key, answer);
      return answer;
    };
    // health first: who is healthy can tell its version, but who could not yet tell its version may be healthy a moment later
    const well = health === undefined ? undefined : isYes(health, extract(health, await fetched(health)));
    const versionText = extract(version, await fetched(version));
    return { version: versionText, healthy: well ?? versionText !== null };
  }

  /** One value; null when there is no answer. */
  async says(probe: Probe, target = NOTHING): Promise<string | null> {
    return extract(probe, await this.#fetch(probe, target));
  }

  /** Whether the answer is the one that counts as yes. */
  async affirms(probe: Probe, target = NOTHING): Promise<boolean> {
    return isYes(probe, await this.says(probe, target));
  }

  async #fetch(probe: Probe, asked: Target): Promise<string | null> {
    const target = { ...asked, looking: true };
    if ("http" in probe) return this.#get(this.#place.fill(probe.http, target));
    if ("sqlite" in probe)
      return queryDatabase(this.#place.fill(probe.sqlite, target), this.#place.fill(probe.query, target), this.#observer, this.#deadlineMs);
    if ("file" in probe) {
      const [found] = matchingPaths(this.#place.root, this.#place.fill(probe.file, target));
      return found === undefined ? null : readText(path.join(this.#place.root, found));
    }
    const argv = probe.command.map((word) => this.#place.fill(word, target));
    const options = { ...this.#place.commandOptions(target, this.#deadlineMs), quiet: true };
    const result = await runCommand(argv, options, this.#observer);
    return result.code === 0 ? result.stdout : null;
  }

  #get(url: string): Promise<string | null> {
    const where = whereIs(url);
    const socket = typeof where === "string" || process.platform === "win32" ? undefined : where.socketPath;
    const file = socket === undefined ? undefined : fileOf(socket);
    if (socket !== undefined && (file === undefined || this.#refusesStill(socket, file))) return Promise.resolve(null);
    return new Promise((resolve) => {
      const options = { agent: this.#agent, timeout: this.#deadlineMs };
      const heard = (response: http.IncomingMessage): void => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve(response.statusCode !== undefined && response.statusCode < 400 ? text : null));
        response.on("error", () => resolve(null));
      };
      const request = typeof where === "string" ? http.get(where, options, heard) : http.get({ ...where, ...options }, heard);
      request.on("timeout", () => request.destroy());
      // nothing listens, or not any more: no answer
      request.on("error", ({ code }: NodeJS.ErrnoException) => {
        if (socket !== undefined && file !== undefined && code === "ECONNREFUSED")
          this.#refused.set(socket, { file, at: performance.now() });
        resolve(null);
      });
      request.on("close", () => resolve(null));
    });
  }

  /**
   * While an agent is down this is asked every few milliseconds, of a socket that the dead one left; to be refused costs a hundred
   * times as much as to look at the file. Who listens again makes the file anew; who was late to listen is asked after a moment.
   */
  #refusesStill(socket: string, file: string): boolean {
    const refused = this.#refused.get(socket);
    return refused !== undefined && refused.file === file && performance.now() - refused.at < REFUSED_MS;
  }
}

/** Tells a socket's file from a later one at its path; undefined: there is none. */
function fileOf(socket: string): string | undefined {
  try {
    const { dev, ino, ctimeMs } = statSync(socket);
    return `${dev} ${ino} ${ctimeMs}`;
  } catch {
    return undefined; // not there, or not for us to see: nobody answers
  }
}

/** A URL, or what `unix:/path/to.sock:/request/path` means. */
export function whereIs(url: string): string | { readonly socketPath: string; readonly path: string } {
  const [, socketPath, path_] = /^unix:(.+?):(\/.*)$/.exec(url) ?? [];
  return socketPath === undefined || path_ === undefined ? url : { socketPath, path: path_ };
}

/** What the probes have in common when one answer does for both. */
function sourceOf(probe: Probe): unknown {
  if ("http" in probe) return probe.http;
  if ("command" in probe) return probe.command;
  return "file" in probe ? probe.file : [probe.sqlite, probe.query];
}

function isYes(probe: Probe, answer: string | null): boolean {
  return answer !== null && (probe.equals === undefined || answer === probe.equals);
}

/** The value in an answer: by JSON pointer, by the first group of a regular expression, or the trimmed text. */
export function extract(probe: Pick<Probe, "json" | "match">, text: string | null): string | null {
  if (text === null) return null;
  let value = text.trim();
  if (probe.json !== undefined) {
    const found = pointer(value, probe.json);
    if (found === undefined || found === null) return null;
    value = typeof found === "string" ? found : JSON.stringify(found);
  }
  if (probe.match === undefined) return value;
  const groups = new RegExp(probe.match, "m").exec(value);
  return groups === null ? null : (groups[1] ?? groups[0]);
}

function pointer(text: string, path_: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // half written or not JSON: no answer
  }
  for (const part of path_.split("/").slice(1)) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[part.replace(/~1/g, "/").replace(/~0/g, "~")]; // any property may be missing
  }
  return value;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null; // removed between finding and reading
  }
}
