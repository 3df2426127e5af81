// What a judgement means: the verdict of a cell by the list of known failures, and the gate by the verdicts of a run.
import type { Cell, CellRecord, KnownFailure, RunRecord, Verdict } from "../model/index.ts";
import type { Judgement } from "./judge.ts";

/** The verdict, why, and the entry in `known` that it goes back to. */
export interface Decision extends Pick<CellRecord, "verdict" | "reason"> {
  readonly known?: NonNullable<CellRecord["known"]>;
}

/**
 * The verdict of a judged cell.
 *
 * - could not be told → `errored`, whatever is known of it
 * - nothing there that the fault acts upon → `skipped`
 * - findings → `known` when an entry matches that has not expired, else `failed`; an expired entry is named in the reason
 * - no findings → `fixed` when an entry matches that is not intermittent, expired or not: it must be removed; else `passed`
 *
 * @param today YYYY-MM-DD; an entry holds up to and including the day it expires on
 */
export function verdictOf(
  judgement: Pick<Judgement, "errored" | "findings" | "skipped">,
  cell: Pick<Cell, "id">,
  known: readonly KnownFailure[],
  today: string,
  matches: (pattern: string, id: string) => boolean,
): Decision {
  if (judgement.errored !== null) return { verdict: "errored", reason: judgement.errored };
  if (judgement.skipped !== undefined) return { verdict: "skipped", reason: judgement.skipped };
  const entries = known.filter(({ pattern }) => matches(pattern, cell.id));
  const [first] = entries;
  if (judgement.findings.length === 0) {
    const mended = entries.find(({ intermittent }) => !intermittent);
    return mended === undefined
      ? { verdict: "passed", reason: "" }
      : { verdict: "fixed", reason: `${mended.pattern}: ${reasonOf(mended)}`, known: referenceTo(mended) };
  }
  const valid = entries.find(({ expires }) => today <= expires);
  if (valid !== undefined) return { verdict: "known", reason: reasonOf(valid), known: referenceTo(valid) };
  const expired = first === undefined ? "" : `The entry in known expired on ${first.expires}: ${reasonOf(first)}`;
  return { verdict: "failed", reason: expired };
}

/**
 * Whether the gate is open, and the exit code. 1: a cell failed, or passes although it is listed as known; this wins,
 * because it is a fact about the product. 3: otherwise, when something could not be told, the run was interrupted, or the
 * harness itself broke. 0: the gate is open.
 */
export function gateOf(verdicts: readonly Verdict[], interrupted: boolean, harnessBroken = false): Pick<RunRecord, "gate" | "exitCode"> {
  if (verdicts.some((verdict) => verdict === "failed" || verdict === "fixed")) return { gate: "closed", exitCode: 1 };
  if (interrupted || harnessBroken || verdicts.includes("errored")) return { gate: "closed", exitCode: 3 };
  return { gate: "open", exitCode: 0 };
}

function referenceTo({ pattern, reason, link }: KnownFailure): NonNullable<CellRecord["known"]> {
  return { pattern, reason, link };
}

function reasonOf({ reason, link }: KnownFailure): string {
  return `${reason} (${link})`;
}
