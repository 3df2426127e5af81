// Asks a running product its version and health, as product.yaml says: over HTTP, by a command, or from a file.
import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import type { Probe } from "../model/index.ts";
import { runCommand } from "./command.ts";
import { matchingPaths } from "./glob.ts";
import type { Observer } from "./observer.ts";
import type { Place, Target } from "./place.ts";

const PROBE_DEADLINE_MS = 1000;

export interface Answers {
  readonly version: string | null;
  readonly healthy: boolean;
}

export class Prober {
  readonly #place: Place;
  readonly #observer: Observer;
  readonly #agent = new http.Agent({ keepAlive: false });

  constructor(place: Place, observer: Observer) {
    this.#place = place;
    this.#observer = observer;
  }

  /** Asks both; what both probes ask of one place is fetched once. Never throws: no answer is `null` and unhealthy. */
  async ask(): Promise<Answers> {
    const { version, health } = this.#place.job.product;
    const cache = new Map<string, Promise<string | null>>();
    const fetched = (probe: Probe): Promise<string | null> => {
      const key = JSON.stringify("http" in probe ? probe.http : "command" in probe ? probe.command : probe.file);
      const answer = cache.get(key) ?? this.#fetch(probe);
      cache.set(key, answer);
      return answer;
    };
    // health first: who is healthy can tell its version, but who could not yet tell its version may be healthy a moment later
    const healthText = extract(health, await fetched(health));
    const versionText = extract(version, await fetched(version));
    return { version: versionText, healthy: healthText !== null && (health.equals === undefined || healthText === health.equals) };
  }

  async #fetch(probe: Probe): Promise<string | null> {
    const target: Target = { version: "" };
    if ("http" in probe) return this.#get(this.#place.fill(probe.http, target));
    if ("file" in probe) {
      const [found] = matchingPaths(this.#place.root, probe.file);
      return found === undefined ? null : readText(path.join(this.#place.root, found));
    }
    const argv = probe.command.map((word) => this.#place.fill(word, target));
    const options = { ...this.#place.commandOptions(target, PROBE_DEADLINE_MS), quiet: true };
    const result = await runCommand(argv, options, this.#observer);
    return result.code === 0 ? result.stdout : null;
  }

  #get(url: string): Promise<string | null> {
    const socket = /^unix:(.+?):(\/.*)$/.exec(url);
    const where = socket ? { socketPath: socket[1], path: socket[2] } : url;
    // while the agent is down this is asked every few milliseconds, and a refused connection costs a hundred times as much
    if (process.platform !== "win32" && socket?.[1] !== undefined && !existsSync(socket[1])) return Promise.resolve(null);
    return new Promise((resolve) => {
      const options = { agent: this.#agent, timeout: PROBE_DEADLINE_MS };
      const heard = (response: http.IncomingMessage): void => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve(response.statusCode !== undefined && response.statusCode < 400 ? text : null));
        response.on("error", () => resolve(null));
      };
      const request =
        typeof where === "string" ? http.get(where, options, heard) : http.get({ ...where, ...options } as http.RequestOptions, heard); // the groups of the match are there
      request.on("timeout", () => request.destroy());
      request.on("error", () => resolve(null)); // nothing listens, or not any more: no answer
      request.on("close", () => resolve(null));
    });
  }
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
