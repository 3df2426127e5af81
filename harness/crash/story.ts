// A recording told as effects: which inode each path meant at that moment. Told once, then played for every variant.
import type { Operation, Recording } from "../model/index.ts";
import { contentOf } from "./content.ts";
import { perform, type Effect, type Entry } from "./effects.ts";
import { Rewriting } from "./rewriting.ts";
import { FileTree, ROOT, type Attributes, type Birth, type Inode } from "./tree.ts";
import { tellOperation } from "./wording.ts";

export interface Step {
  readonly operation: Operation;
  readonly effects: readonly Effect[];
}

export interface Story {
  readonly base: readonly Effect[];
  readonly steps: readonly Step[];
  /** Operations that the tree does not explain, such as a rename from outside: what follows may be wrong there. */
  readonly unfollowed: readonly string[];
}

const told = new WeakMap<Recording, Story>();

/** The story of a recording; kept with it. */
export function storyOf(recording: Recording): Story {
  const story = told.get(recording) ?? tell(recording);
  told.set(recording, story);
  return story;
}

/** Operations that the recording does not explain, in words: empty for a recording that is whole. */
export function unfollowed(recording: Recording): readonly string[] {
  return storyOf(recording).unfollowed;
}

/** The tree before the first operation. */
export function baseTree(story: Story): FileTree {
  const tree = new FileTree();
  for (const effect of story.base) perform(tree, effect);
  return tree;
}

function tell(recording: Recording): Story {
  const tree = new FileTree();
  const base = new Teller(tree, recording).tellBase(recording.base);
  const teller = new Teller(tree, recording);
  const steps = recording.operations.map((operation): Step => ({ operation, effects: teller.tell(operation) }));
  return { base, steps, unfollowed: teller.unfollowed };
}

interface Place {
  readonly directory: Inode;
  readonly name: string;
  readonly inode: Inode | undefined;
}

type Making = Extract<Operation, { op: "create" | "mkdir" | "mknod" | "bind" | "symlink" }>;
type Naming = Extract<Operation, { op: "rename" | "link" }>;
type Removing = Extract<Operation, { op: "unlink" | "rmdir" }>;

/** Tells operations one by one, on a tree that changes with them. */
export class Teller {
  readonly #data: Uint8Array;
  readonly #tree: FileTree;
  /** Operations that the tree does not explain, in words. */
  readonly unfollowed: string[] = [];
  #effects: Effect[] = [];
  #inodes: number;
  /** Files that lost a name and had another one: what is written to the lost name belongs there. */
  readonly #halfUnlinked = new Set<Inode>();
  readonly #rewriting: Rewriting;

  constructor(tree: FileTree, { notes, data }: Pick<Recording, "notes" | "data">) {
    this.#tree = tree;
    this.#inodes = tree.free - 1;
    this.#data = data;
    this.#rewriting = new Rewriting(notes);
  }

  /** How the tree came about. */
  tellBase(entries: Recording["base"]): readonly Effect[] {
    for (const entry of [...entries].sort((one, other) => (one.path < other.path ? -1 : 1))) {
      const { type, mode, uid, gid, target, data } = entry;
      const attributes = { mode: parseInt(mode, 8), uid, gid };
      const content = data === undefined ? {} : { content: contentOf(this.#bytes(data)) };
      const place = this.#place(entry.path, true);
      if (place !== undefined) this.#make(place, { type, attributes, ...(target === undefined ? {} : { target }), ...content });
    }
    return this.#effects;
  }

  /** What it does, and did to the tree. */
  tell(operation: Operation): readonly Effect[] {
    this.#effects = [];
    for (const inode of this.#rewriting.closed(operation, (path) => this.#idAt(path))) this.#do({ kind: "flush", inode });
    if (operation.error === undefined) this.#operation(operation);
    return this.#effects;
  }

  #operation(operation: Operation): void {
    switch (operation.op) {
      case "create":
      case "mkdir":
      case "mknod":
      case "bind":
      case "symlink":
        return this.#making(operation);
      case "rename":
      case "link":
        return this.#naming(operation);
      case "unlink":
      case "rmdir":
        return this.#removing(operation);
      case "sync":
      case "syncfs":
        return this.#do({ kind: "sync-all" });
      default:
        return this.#changing(operation);
    }
  }

  /** Operations on an inode that has its name already. */
  #changing(operation: Exclude<Operation, Making | Naming | Removing | { op: "sync" | "syncfs" }>): void {
    const found = this.#found(operation);
    if (found === undefined) return undefined;
    const { id: inode, attributes } = found;
    switch (operation.op) {
      case "write":
        if (operation.data === undefined) return undefined;
        const offset = operation.append === true ? found.content.size : operation.offset;
        this.#do({ kind: "write", inode, offset, bytes: this.#bytes(operation.data) });
        return operation.sync === true ? this.#do({ kind: "sync", inode, dataOnly: true }) : undefined;
      case "truncate":
        if (operation.size === 0) this.#rewriting.begins(operation.pid, inode);
        return this.#do({ kind: "resize", inode, size: operation.size });
      case "fallocate":
        return this.#do({ kind: "allocate", inode, mode: operation.mode ?? 0, offset: operation.offset, size: operation.size });
      case "chmod":
        return this.#do({ kind: "attributes", inode, attributes: { ...attributes, mode: parseInt(operation.mode, 8) } });
      case "chown":
        return this.#do({ kind: "attributes", inode, attributes: givenAway(found, operation) });
      case "utimes":
      case "setxattr":
      case "removexattr":
        return this.#do({ kind: "touch", inode });
      case "fsync":
      case "fdatasync":
      case "msync":
        return this.#do({ kind: "sync", inode, dataOnly: operation.op === "fdatasync" });
      default:
        return operation satisfies never;
    }
  }

  #making(operation: Making): void {
    if (operation.deleted === true) return undefined; // a file without a name (O_TMPFILE)
    const place = this.#place(operation.path, true);
    if (place === undefined) return this.#lost(operation, "its directory is not in the tree");
    if (place.inode !== undefined) {
      this.#lost(operation, "it is in the tree already");
      if (operation.op === "mkdir") return undefined;
    }
    const { uid, gid } = place.directory.attributes;
    const owner = { uid: operation.uid ?? uid, gid: operation.gid ?? gid };
    const rights = (usual: string) => ({ ...owner, mode: parseInt(operation.mode ?? usual, 8) });
    this.#make(place, birthOf(operation, rights));
  }

