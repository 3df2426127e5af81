// Records one upgrade of a cell: what lay there before, every operation of the product's processes, and what lay there in
// the end. Both looks are taken while every operation is held, so that nothing happens between a look and the record.
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { type BaseEntry, type EndEntry, packRecorded, SERVICE_MARK } from "../model/index.ts";
import type { Observer } from "./observer.ts";
import type { Recorder } from "./recorder.ts";

/** One observation carries so many bytes of it at most, before base64. */
const CHUNK_BYTES = 3 << 18;

export class Recording {
  readonly #recorder: Recorder;
  readonly #under: readonly string[];
  readonly #base: readonly BaseEntry[];
  readonly #baseData: Buffer;
  readonly #deafen: () => void;

  /** Begins: from now on every operation below `under` counts. */
  static async begin(recorder: Recorder, under: readonly string[], observer: Observer): Promise<Recording> {
    await recorder.pause();
    const recording = new Recording(recorder, under, observer);
    await recorder.mark(MARK);
    await recorder.resume();
    return recording;
  }

  private constructor(recorder: Recorder, under: readonly string[], observer: Observer) {
    this.#recorder = recorder;
    this.#under = under;
    const contents: Buffer[] = [];
    let length = 0;
    this.#base = under
      .flatMap((folder) => entriesBelow(folder))
      .map(({ content, ...entry }) => {
        if (content === undefined) return entry;
        contents.push(content);
        length += content.length;
        return { ...entry, data: [length - content.length, content.length] as const };
      });
    this.#baseData = Buffer.concat(contents);
    this.#deafen = observer.listen((seen) => {
      if (seen.kind === "service" && seen.event === "started") void recorder.mark(`${SERVICE_MARK}:${seen.service}`).catch(() => undefined); // it ended: told as a problem
    });
  }

  /**
   * Ends it and streams it out. Returns how many operations were recorded.
   * @param how `killed`: nobody is left who could change anything
   */
  async end(observer: Observer, how: "over" | "killed"): Promise<number> {
    this.#deafen();
    if (how === "over") await this.#recorder.pause();
    const end = this.#under.flatMap((folder) => entriesBelow(folder)).map(withDigest);
    await this.#recorder.stop();
    const { operations, notes, data } = this.#recorder.read();
    const first = notes.find((note) => note.note === "mark" && note.name === MARK)?.after ?? 0;
    const own = operations.filter(({ k }) => k > first).map((operation) => shifted(operation, first, this.#baseData.length));
    const packed = packRecorded({
      base: this.#base,
      operations: own,
      // who was started before is known by its start; what was marked before is of no use
      notes: notes.flatMap((note) =>
        note.note === "mark" && note.after < first ? [] : [{ ...note, after: Math.max(0, note.after - first) }],
      ),
      end,
      data: Buffer.concat([this.#baseData, data]),
    });
    const zipped = process.getBuiltinModule("node:zlib").gzipSync(packed, { level: 1 });
    for (let at = 0; at < zipped.length; at += CHUNK_BYTES)
      observer.see({ kind: "recorded", chunk: zipped.subarray(at, at + CHUNK_BYTES).toString("base64") });
    return own.length;
  }
}

const MARK = "recording";

/** Counts from the beginning of the recording, and finds its bytes behind those of the base. */
function shifted<T extends { readonly k: number }>(operation: T, first: number, offset: number): T {
  const moved = { ...operation, k: operation.k - first };
  if (!("data" in moved) || !Array.isArray(moved.data)) return moved;
  const [start, length] = moved.data as [number, number]; // DataRange, of writes only
  return { ...moved, data: [start + offset, length] };
}

export interface Found extends Omit<BaseEntry, "data"> {
  readonly content?: Buffer;
}

/** The folder itself and everything below it, parents first. */
export function entriesBelow(folder: string): Found[] {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  const common = { path: folder, mode: (stat.mode & 0o7777).toString(8), uid: stat.uid, gid: stat.gid };
  if (stat.isSymbolicLink()) return [{ ...common, type: "link", target: readlinkSync(folder) }];
  if (stat.isFile()) return [{ ...common, type: "file", content: readFileSync(folder) }];
  if (!stat.isDirectory()) return [{ ...common, type: "other" }];
  const names = readdirSync(folder).sort();
  return [{ ...common, type: "directory" }, ...names.flatMap((name) => entriesBelow(path.join(folder, name)))];
}

function withDigest({ content, ...entry }: Found): EndEntry {
  return content === undefined ? entry : { ...entry, digest: createHash("sha256").update(content).digest("hex") };
}
