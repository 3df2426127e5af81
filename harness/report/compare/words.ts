// A comparison in words, the same for terminal and Markdown.
import { cellLine } from "../cell-detail.ts";
import { count, formatDuration, oneLine } from "../text.ts";
import type { Change, Comparison, Slower } from "./compare.ts";

/** The lists of a comparison in the order in which they matter, each with its title. */
export function changeLists(
  comparison: Comparison,
): { readonly title: string; readonly changes: readonly Change[]; readonly tone: "bad" | "odd" | "good" }[] {
  const { failing, flaky, fixed, known } = comparison;
  return [
    { title: "Newly failing", changes: failing, tone: "bad" as const },
    { title: "Flaky: equal inputs, another verdict", changes: flaky, tone: "odd" as const },
    { title: "Newly known", changes: known, tone: "odd" as const },
    { title: "Fixed", changes: fixed, tone: "good" as const },
  ].filter(({ changes }) => changes.length > 0);
}

/** `was passed, now failed`. */
export function changeLine({ cell, before }: Change): string {
  return `${before === null ? "not run before" : `was ${before}`}, now ${cell.verdict}`;
}

/** Why, when somebody has to look. */
export function whyLine({ cell }: Change): string {
  if (cell.verdict === "fixed") return "its entry in known must be removed";
  return cell.verdict === "passed" ? "" : cellLine(cell);
}

export function slowerLine({ what, beforeMs, afterMs }: Slower): string {
  return `${what === "duration" ? "took" : "no healthy agent for"} ${formatDuration(beforeMs)}, now ${formatDuration(afterMs)}`;
}

/** One sentence: what is worse and what is better. */
export function decisionLine(comparison: Comparison): string {
  const { failing, flaky, fixed, known, slower, still } = comparison;
  const parts = [
    failing.length === 0 ? "nothing newly fails" : `${count(failing.length, "cell")} newly ${failing.length === 1 ? "fails" : "fail"}`,
    ...some(flaky.length, (amount) => `${amount} flaky`),
    ...some(known.length, (amount) => `${amount} newly known`),
    ...some(fixed.length, (amount) => `${amount} fixed`),
    ...some(slower.length, (amount) => `${amount} slower`),
    ...some(still, (amount) => `${amount} still ${amount === 1 ? "fails" : "fail"}`),
  ];
  return parts.join(", ");
}

/** What else a reader must know to trust the comparison. */
export function remarks({ before, after, added, gone, pace }: Comparison): string[] {
  return [
    ...(before.interrupted || after.interrupted ? [`The ${before.interrupted ? "earlier" : "later"} run was interrupted`] : []),
    ...(before.tier === after.tier ? [] : [`The tiers differ: ${before.tier}, then ${after.tier}`]),
    ...some(added, (amount) => `${count(amount, "cell")} only in the later run`),
    ...some(gone, (amount) => `${count(amount, "cell")} only in the earlier run`),
    ...(Math.abs(pace - 1) < 0.1
      ? []
      : [`As a whole, cells that pass took ${pace.toFixed(1)} times as long as before; slower is counted beyond that`]),
  ];
}

/** `r-1 (2026-05-04 10:00) → r-2 (2026-05-05 10:00)`. */
export function runsLine({ before, after }: Comparison): string {
  return [before, after].map(({ run, startedAt }) => `${oneLine(run)} (${oneLine(startedAt).slice(0, 16).replace("T", " ")})`).join(" → ");
}

function some(amount: number, text: (amount: number) => string): string[] {
  return amount === 0 ? [] : [text(amount)];
}
