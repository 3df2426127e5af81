// What a process is told that looks at a file tree: one text for each answer, equal where the answers are.
import { bytesOf, type Hasher } from "./content.ts";
import { ROOT, type Attributes, type FileTree, type Inode } from "./tree.ts";
import type { Look } from "../model/index.ts";

/**
 * The answer to a look. Everything on the way is part of it: directories that are passed through, with their rights, and where
 * links lead. Times, the numbers of inodes and the sizes of directories are not: a tree that was restored has others each time.
 */
export function answerTo(tree: FileTree, { look, path, stay = false }: Look | WholeLook, hasher: Hasher): string {
  const { told, inode } = walk(tree, path, !stay);
  if (inode === undefined) return told;
  switch (look) {
    case "entry":
    case "directory":
      return told;
    case "stat":
      return `${told} ${inode.type === "file" ? inode.content.size : ""}`;
    case "content":
      return `${told} ${contentOf(inode, hasher)}`;
    case "names":
      return `${told} ${namesIn(inode)}`;
    case "exec":
      return `${told} ${contentOf(inode, hasher)} ${interpreterOf(tree, inode, hasher)}`;
    case "tree":
      return `${told} ${tree.digestOf(inode, hasher)}`;
    default:
      return look satisfies never;
  }
}

/** What is told to somebody who removes a directory with all that is in it. */
export interface RemovalAnswer {
  /** Everything on the way to it. */
  readonly way: string;
  /** What there is to be removed, each kind once: files, and directories by their rights. */
  readonly kinds: ReadonlySet<string>;
}

/** The answer to somebody who removes a directory: neither names nor contents are part of it. */
export function answerToRemoval(tree: FileTree, path: string): RemovalAnswer {
  const { told, inode } = walk(tree, path, false);
  const kinds = new Set<string>();
  const visit = ({ entries }: Inode): void => {
    for (const child of entries.values()) {
      kinds.add(child.type === "directory" ? described(child) : "file");
      visit(child);
    }
  };
  if (inode !== undefined) visit(inode);
  return { way: told, kinds };
}

/** What is told to somebody who opens a file to write it, and makes it where there is none: nothing of whether there was one. */
export interface MakingAnswer {
  readonly way: string;
  /** What lay there, if anything did. */
  readonly found: string | undefined;
  /** What is made where nothing lies. */
  readonly born: string;
}

export function answerToMaking(tree: FileTree, path: string, { mode, uid, gid }: Attributes): MakingAnswer {
  const { way, inode } = walk(tree, path, true);
  return { way, found: inode === undefined ? undefined : described(inode), born: `file,${mode},${uid},${gid}` };
}

/** A look of ours at everything below a directory. */
interface WholeLook {
  readonly look: "tree";
  readonly path: string;
  readonly stay?: boolean;
}

interface Walked {
  readonly told: string;
  /** The same without what is at its end: for something that may not be there. */
  readonly way: string;
  /** Where it ends; undefined: nowhere. */
  readonly inode: Inode | undefined;
}

const MOST_LINKS = 40;

/** Follows a path as a kernel does. */
function walk(tree: FileTree, path: string, follow: boolean): Walked {
  const rest = componentsOf(path);
  const way: { readonly name: string; readonly inode: Inode }[] = [{ name: "", inode: tree.inode(ROOT) }];
  const passed: string[] = [];
  let links = 0;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const at = way.at(-1)?.inode ?? tree.inode(ROOT);
    passed.push(described(at));
    if (name === "..") {
      if (way.length > 1) way.pop();
      continue;
    }
    const inode = at.entries.get(name);
    if (inode === undefined)
      return { told: `${passed.join("/")} has no ${name}`, way: `${passed.join("/")} ${namesOf(way)}/${[name, ...rest].join("/")}`, inode };
    if (inode.type === "link" && (follow || rest.length > 0)) {
      if (++links > MOST_LINKS) return { told: `${passed.join("/")} loops`, way: "loops", inode: undefined };
      rest.unshift(...componentsOf(inode.target));
      if (inode.target.startsWith("/")) way.length = 1;
    } else way.push({ name, inode });
  }
  const inode = way.at(-1)?.inode;
  const along = `${passed.join("/")} ${namesOf(way)}`;
  return { told: `${along} ${inode === undefined ? "" : described(inode)}`, way: along, inode };
}

function namesOf(way: readonly { readonly name: string }[]): string {
  return way.map(({ name }) => name).join("/");
}

function componentsOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

function described({ type, attributes: { mode, uid, gid }, target }: Inode): string {
  return type === "link" ? `link,${uid},${gid},${target}` : `${type},${mode},${uid},${gid}`;
}

function contentOf({ type, content }: Inode, hasher: Hasher): string {
  return type === "file" ? hasher.content(content) : "";
}

function namesIn({ entries }: Inode): string {
  return JSON.stringify([...entries].map(([name, { type }]) => [name, type]).sort(([one = ""], [other = ""]) => (one < other ? -1 : 1)));
}

/** A script's interpreter is read by the kernel, without a call that anybody could see. */
function interpreterOf(tree: FileTree, { type, content }: Inode, hasher: Hasher): string {
  if (type !== "file") return "";
  const [, interpreter] = /^#![ \t]*(\S+)/.exec(new TextDecoder("latin1").decode(bytesOf(content).subarray(0, 256))) ?? [];
  return interpreter === undefined ? "" : answerTo(tree, { look: "content", path: interpreter }, hasher);
}
