// The content of a file: immutable, in chunks, so that a write costs what it writes and equal content has one digest.

/** Large enough that copying one is rare, small enough that a small write into a large file is cheap. */
const CHUNK = 64 * 1024;
const ZERO = new Uint8Array(CHUNK);

/** A strong hash as hexadecimal text, such as SHA-256. */
export type Digest = (bytes: Uint8Array) => string;

export interface Content {
  readonly size: number;
  /** All full but the last. Never written to: a change makes new ones. */
  readonly chunks: readonly Uint8Array[];
}

export const EMPTY: Content = { size: 0, chunks: [] };

export function contentOf(bytes: Uint8Array): Content {
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += CHUNK) chunks.push(bytes.subarray(start, start + CHUNK));
  return { size: bytes.length, chunks };
}

/** The whole content; not a copy where the chunks lie side by side in one buffer. */
export function bytesOf({ size, chunks }: Content): Uint8Array {
  const [first, ...rest] = chunks;
  if (first === undefined) return new Uint8Array(0);
  let end = first.byteOffset + first.length;
  const adjoining = rest.every((chunk) => {
    const joins = chunk.buffer === first.buffer && chunk.byteOffset === end;
    end += chunk.length;
    return joins;
  });
  if (adjoining) return new Uint8Array(first.buffer, first.byteOffset, size);
  const whole = new Uint8Array(size);
  for (const [index, chunk] of chunks.entries()) whole.set(chunk, index * CHUNK);
  return whole;
}

/** Bytes put at an offset; a gap before them reads as zeros. */
export function written(content: Content, offset: number, bytes: Uint8Array): Content {
  if (bytes.length === 0) return content;
  const end = offset + bytes.length;
  const grown = end > content.size ? resized(content, end) : content;
  const chunks = [...grown.chunks];
  for (let index = Math.floor(offset / CHUNK); index * CHUNK < end; index++) {
    const start = index * CHUNK;
    const old = chunks[index] ?? ZERO; // there, since it has grown
    const from = Math.max(offset, start);
    const until = Math.min(end, start + old.length);
    const part = bytes.subarray(from - offset, until - offset);
    if (part.length === old.length) chunks[index] = part;
    else {
      const copy = new Uint8Array(old); // not slice(): that of a Buffer would be no copy
      copy.set(part, from - start);
      chunks[index] = copy;
    }
  }
  return { size: grown.size, chunks };
}

/** Cut or filled up with zeros. */
export function resized(content: Content, size: number): Content {
  if (size === content.size) return content;
  const count = Math.ceil(size / CHUNK);
  const chunks = content.chunks.slice(0, count);
  for (let index = Math.max(0, Math.min(count, content.chunks.length) - 1); index < count; index++) {
    const length = Math.min(CHUNK, size - index * CHUNK);
    const old = chunks[index];
    if (old === undefined) chunks[index] = length === CHUNK ? ZERO : ZERO.subarray(0, length);
    else if (old.length > length) chunks[index] = old.subarray(0, length);
    else if (old.length < length) {
      const longer = new Uint8Array(length);
      longer.set(old);
      chunks[index] = longer;
    }
  }
  return { size, chunks };
}

const KEEP_SIZE = 1;
const PUNCH_HOLE = 2;
const COLLAPSE_RANGE = 8;
const ZERO_RANGE = 16;
const INSERT_RANGE = 32;

/** What fallocate(2) with these flags makes of it. */
export function allocated(content: Content, { mode, offset, size }: { mode: number; offset: number; size: number }): Content {
  const end = offset + size;
  if ((mode & (COLLAPSE_RANGE | INSERT_RANGE)) !== 0) {
    const whole = bytesOf(content);
    const middle = (mode & INSERT_RANGE) === 0 ? new Uint8Array(0) : new Uint8Array(size);
    const tail = whole.subarray((mode & INSERT_RANGE) === 0 ? end : offset);
    return written(written(contentOf(whole.slice(0, offset)), offset, middle), offset + middle.length, tail);
  }
  const grown = end > content.size && (mode & (KEEP_SIZE | PUNCH_HOLE)) === 0 ? resized(content, end) : content;
  if ((mode & (PUNCH_HOLE | ZERO_RANGE)) === 0 || offset >= grown.size) return grown;
  return written(grown, offset, new Uint8Array(Math.min(end, grown.size) - offset));
}

/** Digests of chunks and contents, each computed once for all the trees that share it. */
export class Hasher {
  readonly digest: Digest;
  readonly #known = new WeakMap<object, string>();
  readonly #encoder = new TextEncoder();

  constructor(digest: Digest) {
    this.digest = digest;
  }

  text(text: string): string {
    return this.digest(this.#encoder.encode(text));
  }

  /** Equal for equal bytes, however they came about. */
  content(content: Content): string {
    return this.#once(content, () =>
      this.text(`${content.size} ${content.chunks.map((chunk) => this.#once(chunk, () => this.digest(chunk))).join(" ")}`),
    );
  }

  #once(key: object, compute: () => string): string {
    const known = this.#known.get(key) ?? compute();
    this.#known.set(key, known);
    return known;
  }
}
