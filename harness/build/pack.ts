// Packs a tree as .tar.gz or .zip. The same tree and time give the same bytes, on every machine and in every time zone.
import { createReadStream, createWriteStream } from "node:fs";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Header, Pack, ReadEntry } from "tar";
import { ZipFile } from "yazl";
import { type TreeEntry, permissions } from "./tree.ts";

const GZIP_LEVEL = 6;
const FILE_TYPE = { file: 0o100000, link: 0o120000, directory: 0o040000 } as const;
const TAR_TYPE = { file: "File", link: "SymbolicLink", directory: "Directory" } as const;

/** Writes `entries` to the archive `file`; its suffix decides the kind. Every entry gets the time `mtime`. */
export async function pack(entries: readonly TreeEntry[], file: string, mtime: Date): Promise<void> {
  await (file.endsWith(".zip") ? packZip(entries, file, mtime) : packTar(entries, file, mtime));
}

async function packTar(entries: readonly TreeEntry[], file: string, mtime: Date): Promise<void> {
  // `portable` leaves the operating system out of the gzip header; the entries are made by us, so nothing of this machine gets into them.
  const archive = new Pack({ gzip: { portable: true, level: GZIP_LEVEL } });
  const written = pipeline(Readable.from(archive), createWriteStream(file));
  const added = addTarEntries(archive, entries, mtime);
  await Promise.all([written, added]);
}

async function addTarEntries(archive: Pack, entries: readonly TreeEntry[], mtime: Date): Promise<void> {
  for (const entry of entries) {
    const packed = new ReadEntry(tarHeader(entry, mtime));
    archive.add(packed);
    if (entry.kind === "file") {
      for await (const chunk of createReadStream(entry.absolute)) {
        const data = chunk as Buffer; // a stream without an encoding gives buffers
        if (!packed.write(data)) await once(packed, "drain");
      }
    }
    packed.end();
  }
  archive.end();
}

function tarHeader(entry: TreeEntry, mtime: Date): Header {
  return new Header({
    path: entry.kind === "directory" ? `${entry.path}/` : entry.path,
    type: TAR_TYPE[entry.kind],
    mode: permissions(entry),
    uid: 0,
    gid: 0,
    uname: "root",
    gname: "root",
    mtime,
    size: entry.kind === "file" ? entry.size : 0,
    ...(entry.kind === "link" ? { linkpath: entry.target } : {}),
  });
}

async function packZip(entries: readonly TreeEntry[], file: string, mtime: Date): Promise<void> {
  const archive = new ZipFile();
  const failed = new Promise<never>((_, reject) => archive.once("error", reject));
  const options = (entry: TreeEntry) => ({ mtime: new UniversalDate(mtime), mode: FILE_TYPE[entry.kind] | permissions(entry) });
  for (const entry of entries) {
    if (entry.kind === "directory") archive.addEmptyDirectory(entry.path, options(entry));
    else if (entry.kind === "link") archive.addBuffer(Buffer.from(entry.target), entry.path, options(entry));
    else archive.addFile(entry.absolute, entry.path, { ...options(entry), compressionLevel: GZIP_LEVEL });
  }
  archive.end();
  await Promise.race([pipeline(archive.outputStream, createWriteStream(file)), failed]);
}

/** A zip holds local time; answering with universal time keeps this machine's time zone out of the archive. */
class UniversalDate extends Date {
  override getFullYear(): number {
    return this.getUTCFullYear();
  }
  override getMonth(): number {
    return this.getUTCMonth();
  }
  override getDate(): number {
    return this.getUTCDate();
  }
  override getHours(): number {
    return this.getUTCHours();
  }
  override getMinutes(): number {
    return this.getUTCMinutes();
  }
  override getSeconds(): number {
    return this.getUTCSeconds();
  }
}