  #naming(operation: Naming): void {
    const from = this.#place(operation.path, false);
    if (from?.inode === undefined) return this.#lost(operation, `${operation.path || "a file without a name"} is not in the tree`);
    const to = this.#place(operation.to, false);
    const gone: Entry = { directory: from.directory.id, name: from.name, inode: null };
    if (to === undefined) {
      this.#lost(operation, `${operation.to} is outside of the tree`);
      return operation.op === "rename" ? this.#do({ kind: "entries", entries: [gone] }) : undefined;
    }
    if (to.inode === from.inode) return undefined; // two names of one file: nothing is done
    const here: Entry = { directory: to.directory.id, name: to.name, inode: from.inode.id };
    if (operation.op === "link") return this.#do({ kind: "entries", entries: [here] });
    if (operation.exchange === true) {
      if (to.inode === undefined) return this.#lost(operation, `${operation.to} is not in the tree`);
      return this.#do({ kind: "entries", entries: [{ ...gone, inode: to.inode.id }, here] });
    }
    if (to.inode !== undefined && from.inode.type === "file") this.#do({ kind: "flush", inode: from.inode.id });
    this.#do({ kind: "entries", entries: [gone, here] });
    this.#unnamed(to.inode);
  }

  #removing(operation: Removing): void {
    const place = this.#place(operation.path, false);
    if (place?.inode === undefined) return this.#lost(operation, "it is not in the tree");
    this.#do({ kind: "entries", entries: [{ directory: place.directory.id, name: place.name, inode: null }] });
    this.#unnamed(place.inode);
  }

  #found(operation: Exclude<Operation, { op: "sync" | "syncfs" }>): Inode | undefined {
    if (operation.deleted === true || operation.path === "") {
      if ([...this.#halfUnlinked].some(({ parents }) => parents.size > 0) && operation.op === "write")
        this.#lost(operation, "the file lost one of its names, and which other one it has is not known");
      return undefined;
    }
    const inode = segmentsOf(operation.path).reduce<Inode | undefined>((at, name) => at?.entries.get(name), this.#tree.inode(ROOT));
    if (inode === undefined) this.#lost(operation, "it is not in the tree");
    return inode;
  }

  /**
   * Where a path lies. Directories above what is watched are not in the base: with `frames` they are made up as they are
   * needed; below a directory that is watched nothing is made up.
   */
  #place(path: string, frames: boolean): Place | undefined {
    const segments = segmentsOf(path);
    const name = segments.pop();
    if (name === undefined) return undefined;
    let directory = this.#tree.inode(ROOT);
    for (const segment of segments) {
      const next = directory.entries.get(segment);
      if (next === undefined && (directory.type !== "frame" || !frames)) return undefined;
      directory = next ?? this.#make({ directory, name: segment }, { type: "frame", attributes: directory.attributes });
    }
    return { directory, name, inode: directory.entries.get(name) };
  }

  #make({ directory, name }: Pick<Place, "directory" | "name">, birth: Birth): Inode {
    const inode = ++this.#inodes;
    this.#do({ kind: "birth", inode, birth });
    this.#do({ kind: "entries", entries: [{ directory: directory.id, name, inode }] });
    return this.#tree.inode(inode);
  }

  #unnamed(inode: Inode | undefined): void {
    if (inode?.type === "file" && inode.parents.size > 0) this.#halfUnlinked.add(inode);
  }

  #idAt(path: string): number | undefined {
    return this.#place(path, false)?.inode?.id;
  }

  #do(effect: Effect): void {
    perform(this.#tree, effect);
    this.#effects.push(effect);
  }

  #bytes([start, length]: readonly [number, number]): Uint8Array {
    const data = this.#data;
    if (start + length > data.length)
      throw new Error(`Cannot replay: bytes ${start} to ${start + length} are not in data of ${data.length} bytes`);
    return data.subarray(start, start + length);
  }

  #lost(operation: Operation, why: string): void {
    this.unfollowed.push(`operation ${operation.k}, ${tellOperation(operation)}: ${why}`);
  }
}

function birthOf(operation: Making, rights: (usual: string) => Attributes): Birth {
  switch (operation.op) {
    case "create":
      return { type: "file", attributes: rights("644") };
    case "mkdir":
      return { type: "directory", attributes: rights("755") };
    case "mknod":
      return { type: operation.type === "file" ? "file" : "other", attributes: rights("644") };
    case "bind":
      return { type: "other", attributes: rights("755") };
    case "symlink":
      return { type: "link", attributes: rights("777"), target: operation.target };
    default:
      return operation satisfies never;
  }
}

/** The kernel takes the set-user-id bit away with the owner, and the set-group-id bit where the group may run the file. */
function givenAway({ type, attributes: { mode } }: Inode, { uid, gid }: { readonly uid: number; readonly gid: number }): Attributes {
  if (type === "directory" || type === "frame") return { mode, uid, gid };
  return { mode: mode & ~0o4000 & ~((mode & 0o010) === 0 ? 0 : 0o2000), uid, gid };
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}
