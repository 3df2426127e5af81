// What of a snapshot decides how it goes on from there: all but what is another each time – pids, times of day, lines of a log.
// Two points that look the same to this go on alike.
import { createHash } from "node:crypto";
import path from "node:path";
import type { Product, Snapshot, TreeEntry } from "../model/index.ts";

/** `none`: whether it is there says nothing. `presence`: nobody reads what is in it again. `meaning`: it holds times, and what else it says counts. */
type Weight = "none" | "presence" | "meaning" | "content";

export class Sameness {
  readonly #globs: readonly (readonly [Weight, readonly string[]])[];
  /** Globs are slow, and paths come again and again. */
  readonly #weights = new Map<string, Weight>();

  constructor({ layout, logs }: Pick<Product, "layout" | "logs">) {
    this.#globs = [
      ["none", layout.volatile],
      ["presence", [...logs.agent, ...logs.updater]],
      ["meaning", layout.contents],
    ];
  }

  /**
   * Equal for snapshots from which everything goes on alike.
   * @param units the folder of the service manager's units, which lies outside of the snapshot's tree
   */
  keyOf(snapshot: Snapshot, units: readonly TreeEntry[]): string {
    return createHash("sha1")
      .update(JSON.stringify(this.factsOf(snapshot, units)))
      .digest("base64");
  }

  /** What decides how it goes on, fact by fact. */
  factsOf({ tree, processes, active, diskBytes: _bytes, members = [], ...rest }: Snapshot, units: readonly TreeEntry[]): string[] {
    const steady = tree.flatMap((entry) => this.#steady(entry));
    const commands = processes.map(({ command }) => command).sort();
    const lasting = members.map(({ process: _process, ...member }) => member);
    return [...steady, ...units, ...commands, ...lasting, active, rest].map((fact) => JSON.stringify(fact));
  }

  #steady(entry: TreeEntry): unknown[] {
    const { size, digest, text, ...outside } = entry;
    // an empty file is one that was torn: it never counts as being like the others
    const whole = size === undefined || size === 0 || entry.type !== "file";
    switch (this.#weightOf(entry.path)) {
      case "none":
        return [];
      case "presence":
        return [whole ? entry : outside];
      case "meaning":
        return [whole || text === undefined ? entry : { ...outside, says: meaningOf(text) }];
      case "content":
        return [{ ...outside, size, digest }];
      default:
        return [entry];
    }
  }

  #weightOf(relative: string): Weight {
    const known =
      this.#weights.get(relative) ??
      this.#globs.find(([, globs]) => globs.some((glob) => path.matchesGlob(relative, glob)))?.[0] ??
      "content";
    this.#weights.set(relative, known);
    return known;
  }
}

const TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|(?<!\d)1\d{9}(?:\d{3}){0,3}(?!\d)/g;

/** Without times, and a line that repeats itself counts once: how often it does depends on when somebody looks. */
export function meaningOf(text: string): string {
  const lines = text.replace(TIME, "TIME").split("\n");
  return lines.filter((line, index) => line !== lines[index - 1]).join("\n");
}
