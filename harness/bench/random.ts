// A sample that is the same for the same seed, so that a benchmark that misses its goal can be looked into.

/** Takes so many of the items, all equally likely, in their own order; all of them where there are no more. */
export function sampled<T>(items: readonly T[], wanted: number, seed: number): T[] {
  const random = generator(seed);
  let needed = Math.min(wanted, items.length);
  return items.filter((_, index) => {
    const taken = random() * (items.length - index) < needed;
    if (taken) needed--;
    return taken;
  });
}

/** Numbers from 0 to below 1 (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that do not compress and are the same for the same seed. */
export function randomBytes(length: number, seed: number): Uint8Array {
  const random = generator(seed);
  return Uint8Array.from({ length }, () => random() * 256);
}
