// How a verdict looks: its sign, its colour, its rank. Hides the escape codes of terminals.
import type { Verdict } from "../model/index.ts";

export type Tone = "good" | "bad" | "odd" | "dim" | "strong" | "accent";

/** Gives a text a tone; without colour it returns the text as it is. */
export type Paint = (tone: Tone, text: string) => string;

const CODES: Record<Tone, readonly [on: number, off: number]> = {
  good: [32, 39],
  bad: [31, 39],
  odd: [33, 39],
  dim: [2, 22],
  strong: [1, 22],
  accent: [36, 39],
};

export function painter(color: boolean): Paint {
  if (!color) return (_tone, text) => text;
  return (tone, text) => (text === "" ? "" : `\u001b[${CODES[tone][0]}m${text}\u001b[${CODES[tone][1]}m`);
}

interface Mark {
  readonly sign: string;
  readonly emoji: string;
  readonly tone: Tone;
  /** Among the cells of a pair the highest rank is shown. */
  readonly rank: number;
}

export const MARKS: Record<Verdict, Mark> = {
  failed: { sign: "✗", emoji: "❌", tone: "bad", rank: 5 },
  errored: { sign: "!", emoji: "⚠️", tone: "bad", rank: 4 },
  fixed: { sign: "+", emoji: "🔧", tone: "odd", rank: 3 },
  known: { sign: "~", emoji: "🟡", tone: "odd", rank: 2 },
  passed: { sign: "✓", emoji: "✅", tone: "good", rank: 1 },
  skipped: { sign: "–", emoji: "⏭️", tone: "dim", rank: 0 },
};

/** The order in which verdicts are told. */
export const VERDICTS: readonly Verdict[] = ["passed", "failed", "errored", "fixed", "known", "skipped"];

/** What somebody has to look at, most urgent first. */
export const ATTENTION: readonly Verdict[] = ["failed", "errored", "fixed"];

export const NO_CELL = "·";
export const INVERTED = "*";
