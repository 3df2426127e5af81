// Follows a path through a tree as a kernel does, links included, and says where it ends when it leads nowhere.
import { ROOT, type FileTree, type Inode } from "./tree.ts";

/** Where a path leads. `directory` and `name` are of the last component that was looked up: the missing one, if there is none. */
export interface Found {
  readonly directory: Inode;
  readonly name: string;
  /** The path with all links in it resolved, as far as it goes. */
  readonly path: string;
  readonly inode: Inode | undefined;
  /** The last link that was followed on the way, by its own path. */
  readonly link: string | undefined;
}

const MOST_LINKS = 40;

/** @param follow whether a link at the very end is followed, too */
export function find(tree: FileTree, path: string, follow: boolean): Found {
  const rest = componentsOf(path);
  let way: { inode: Inode; name: string }[] = [{ inode: tree.inode(ROOT), name: "" }];
  let last: Omit<Found, "link"> = { directory: tree.inode(ROOT), name: "", path: "/", inode: tree.inode(ROOT) };
  let link: string | undefined;
  let links = 0;
  while (rest.length > 0) {
    const name = rest.shift() ?? ""; // there, since it is not empty
    if (name === "..") {
      if (way.length > 1) way.pop();
      continue;
    }
    const directory = way.at(-1)?.inode ?? tree.inode(ROOT);
    const inode = directory.entries.get(name);
    last = { directory, name, path: `${way.map((step) => step.name).join("/")}/${name}`, inode };
    if (inode === undefined) break;
    if (inode.type === "link" && (follow || rest.length > 0)) {
      link = last.path;
      if (++links > MOST_LINKS) return { ...last, inode: undefined, link };
      rest.unshift(...componentsOf(inode.target));
      if (inode.target.startsWith("/")) way = way.slice(0, 1);
    } else way.push({ inode, name });
  }
  return { ...last, link };
}

function componentsOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
