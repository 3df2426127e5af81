// What a check is. A check looks at the context of one cell and says what is not as it should be; it decides no verdict.
import type { Finding } from "../../model/index.ts";
import type { CheckContext } from "../context.ts";

export interface Check {
  readonly name: string;
  /** One line: what must hold. */
  readonly summary: string;
  run(context: CheckContext): Finding[];
}

export type Broken = Omit<Finding, "check">;

/** A check whose findings carry its name. */
export function defineCheck(name: string, summary: string, look: (context: CheckContext) => Broken[]): Check {
  return { name, summary, run: (context) => look(context).map((broken) => ({ check: name, ...broken })) };
}

/** Of findings about the same thing in several snapshots, the first. */
export function firstSeen(findings: readonly Broken[]): Broken[] {
  const known = new Set<string>();
  return findings.filter(({ path, expected, actual }) => {
    const key = JSON.stringify([path, expected, actual]);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}
