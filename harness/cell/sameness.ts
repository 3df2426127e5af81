// What of a snapshot decides how it goes on from there: all but what is another each time – pids, times of day, lines of a log.
// Two points that look the same to this go on alike.
import { createHash } from "node:crypto";
import type { Product, Snapshot, TreeEntry } from "../model/index.ts";
import { matchesGlob } from "./glob.ts";

/** `none`: whether it is there says nothing. `presence`: nobody reads what is in it again. `meaning`: it holds times, and what else it says counts. */
type Weight = "none" | "presence" | "meaning" | "content";

export class Sameness {
  readonly #globs: readonly (readonly [Weight, readonly string[]])[];
  /** Globs are slow, and paths come again and again. */
  readonly #weights = new Map<string, Weight>();

  /** Command lines of our own questions, one of which may be under way whenever somebody looks. */
  readonly #questions: readonly RegExp[];

  constructor({ layout, logs, version, health }: Pick<Product, "layout" | "logs" | "version" | "health">) {
    this.#questions = [version, health].flatMap((probe) => ("command" in probe ? [commandLine(probe.command)] : []));
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
    const commands = this.#lasting(processes)
      .map(({ command }) => command)
      .sort();
    const lasting = members.map(({ process: _process, processes: _processes, ...member }) => member);
    return [...steady, ...units, ...commands, ...lasting, active, rest].map((fact) => JSON.stringify(fact));
  }

  /** Without our own questions, and whom they started. */
  #lasting(processes: Snapshot["processes"]): Snapshot["processes"] {
    const asking = new Set(processes.flatMap(({ pid, command }) => (this.#questions.some((one) => one.test(command)) ? [pid] : [])));
    for (let known = -1; known !== asking.size;) {
      known = asking.size;
      for (const { pid, parent } of processes) if (asking.has(parent)) asking.add(pid);
    }
    return processes.filter(({ pid }) => !asking.has(pid));
  }

  #steady(entry: TreeEntry): unknown[] {
    const { size, digest, text, ...outside } = entry;
    // an empty file is one that was torn: it never counts as being like the others
    const whole = size === undefined || size === 0 || entry.type !== "file";
    switch (this.#weightOf(entry.path)) {
      case "none":
        return [];
      case "presence":
        return [outside];
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
      this.#weights.get(relative) ?? this.#globs.find(([, globs]) => globs.some((glob) => matchesGlob(relative, glob)))?.[0] ?? "content";
    this.#weights.set(relative, known);
    return known;
  }
}

const TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|(?<!\d)1\d{9}(?:\d{3}){0,3}(?!\d)/g;

/**
 * Without times, and a line that repeats itself counts once: how often it does depends on when somebody looks. Zeros that a power
 * loss left count as a line of their own.
 */
export function meaningOf(text: string): string {
  const lines = text
    .replace(TIME, "TIME")
    .replace(/\u2400+/g, "\n\u2400\n")
    .split("\n");
  return lines.filter((line, index) => line !== lines[index - 1]).join("\n");
}

/** How a command looks in a list of processes; also while it is about to be started by another program. */
function commandLine(argv: readonly string[]): RegExp {
  const words = argv.map((word) =>
    word
      .split(/\{[^{}]*\}/)
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
      .join(".*"),
  );
  return new RegExp(`${words.join(" ")}$`, "s");
}
