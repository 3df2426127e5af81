// Content in chunks is the bytes it stands for, and has one digest however it came about.
import fc from "fast-check";
import { expect, test } from "vitest";
import { allocated, bytesOf, contentOf, EMPTY, Hasher, resized, written, type Content } from "./content.ts";
import { digest } from "./testing.ts";

const CHUNK = 64 * 1024;
/** Around the borders of chunks, where something could go wrong. */
const position = fc.tuple(fc.nat(3), fc.integer({ min: -2, max: 2 })).map(([chunks, more]) => Math.max(0, chunks * CHUNK + more));

type Change =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "resize"; readonly size: number }
  | { readonly kind: "allocate"; readonly mode: number; readonly offset: number; readonly size: number };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    at: position,
    bytes: fc.tuple(position, fc.nat(255)).map(([size, byte]) => new Uint8Array(size).fill(byte)),
  }),
  fc.record({ kind: fc.constant("resize" as const), size: position }),
  fc.record({ kind: fc.constant("allocate" as const), mode: fc.constantFrom(0, 1, 3, 8, 16, 17, 32), offset: position, size: position }),
);

test("any changes give the bytes that they give in one piece", () => {
  const hasher = new Hasher(digest);
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
      let content: Content = EMPTY;
      let plain: Uint8Array = new Uint8Array(0);
      for (const each of changes) {
        if (isRefused(plain.length, each)) continue;
        const before = Buffer.from(plain);
        const old = content;
        content = changed(content, each);
        plain = plainly(plain, each);
        expect(Buffer.compare(bytesOf(old), before)).toBe(0);
        expect(content.size).toBe(plain.length);
        expect(Buffer.compare(bytesOf(content), plain)).toBe(0);
        expect(hasher.content(content)).toBe(hasher.content(contentOf(plain)));
      }
    }),
    { numRuns: 150 },
  );
});

test("what is written over is not changed where it lies, in a Buffer neither", () => {
  const bytes = Buffer.from("old");
  const content = written(contentOf(bytes), 0, Buffer.from("N"));
  expect([Buffer.from(bytesOf(content)).toString(), bytes.toString()]).toEqual(["Nld", "old"]);
});

test("content that lies in one piece is not copied", () => {
  const bytes = new Uint8Array(3 * CHUNK + 5).map((_, index) => index);
  expect(bytesOf(contentOf(bytes)).buffer).toBe(bytes.buffer);
  const turned = written(contentOf(bytes), 0, bytes.subarray(CHUNK, 2 * CHUNK));
  expect(Buffer.compare(bytesOf(turned).subarray(CHUNK), bytes.subarray(CHUNK))).toBe(0);
});

/** The kernel takes nothing out of a file, and puts nothing into it, that does not lie within it. */
function isRefused(length: number, each: Change): boolean {
  if (each.kind !== "allocate" || (each.mode !== 8 && each.mode !== 32)) return false;
  return each.offset + (each.mode === 8 ? each.size : 0) >= length;
}

function changed(content: Content, each: Change): Content {
  switch (each.kind) {
    case "write":
      return written(content, each.at, each.bytes);
    case "resize":
      return resized(content, each.size);
    case "allocate":
      return allocated(content, each);
    default:
      return each satisfies never;
  }
}

/** The same without any cleverness. fallocate(2): 1 keeps the size, 3 punches, 8 collapses, 16 zeros, 32 inserts. */
function plainly(bytes: Uint8Array, each: Change): Uint8Array {
  const longer = (size: number): Buffer => Buffer.concat([bytes, Buffer.alloc(Math.max(0, size - bytes.length))]);
  if (each.kind === "resize") return longer(each.size).subarray(0, each.size);
  if (each.kind === "write") {
    if (each.bytes.length === 0) return bytes;
    const all = longer(each.at + each.bytes.length);
    all.set(each.bytes, each.at);
    return all;
  }
  const { mode, offset, size } = each;
  const end = offset + size;
  if (mode === 8) return Buffer.concat([bytes.subarray(0, offset), bytes.subarray(end)]);
  if (mode === 32) return Buffer.concat([bytes.subarray(0, offset), Buffer.alloc(size), bytes.subarray(offset)]);
  const all = mode === 0 || mode === 16 ? longer(end) : longer(0);
  return mode === 3 || mode === 16 || mode === 17 ? all.fill(0, Math.min(offset, all.length), Math.min(end, all.length)) : all;
}
