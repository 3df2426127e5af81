// What a disk holds while a system runs: one view for each crash variant, told every effect in the order it happens.
// `running` is the tree as the running system sees it, with the effect already in it.
import type { CrashVariant } from "../model/index.ts";
import { resized } from "./content.ts";
import { enterAll, perform, type Effect } from "./effects.ts";
import { StrictDisk } from "./strict-disk.ts";
import type { FileTree } from "./tree.ts";

export interface Disk {
  /** What would be there if the power was lost now. */
  readonly tree: FileTree;
  /** @param k the operation that has this effect */
  take(effect: Effect, running: FileTree, k: number): void;
}

/** The variants that are a disk: a kill leaves what the running system sees, and a dropped operation has no disk of its own. */
export type DiskVariant = Exclude<CrashVariant, "kill" | "drop-one">;

/** @param base makes a tree of its own as it was before the first operation */
export function diskOf(variant: DiskVariant, base: () => FileTree): Disk {
  switch (variant) {
    case "metadata-only":
      return new MetadataDisk(base(), false);
    case "metadata-auto-da-alloc":
      return new MetadataDisk(base(), true);
    case "ext4-nothing-unsynced":
      return new OrderedDisk(base(), base());
    case "posix":
      return new StrictDisk(base());
    default:
      return variant satisfies never;
  }
}

/** Names, rights and sizes set by truncate are there at once; data is there when it was synced, or flushed. */
class MetadataDisk implements Disk {
  readonly tree: FileTree;
  readonly #flushes: boolean;
  /** Files with data that is not there yet. */
  readonly #behind = new Set<number>();
  /** Those among them with data that has no place on the disk yet: without such data ext4 flushes nothing. */
  readonly #unallocated = new Set<number>();

  constructor(tree: FileTree, flushes: boolean) {
    this.tree = tree;
    this.#flushes = flushes;
  }

  take(effect: Effect, running: FileTree): void {
    switch (effect.kind) {
      case "write":
        this.#behind.add(effect.inode);
        if (this.#flushes) this.#lengthen(effect.inode, effect.offset + effect.bytes.length);
        return;
      case "flush":
        if (this.#unallocated.has(effect.inode)) this.#catchUp(effect.inode, running);
        return;
      case "sync":
        this.#catchUp(effect.inode, running);
        return;
      case "sync-all":
        for (const inode of [...this.#behind]) this.#catchUp(inode, running);
        return;
      default:
        perform(this.tree, effect);
    }
  }

  /** ext4 notes the new length at once where the bytes go into a block that the file has already: until they do, it holds zeros. */
  #lengthen(inode: number, end: number): void {
    const { content } = this.tree.inode(inode);
    if (growsInItsBlock(content.size, end)) this.tree.setContent(inode, resized(content, end));
    else if (end > content.size) this.#unallocated.add(inode);
  }

  #catchUp(inode: number, running: FileTree): void {
    this.#unallocated.delete(inode);
    if (!this.#behind.delete(inode)) return;
    this.tree.setContent(inode, running.inode(inode).content);
  }
}

/**
 * ext4 commits its journal as a whole and in order: any fsync that has something to commit brings all names with it. Data
 * of other files comes along only where its blocks were allocated already.
 */
class OrderedDisk implements Disk {
  readonly tree: FileTree;
  /** As it would be if every change was committed at once. */
  readonly #next: MetadataDisk;
  #waiting: Effect[] = [];
  /** Inodes that the running transaction has changes of, and those of which fdatasync would commit it. */
  readonly #changed = new Set<number>();
  readonly #changedData = new Set<number>();
  /** Files with data that has no place on the disk yet: an fsync gives it one, which is something to commit. */
  readonly #unallocated = new Set<number>();
  /** Files whose content here may not be the one it will be. */
  readonly #contents = new Set<number>();

  constructor(tree: FileTree, next: FileTree) {
    this.tree = tree;
    this.#next = new MetadataDisk(next, true);
  }

  take(effect: Effect, running: FileTree): void {
    this.#note(effect, running);
    this.#next.take(effect, running);
    this.#waiting.push(effect);
    if (effect.kind === "sync-all") this.#commit(running);
    if (effect.kind !== "sync") return;
    const { inode, dataOnly } = effect;
    const allocates = this.#unallocated.delete(inode);
    if (allocates || (dataOnly ? this.#changedData : this.#changed).has(inode)) this.#commit(running);
    else this.tree.setContent(inode, this.#next.tree.inode(inode).content); // overwritten in place
  }

  #note(effect: Effect, running: FileTree): void {
    switch (effect.kind) {
      case "sync":
      case "sync-all":
        return;
      case "entries":
        for (const { directory, inode } of effect.entries) {
          this.#changed.add(directory);
          this.#changedData.add(directory);
          if (inode !== null) this.#changed.add(inode); // its time of change
        }
        return;
      case "write":
        this.#changed.add(effect.inode);
        this.#contents.add(effect.inode);
        this.#noteGrowth(effect.inode, running.inode(effect.inode).content.size);
        return;
      case "attributes":
      case "touch":
        this.#changed.add(effect.inode);
        return;
      case "flush":
        if (!this.#unallocated.delete(effect.inode)) return;
        break;
      case "birth":
      case "resize":
      case "allocate":
        break;
      default:
        effect satisfies never;
    }
    this.#changed.add(effect.inode);
    this.#changedData.add(effect.inode);
    this.#contents.add(effect.inode);
  }

  #noteGrowth(inode: number, size: number): void {
    const onDisk = this.#next.tree.inode(inode).content.size;
    if (growsInItsBlock(onDisk, size)) this.#changedData.add(inode);
    else if (size > onDisk) this.#unallocated.add(inode);
  }

  #commit(running: FileTree): void {
    for (const effect of this.#waiting) {
      if (effect.kind === "birth") this.tree.add(effect.inode, effect.birth);
      else if (effect.kind === "entries") enterAll(this.tree, effect.entries);
      else if (effect.kind === "attributes") this.tree.setAttributes(effect.inode, effect.attributes);
    }
    for (const inode of this.#contents) {
      const { content } = this.#next.tree.inode(inode);
      this.tree.setContent(inode, content);
      if (content === running.inode(inode).content) this.#contents.delete(inode);
    }
    this.#waiting = [];
    this.#changed.clear();
    this.#changedData.clear();
  }
}

/** Of ext4, unless it was made with other ones. */
const BLOCK = 4096;

function growsInItsBlock(size: number, end: number): boolean {
  return end > size && size > 0 && Math.ceil(end / BLOCK) === Math.ceil(size / BLOCK);
}
