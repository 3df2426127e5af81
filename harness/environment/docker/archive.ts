// Tar streams for the engine, made on the fly of files and texts: nothing is mounted from this machine, so engines far away
// work as well. Hides the tar format (the header is tar's own).
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { Header } from "tar";

export interface ArchiveEntry {
  /** Path in the container, without the leading slash. */
  readonly path: string;
  /** A file on this machine, a text, or a folder to make. */
  readonly content: { readonly file: string } | { readonly text: string } | "folder";
  readonly mode?: number;
}

const BLOCK = 512;

/** The entries as a tar stream. Folders above them are made by the engine. */
export function archive(entries: readonly ArchiveEntry[]): Readable {
  return Readable.from(blocks(entries), { objectMode: false });
}

async function* blocks(entries: readonly ArchiveEntry[]): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    const { content } = entry;
    if (content === "folder") yield header(`${entry.path}/`, "Directory", entry.mode ?? 0o755, 0);
    else if ("text" in content) yield* withPadding(entry, Buffer.byteLength(content.text), [Buffer.from(content.text)]);
    else yield* withPadding(entry, (await stat(content.file)).size, createReadStream(content.file, { highWaterMark: 1 << 20 }));
  }
  yield Buffer.alloc(2 * BLOCK);
}

async function* withPadding(entry: ArchiveEntry, size: number, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield header(entry.path, "File", entry.mode ?? 0o644, size);
  yield* chunks;
  yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

function header(path: string, type: "File" | "Directory", mode: number, size: number): Buffer {
  const made = new Header({ path, mode, size, type, uid: 0, gid: 0, uname: "root", gname: "root", mtime: new Date(0) });
  const block = Buffer.alloc(BLOCK);
  if (made.encode(block, 0)) throw new RangeError(`Cannot archive ${JSON.stringify(path)}: the path is too long for tar`);
  return block;
}
