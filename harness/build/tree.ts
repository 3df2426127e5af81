// A folder as a sorted list of entries, free of everything that differs between two builds (times, owners, umask).
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { ArtifactError } from "./error.ts";

/** Paths are relative to the tree, with forward slashes. */
export type TreeEntry =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "file"; readonly path: string; readonly absolute: string; readonly size: number; readonly executable: boolean };

export type TreeFile = Extract<TreeEntry, { kind: "file" }>;

/** Permissions as they are packed: 755 and 644, whatever the umask was. */
export function permissions(entry: TreeEntry): number {
  switch (entry.kind) {
    case "directory":
      return 0o755;
    case "link":
      return 0o777;
    case "file":
      return entry.executable ? 0o755 : 0o644;
    default:
      return entry satisfies never;
  }
}

/** Everything below `root`, parents before children, in an order that no locale changes. */
export async function scanTree(root: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  await scan(root, "", entries);
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function filesOf(entries: readonly TreeEntry[]): TreeFile[] {
  return entries.filter((entry) => entry.kind === "file");
}

export function totalSize(entries: readonly TreeEntry[]): number {
  return filesOf(entries).reduce((sum, { size }) => sum + size, 0);
}

async function scan(root: string, folder: string, into: TreeEntry[]): Promise<void> {
  for (const name of await readdir(join(root, folder))) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const absolute = join(root, path);
    const stats = await lstat(absolute);
    if (stats.isDirectory()) {
      into.push({ kind: "directory", path });
      await scan(root, path, into);
    } else if (stats.isSymbolicLink()) {
      into.push({ kind: "link", path, target: await readlink(absolute) });
    } else if (stats.isFile()) {
      into.push({ kind: "file", path, absolute, size: stats.size, executable: (stats.mode & 0o111) !== 0 });
    } else {
      throw new ArtifactError(`Cannot pack ${path}: it is neither file, folder nor link; let the build leave it out`);
    }
  }
}
