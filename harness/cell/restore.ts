// Makes the disk what a crash left of it: empties the watched folders and writes the tree that was computed from a recording.
import { chmodSync, lchownSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import path from "node:path";
import { treeAt, type TreeFile } from "../crash/index.ts";
import { type Cut, type RecordedRun, unpackRecorded } from "../model/index.ts";
import { entriesBelow } from "./recording.ts";

export class Restorer {
  readonly #recorded: RecordedRun;
  readonly #under: readonly string[];

  /** @param file what `Recording.end` streamed out, put together again */
  constructor(file: string, under: readonly string[]) {
    this.#recorded = unpackRecorded(gunzipSync(readFileSync(file)));
    this.#under = under;
  }

  /** Returns how many entries there are now. Throws when the disk does not take the state as it was computed. */
  restore({ k, variant, dropped }: Cut): number {
    const files = treeAt(this.#recorded, k, variant, dropped);
    for (const folder of this.#under) empty(folder);
    for (const file of files) write(file);
    // parents last: writing into a folder must not fail for its rights
    for (const file of files.toReversed()) if (file.type === "directory") chmodSync(file.path, modeOf(file));
    this.#verify(files);
    return files.length;
  }

  /** What is on the disk is what was computed: otherwise nothing that follows proves anything. */
  #verify(files: readonly TreeFile[]): void {
    const found = this.#under.flatMap((folder) => entriesBelow(folder)).map(described);
    const wanted = files.filter(({ type }) => type !== "other").map(described);
    const place = (entry: string): string => entry.slice(0, entry.indexOf("\0"));
    const [isFound, isWanted] = [new Set(found), new Set(wanted)];
    const missing = wanted.find((entry) => !isFound.has(entry));
    const extra = found.find((entry) => !isWanted.has(entry));
    if (missing === undefined && extra === undefined) return;
    throw new Error(
      `Cannot restore the state: ${missing === undefined ? `${place(extra ?? "")} should not be there` : `${place(missing)} is not as computed`}`,
    );
  }
}

function empty(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  for (const name of readdirSync(folder)) rmSync(path.join(folder, name), { recursive: true, force: true });
}

function write(file: TreeFile): void {
  if (file.type === "directory") mkdirSync(file.path, { recursive: true });
  else if (file.type === "link") symlinkSync(file.target ?? "", file.path);
  else if (file.type === "file") {
    writeFileSync(file.path, file.content ?? new Uint8Array(0));
    chmodSync(file.path, modeOf(file));
  } else return; // a socket or a pipe: whoever listened there is dead
  if (process.getuid?.() === 0) lchownSync(file.path, file.uid, file.gid);
}

/** Links have no rights of their own. */
function modeOf({ mode }: Pick<TreeFile, "mode">): number {
  return Number.parseInt(mode ?? "755", 8);
}

type Described = Pick<TreeFile, "path" | "type" | "mode" | "uid" | "gid" | "target" | "content">;

function described({ path: at, type, mode, uid, gid, target, content }: Described): string {
  const digest =
    type === "file"
      ? createHash("sha1")
          .update(content ?? new Uint8Array(0))
          .digest("hex")
      : "";
  return [at, type, type === "link" ? "" : mode, `${uid}:${gid}`, target ?? "", digest].join("\0");
}
