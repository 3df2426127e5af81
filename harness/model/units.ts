// The small vocabulary every file shares: durations, sizes, identifiers and glob patterns, as schemas.
import { z } from "zod";

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const DURATION_UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/;
const SIZE_UNIT_BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** A duration as people write it: `300ms`, `10s`, `2m`, `42d`. */
export const duration = z
  .string()
  .regex(DURATION, "must be a duration such as 300ms, 10s, 2m, 1h or 42d")
  .meta({ id: "duration", description: "A duration: a number and ms, s, m, h or d" });

/** A duration forwards or backwards: `+43d`, `-2h`. */
export const shift = z
  .string()
  .regex(/^[+-]\d+(?:\.\d+)?(?:ms|s|m|h|d)$/, "must be a signed duration such as +43d or -2h")
  .meta({ id: "shift", description: "A duration forwards or backwards: + or -, a number, and ms, s, m, h or d" });

/** A size in bytes with a binary unit: `512B`, `64KiB`, `1.5MiB`. */
export const size = z
  .string()
  .regex(SIZE, "must be a size such as 512B, 64KiB or 1.5MiB")
  .meta({ id: "size", description: "A size: a number and B, KiB, MiB or GiB" });

/** Lower-case words joined by hyphens; safe in addresses, file names and shells. */
export const identifier = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "must be lower-case words joined by hyphens, such as crash-on-start");

/** A path or glob below a tree: forward slashes, not absolute, no `..`. */
export const relativeGlob = z
  .string()
  .min(1)
  .refine((value) => !value.startsWith("/") && !/^[A-Za-z]:/.test(value), "must be relative to the tree, not absolute")
  .refine((value) => !value.split("/").includes(".."), "must stay inside the tree: '..' is not allowed");

/** Milliseconds of a duration that the schema accepted. Throws on anything else: the caller skipped the schema. */
export function milliseconds(value: string): number {
  const [, amount, unit] = DURATION.exec(value) ?? [];
  if (amount === undefined) throw new RangeError(`Cannot read the duration: ${JSON.stringify(value)}`);
  return Number(amount) * DURATION_UNIT_MS[unit as keyof typeof DURATION_UNIT_MS]; // the pattern allows only these units
}

/** Whichever of two durations is longer, as it was written. */
export function longer(one: string, other: string): string {
  return milliseconds(other) > milliseconds(one) ? other : one;
}

/** Milliseconds of a signed duration that the schema accepted. */
export function shiftMilliseconds(value: string): number {
  return (value.startsWith("-") ? -1 : 1) * milliseconds(value.slice(1));
}

/** Bytes of a size that the schema accepted, rounded down. Throws on anything else. */
export function bytes(value: string): number {
  const [, amount, unit] = SIZE.exec(value) ?? [];
  if (amount === undefined) throw new RangeError(`Cannot read the size: ${JSON.stringify(value)}`);
  return Math.floor(Number(amount) * SIZE_UNIT_BYTES[unit as keyof typeof SIZE_UNIT_BYTES]); // the pattern allows only these units
}
