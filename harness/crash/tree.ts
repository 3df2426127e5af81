// A file tree as inodes and directory entries, as a kernel has it: hard links, renamed directories, files without a name.
// Its digest follows every change at the cost of the path from the change to the root.
import { bytesOf, EMPTY, type Content, type Hasher } from "./content.ts";

export interface Attributes {
  /** Permission bits as a number. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** An inode at its birth. `frame`: a directory above what is watched; it is walked through and not part of the tree. */
export interface Birth {
  readonly type: "file" | "directory" | "link" | "other" | "frame";
  readonly attributes: Attributes;
  readonly target?: string;
  readonly content?: Content;
}

/** One path of a tree, ready to be written to disk. Links have no mode of their own. `content` must not be changed. */
export interface TreeFile {
  readonly path: string;
  readonly type: "file" | "directory" | "link" | "other";
  readonly mode?: string;
  readonly uid: number;
  readonly gid: number;
  readonly target?: string;
  readonly content?: Uint8Array;
}

export interface Inode {
  readonly id: number;
  readonly type: Birth["type"];
  readonly target: string;
  attributes: Attributes;
  content: Content;
  readonly entries: Map<string, Inode>;
  /** The directories that name it, by directory and name. */
  readonly parents: Map<string, { readonly directory: Inode; readonly name: string }>;
  readonly sum: EntrySum;
}

/** What a directory knows of its entries' digests. */
interface EntrySum {
  total: bigint;
  readonly parts: Map<string, bigint>;
  readonly stale: Set<string>;
  digest: string | null | undefined;
}

export const ROOT = 0;

export class FileTree {
  readonly #inodes = new Map<number, Inode>();

  constructor() {
    this.add(ROOT, { type: "frame", attributes: { mode: 0o755, uid: 0, gid: 0 } });
  }

  /** @throws if there is none: an effect names only inodes that were born */
  inode(id: number): Inode {
    const inode = this.#inodes.get(id);
    if (inode === undefined) throw new Error(`Cannot find inode ${id}: it was never born in this tree`);
    return inode;
  }

  /** One that changes by itself; the contents are shared. */
  copy(): FileTree {
    const tree = new FileTree();
    for (const { id, type, target, attributes, content } of this.#inodes.values())
      if (id !== ROOT) tree.add(id, { type, attributes, target, content });
    for (const { id, entries } of this.#inodes.values()) for (const [name, child] of entries) tree.enter(id, name, child.id);
    return tree;
  }

  /** Takes away what is neither file, directory nor link. */
  removeOthers(): void {
    for (const { type, parents } of this.#inodes.values())
      if (type === "other") for (const { directory, name } of parents.values()) this.enter(directory.id, name, null);
  }

  /** A number that no inode has yet. */
  get free(): number {
    return Math.max(...this.#inodes.keys()) + 1;
  }

  add(id: number, { type, attributes, target, content }: Birth): void {
    const sum: EntrySum = { total: 0n, parts: new Map(), stale: new Set(), digest: undefined };
    const inode = { id, type, attributes, target: target ?? "", content: content ?? EMPTY, entries: new Map(), parents: new Map(), sum };
    this.#inodes.set(id, inode);
  }

  /**
   * Lets a name of a directory stand for an inode, or for nothing. A directory has one name: it leaves the one it had, also
   * where the renames in between were lost, so that no loop can come about.
   */
  enter(directoryId: number, name: string, id: number | null): void {
    const directory = this.inode(directoryId);
    const key = `${directoryId}/${name}`;
    directory.entries.get(name)?.parents.delete(key);
    if (id === null) directory.entries.delete(name);
    else {
      const child = this.inode(id);
      if (child.type === "directory") for (const place of child.parents.values()) this.enter(place.directory.id, place.name, null);
      directory.entries.set(name, child);
      child.parents.set(key, { directory, name });
    }
    directory.sum.stale.add(name);
    changed(directory);
  }

  setContent(id: number, content: Content): void {
    const inode = this.inode(id);
    if (inode.content === content) return;
    inode.content = content;
    changed(inode);
  }

  setAttributes(id: number, attributes: Attributes): void {
    const inode = this.inode(id);
    inode.attributes = attributes;
    changed(inode);
  }

  /** Equal for two trees exactly when they have the same paths, types, modes, owners, link targets and contents. */
  digest(hasher: Hasher): string {
    return digestOf(this.inode(ROOT), hasher) ?? hasher.text("nothing");
  }

  /** The same for all that is below a directory, or for whatever else it is. */
  digestOf(inode: Inode, hasher: Hasher): string {
    return digestOf(inode, hasher) ?? "";
  }

  /** Everything in it, sorted by path. */
  files(): TreeFile[] {
    const files: TreeFile[] = [];
    const visit = (directory: Inode, path: string): void => {
      for (const [name, inode] of directory.entries) {
        const here = `${path}/${name}`;
        const file = fileOf(here, inode);
        if (file !== undefined) files.push(file);
        visit(inode, here);
      }
    };
    visit(this.inode(ROOT), "");
    return files.sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));
  }
}

/** Marks it and everything above it for a new digest; what is marked already has marked what is above. */
function changed(inode: Inode): void {
  inode.sum.digest = undefined;
  for (const { directory, name } of inode.parents.values()) {
    const known = directory.sum.digest === undefined && directory.sum.stale.has(name);
    directory.sum.stale.add(name);
    if (!known) changed(directory);
  }
}

/** Null for a frame without anything in it: it is as if it were not there. */
function digestOf(inode: Inode, hasher: Hasher): string | null {
  const { sum } = inode;
  if (sum.digest !== undefined) return sum.digest;
  for (const name of sum.stale) {
    const child = inode.entries.get(name);
    const digest = child === undefined ? null : digestOf(child, hasher);
    const part = digest === null ? 0n : BigInt(`0x${hasher.text(`${name}/${digest}`)}`);
    sum.total = BigInt.asUintN(512, sum.total + part - (sum.parts.get(name) ?? 0n));
    sum.parts.set(name, part);
  }
  sum.stale.clear();
  sum.digest = ownDigest(inode, hasher);
  return sum.digest;
}

function ownDigest({ type, attributes, target, content, sum }: Inode, hasher: Hasher): string | null {
  const { mode, uid, gid } = attributes;
  switch (type) {
    case "frame":
      return sum.total === 0n ? null : hasher.text(`frame ${sum.total.toString(16)}`);
    case "directory":
      return hasher.text(`directory ${mode} ${uid} ${gid} ${sum.total.toString(16)}`);
    case "file":
      return hasher.text(`file ${mode} ${uid} ${gid} ${hasher.content(content)}`);
    case "link":
      return hasher.text(`link ${uid} ${gid} ${target}`);
    case "other":
      return hasher.text(`other ${mode} ${uid} ${gid}`);
    default:
      return type satisfies never;
  }
}

function fileOf(path: string, { type, attributes, target, content }: Inode): TreeFile | undefined {
  const { mode, uid, gid } = attributes;
  const rights = { mode: mode.toString(8), uid, gid };
  switch (type) {
    case "frame":
      return undefined;
    case "link":
      return { path, type, uid, gid, target };
    case "file":
      return { path, type, ...rights, content: bytesOf(content) };
    case "directory":
    case "other":
      return { path, type, ...rights };
    default:
      return type satisfies never;
  }
}
