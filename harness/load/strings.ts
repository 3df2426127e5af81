// Every text of a value, with the path that leads to it.
import type { Path } from "./source.ts";

/** Depth first, in the order they are written. */
export function* strings(value: unknown, path: Path = []): Generator<readonly [Path, string]> {
  if (typeof value === "string") {
    yield [path, value];
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* strings(item, [...path, index]);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* strings(item, [...path, key]);
  }
}
