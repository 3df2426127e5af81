// Recordings written by hand, for the tests.
import { createHash } from "node:crypto";
import type { BaseEntry, CrashVariant, DataRange, Operation, RecordedNote, Recording } from "../model/index.ts";
import { treeAt } from "./states.ts";

export const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

type WithoutNumber<T> = T extends Operation ? Omit<T, "k" | "pid"> : never;

/** Collects operations in order; `was` are the files that were there before, by path, a link as `-> target`, a directory as null. */
export class Script {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  readonly #base: BaseEntry[] = [];
  readonly #operations: Operation[] = [];
  readonly #notes: RecordedNote[] = [];
  pid = 40;

  constructor(was: Readonly<Record<string, string | null>> = { "/r": null }) {
    for (const [path, content] of Object.entries(was)) {
      const owner = { uid: 0, gid: 0 };
      if (content === null) this.#base.push({ path, type: "directory", mode: "755", ...owner });
      else if (content.startsWith("-> ")) this.#base.push({ path, type: "link", mode: "777", ...owner, target: content.slice(3) });
      else this.#base.push({ path, type: "file", mode: "644", ...owner, data: this.bytes(content) });
    }
  }

  bytes(content: string | Uint8Array): DataRange {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    return [this.#length - bytes.length, bytes.length];
  }

  do(operation: WithoutNumber<Operation>): this {
    this.#operations.push({ k: this.#operations.length + 1, pid: this.pid, ...operation } as Operation); // number and process were left out, here they are
    return this;
  }

  note(note: RecordedNote extends infer N ? (N extends RecordedNote ? Omit<N, "after"> : never) : never): this {
    this.#notes.push({ after: this.#operations.length, ...note } as RecordedNote); // the place was left out, here it is
    return this;
  }

  create(path: string, content?: string, mode = "644"): this {
    this.do({ op: "create", path, mode, uid: 0, gid: 0 });
    return content === undefined ? this : this.write(path, content);
  }

  write(path: string, content: string | Uint8Array, offset = 0, sync = false): this {
    return this.do({ op: "write", path, offset, data: this.bytes(content), ...(sync ? { sync } : {}) });
  }

  mkdir(path: string): this {
    return this.do({ op: "mkdir", path, mode: "755", uid: 0, gid: 0 });
  }

  rename(path: string, to: string): this {
    return this.do({ op: "rename", path, to });
  }

  fsync(path: string): this {
    return this.do({ op: "fsync", path });
  }

  recording(): Recording {
    const data = Buffer.alloc(this.#length); // as it comes from a file
    let at = 0;
    for (const chunk of this.#chunks) {
      data.set(chunk, at);
      at += chunk.length;
    }
    return { base: this.#base, operations: this.#operations, notes: this.#notes, data };
  }
}

/** What a crash leaves, in short: path → content, `-> target`, or null for a directory. The last operation by default. */
export function left(
  recording: Recording,
  variant: CrashVariant,
  k = recording.operations.length,
  drop?: number,
): Record<string, string | null> {
  return Object.fromEntries(
    treeAt(recording, k, variant, drop).map(({ path, type, content, target }) => [
      path,
      type === "link" ? `-> ${target}` : content === undefined ? null : new TextDecoder().decode(content),
    ]),
  );
}
