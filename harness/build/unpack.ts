// Unpacks .tar, .tar.gz and .zip archives that others made: a name that leaves the tree, or leads through a link, is refused.
import { createWriteStream } from "node:fs";
import { copyFile, mkdir, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { type ReadEntry, list } from "tar";
import { type Entry, openPromise } from "yauzl";
import { ArtifactError } from "./error.ts";

const FILE_TYPE_MASK = 0o170000;
const LINK_TYPE = 0o120000;

/** Whether this kind of archive can be unpacked here; others, such as installers, are taken as they are. */
export function canUnpack(archive: string): boolean {
  return /\.(tar|tar\.gz|tgz|zip)$/.test(archive);
}

/** Unpacks `archive` into the existing, empty folder `root`. */
export async function unpack(archive: string, root: string): Promise<void> {
  const tree = new TreeWriter(root);
  try {
    await (archive.endsWith(".zip") ? unpackZip(archive, tree) : unpackTar(archive, tree));
    await tree.finish();
  } catch (error) {
    if (error instanceof ArtifactError || !(error instanceof Error)) throw error;
    throw new ArtifactError(`Cannot unpack ${basename(archive)}: ${error.message}; is it whole, and of the kind its name says?`, {
      cause: error,
    });
  }
}

/** Writes below one folder only. Links come last: nothing can be written through them. */
class TreeWriter {
  readonly #root: string;
  readonly #links: { readonly path: string; readonly target: string }[] = [];
  readonly #copies: { readonly path: string; readonly of: string }[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  async directory(path: string): Promise<void> {
    await mkdir(this.#inside(path), { recursive: true });
  }

  async file(path: string, executable: boolean, content: Readable): Promise<void> {
    const absolute = this.#inside(path);
    await mkdir(dirname(absolute), { recursive: true });
    await pipeline(content, createWriteStream(absolute, { mode: executable ? 0o755 : 0o644 }));
  }

  link(path: string, target: string): void {
    this.#links.push({ path: this.#inside(path), target });
  }

  copy(path: string, of: string): void {
    this.#copies.push({ path: this.#inside(path), of: this.#inside(of) });
  }

  async finish(): Promise<void> {
    for (const { path, of } of this.#copies) {
      await mkdir(dirname(path), { recursive: true });
      await copyFile(of, path);
    }
    for (const { path, target } of this.#links) {
      await mkdir(dirname(path), { recursive: true });
      await symlink(target, path);
    }
  }

  #inside(path: string): string {
    const absolute = path.startsWith("/") || path.startsWith("\\") || /^[A-Za-z]:/.test(path);
    if (absolute || path.includes("\0") || path.split(/[\\/]/).includes("..")) {
      throw new ArtifactError(
        `Cannot unpack it: its entry ${JSON.stringify(path)} leaves the folder it is unpacked to; do not use this archive`,
      );
    }
    return join(this.#root, path);
  }
}

async function unpackTar(archive: string, tree: TreeWriter): Promise<void> {
  const warnings: string[] = [];
  const written: Promise<void>[] = [];
  const failed = Promise.withResolvers<never>();
  const onReadEntry = (entry: ReadEntry): void => {
    // Connected at once: what is not, `list` throws away.
    const content = entry.pipe(new PassThrough());
    const done = writeTarEntry(entry, content, tree).finally(() => content.resume());
    done.catch(failed.reject);
    written.push(done);
  };
  const listed = list({ file: archive, onwarn: (_code, message) => warnings.push(String(message)), onReadEntry });
  await Promise.race([listed.then(() => Promise.all(written)), failed.promise]);
  const [warning] = warnings;
  if (warning !== undefined) throw new Error(warning);
}

async function writeTarEntry(entry: ReadEntry, content: Readable, tree: TreeWriter): Promise<void> {
  switch (entry.type) {
    case "Directory":
    case "GNUDumpDir":
      return tree.directory(entry.path);
    case "SymbolicLink":
      return tree.link(entry.path, entry.linkpath ?? "");
    case "Link":
      return tree.copy(entry.path, entry.linkpath ?? "");
    case "File":
    case "OldFile":
    case "ContiguousFile":
      return tree.file(entry.path, ((entry.mode ?? 0) & 0o111) !== 0, content);
    default:
      throw new ArtifactError(
        `Cannot unpack it: its entry ${JSON.stringify(entry.path)} is a ${entry.type}; only files, folders and links can be unpacked`,
      );
  }
}

async function unpackZip(archive: string, tree: TreeWriter): Promise<void> {
  const zip = await openPromise(archive, { lazyEntries: true });
  try {
    for await (const entry of zip.eachEntry()) await writeZipEntry(entry, await zip.openReadStreamPromise(entry), tree);
  } finally {
    zip.close();
  }
}

async function writeZipEntry(entry: Entry, content: Readable, tree: TreeWriter): Promise<void> {
  const mode = entry.externalFileAttributes >>> 16;
  if (entry.fileName.endsWith("/")) return tree.directory(entry.fileName);
  if ((mode & FILE_TYPE_MASK) === LINK_TYPE) return tree.link(entry.fileName, await text(content));
  return tree.file(entry.fileName, (mode & 0o111) !== 0, content);
}
