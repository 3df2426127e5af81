// The disk that gives nothing away (one of disk.ts): data is durable by an fsync of the file, a name by an fsync of its directory.
import { enterAll, type Effect, type Entry } from "./effects.ts";
import type { FileTree } from "./tree.ts";

/** Entries that become durable together: a rename is never half there. */
interface Unit {
  readonly k: number;
  readonly order: number;
  readonly entries: readonly Entry[];
  /** It moves a directory into another one: such moves become durable in order, or a tree could be moved into itself. */
  readonly movesDirectory: boolean;
  done: boolean;
}

export class StrictDisk {
  readonly tree: FileTree;
  /** When each operation became durable, by its number. What is not in here is not durable yet. */
  readonly durableAt = new Map<number, number>();
  readonly #units = new Map<number, Unit[]>();
  #moves: Unit[] = [];
  #order = 0;
  readonly #data = new Map<number, number[]>();
  readonly #rights = new Map<number, number[]>();

  constructor(tree: FileTree) {
    this.tree = tree;
  }

  take(effect: Effect, running: FileTree, k: number): void {
    switch (effect.kind) {
      case "birth":
        return this.tree.add(effect.inode, effect.birth); // of no consequence until it has a name
      case "entries":
        return this.#wait(effect.entries, running, k);
      case "write":
      case "resize":
      case "allocate":
        return push(this.#data, effect.inode, k);
      case "attributes":
        return push(this.#rights, effect.inode, k);
      case "sync":
        return this.#sync(effect.inode, effect.dataOnly, running, k);
      case "sync-all":
        for (const inode of [...this.#data.keys(), ...this.#rights.keys(), ...this.#units.keys()]) this.#sync(inode, false, running, k);
        return undefined;
      case "touch":
      case "flush":
        return undefined;
      default:
        return effect satisfies never;
    }
  }

  #wait(entries: readonly Entry[], running: FileTree, k: number): void {
    const directories = new Set(entries.map(({ directory }) => directory));
    const moved = entries.some(({ inode }) => inode !== null && running.inode(inode).type === "directory");
    const unit = { k, order: ++this.#order, entries, movesDirectory: moved && directories.size > 1, done: false };
    for (const directory of directories) push(this.#units, directory, unit);
    if (unit.movesDirectory) this.#moves.push(unit);
  }

  #sync(inode: number, dataOnly: boolean, running: FileTree, k: number): void {
    const { content, attributes } = running.inode(inode);
    for (const done of this.#data.get(inode) ?? []) this.durableAt.set(done, k);
    if (this.#data.delete(inode)) this.tree.setContent(inode, content);
    this.#settle(this.#units.get(inode) ?? [], Infinity, k);
    this.#units.delete(inode);
    if (dataOnly) return;
    for (const done of this.#rights.get(inode) ?? []) this.durableAt.set(done, k);
    if (this.#rights.delete(inode)) this.tree.setAttributes(inode, attributes);
  }

  /** What is durable of a directory is always a beginning of what happened in it: earlier changes come along. */
  #settle(units: readonly Unit[], before: number, k: number): void {
    for (const unit of units) {
      if (unit.done || unit.order >= before) continue;
      unit.done = true;
      for (const { directory } of unit.entries) this.#settle(this.#units.get(directory) ?? [], unit.order, k);
      if (unit.movesDirectory) {
        this.#settle(this.#moves, unit.order, k);
        this.#moves = this.#moves.filter(({ done }) => !done);
      }
      enterAll(this.tree, unit.entries);
      this.durableAt.set(unit.k, k);
    }
  }
}

function push<T>(lists: Map<number, T[]>, key: number, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
