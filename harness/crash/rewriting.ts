// Files that are cut to nothing and written anew. ext4 writes such a file to the disk when it is closed, which no operation
// shows: it is over once its process has ended, or does something other than writing to it.
import type { Operation, RecordedNote } from "../model/index.ts";

export class Rewriting {
  readonly #exits: readonly Extract<RecordedNote, { note: "exit" }>[];
  /** By process, the inodes that it has cut and not closed. */
  readonly #open = new Map<number, Set<number>>();

  constructor(notes: readonly RecordedNote[]) {
    this.#exits = notes.filter((note) => note.note === "exit");
  }

  begins(pid: number, inode: number): void {
    this.#open.set(pid, (this.#open.get(pid) ?? new Set()).add(inode));
  }

  /** The inodes that must have been closed before this operation. */
  closed(operation: Operation, inodeAt: (path: string) => number | undefined): number[] {
    return [...this.#open].flatMap(([writer, inodes]) => {
      const ended = this.#exits.some((exit) => exit.pid === writer && exit.after < operation.k);
      if (writer !== operation.pid && !ended) return [];
      const still = !ended && "offset" in operation ? inodeAt(operation.path) : undefined;
      const stays = still !== undefined && inodes.has(still);
      if (stays) this.#open.set(writer, new Set([still]));
      else this.#open.delete(writer);
      return [...inodes].filter((inode) => inode !== still);
    });
  }
}
