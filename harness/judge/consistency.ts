// Whether the sources of a statement agree.
import type { Statement } from "../model/index.ts";

export interface Disagreement {
  readonly member: string;
  /** Names of the sources. */
  readonly sources: string;
  /** What each says: `runs says 1.1.0, inventory says 1.0.0`. */
  readonly actual: string;
}

/** undefined: they agree. Sources that all say nothing do not: something must know of what is there. */
export function disagreement({ of, member, says }: Statement): Disagreement | undefined {
  const values = new Set(Object.values(says));
  if (values.size === 1 && !values.has(null)) return undefined;
  const actual = Object.entries(says).map(([source, value]) => `${source} says ${value ?? "nothing"}`);
  return { member: `${member} (${of})`, sources: Object.keys(says).join(", "), actual: actual.join(", ") };
}
