// Makes the disk what a crash left of it: writes the tree that was computed from a recording over what lies there, where that is
// another one.
import { chmodSync, lchownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type FileTree, storyOf, treeOf, type TreeFile } from "../crash/index.ts";
import { type Cut, type RecordedRun, unpackRecorded } from "../model/index.ts";
import { entriesBelow, type Found } from "./recording.ts";

export class Restorer {
  readonly #recorded: RecordedRun;
  readonly #under: readonly string[];

  /** @param file what `Recording.end` streamed out, put together again */
  constructor(file: string, under: readonly string[]) {
    this.#recorded = unpackRecorded(process.getBuiltinModule("node:zlib").gunzipSync(readFileSync(file)));
    this.#under = under;
  }

  /** What a crash leaves, without sockets and pipes: whoever listened there is dead. */
  treeOf({ k, variant, dropped }: Cut): FileTree {
    const tree = treeOf(storyOf(this.#recorded), k, variant, dropped);
    tree.removeOthers();
    return tree;
  }

  /** Returns how many entries there are now. Throws when the disk does not take the state as it was computed. */
  restore(tree: FileTree): number {
    const files = tree.files();
    const wanted = new Map(files.map((file) => [file.path, file]));
    const kept = new Set<string>();
    // what lies below comes first, so that a folder is empty when it goes
    for (const found of this.#found().toReversed()) {
      const file = wanted.get(found.path);
      if (file !== undefined && isEqual(found, file)) kept.add(found.path);
      else if (file?.type !== "directory" || found.type !== "directory") rmSync(found.path, { recursive: true, force: true });
    }
    for (const file of files) if (!kept.has(file.path)) write(file);
    // parents last: writing into a folder must not fail for its rights
    for (const file of files.toReversed()) if (file.type === "directory") chmodSync(file.path, modeOf(file));
    this.#verify(wanted);
    return files.length;
  }

  #found(): Found[] {
    return this.#under.flatMap((folder) => entriesBelow(folder));
  }

  /** What is on the disk is what was computed: otherwise nothing that follows proves anything. */
  #verify(wanted: ReadonlyMap<string, TreeFile>): void {
    const found = new Map(this.#found().map((entry) => [entry.path, entry]));
    for (const [path, file] of wanted) {
      const entry = found.get(path);
      if (entry === undefined || !isEqual(entry, file)) throw new Error(`Cannot restore the state: ${path} is not as computed`);
    }
    for (const path of found.keys()) if (!wanted.has(path)) throw new Error(`Cannot restore the state: ${path} should not be there`);
  }
}

function write(file: TreeFile): void {
  if (file.type === "directory") mkdirSync(file.path, { recursive: true });
  else if (file.type === "link") symlinkSync(file.target ?? "", file.path);
  else if (file.type === "file") writeFileSync(file.path, file.content ?? EMPTY);
  if (process.getuid?.() === 0) lchownSync(file.path, file.uid, file.gid);
  if (file.type === "file") chmodSync(file.path, modeOf(file)); // a new owner takes set-user-id away
}

/** Links have no rights of their own. */
function modeOf({ mode }: Pick<TreeFile, "mode">): number {
  return Number.parseInt(mode ?? "755", 8);
}

function isEqual(found: Found, file: TreeFile): boolean {
  if (found.type !== file.type || found.uid !== file.uid || found.gid !== file.gid || found.target !== file.target) return false;
  if (found.type !== "link" && found.mode !== file.mode) return false;
  return found.type !== "file" || Buffer.compare(found.content ?? EMPTY, file.content ?? EMPTY) === 0;
}

const EMPTY = new Uint8Array(0);
