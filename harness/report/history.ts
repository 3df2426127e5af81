// What became of a cell from run to run: since when it fails, whether it flips by itself, and how its durations went.
import type { PastCell } from "../model/index.ts";
import { MARKS, type Paint } from "./marks.ts";
import { clip, count, formatDuration, LEAST_WIDTH, oneLine } from "./text.ts";

/** What a verdict means for who reads a history. */
type State = "fails" | "known" | "passes";

/** The last runs of a cell that came to the same, and what was before. */
export interface Streak {
  readonly state: State;
  /** The first of them. */
  readonly since: PastCell;
  readonly runs: number;
  /** The run before, which came to something else; null: it was never otherwise. */
  readonly before: PastCell | null;
}

const MOST_RUNS = 20;
const BARS = "▁▂▃▄▅▆▇█";

/** @param past the earliest first; at least one */
export function streakOf(past: readonly PastCell[]): Streak | null {
  const last = past.at(-1);
  if (last === undefined) return null;
  const state = stateOf(last);
  const other = past.findLastIndex((one) => stateOf(one) !== state);
  return { state, since: past[other + 1] ?? last, runs: past.length - other - 1, before: past[other] ?? null };
}

/** How often a run came to another state than the one before although all that was put in was the same. */
export function flips(past: readonly PastCell[]): number {
  return past.filter((one, index) => {
    const before = past[index - 1];
    return before !== undefined && one.inputs !== null && before.inputs === one.inputs && isSound(before) !== isSound(one);
  }).length;
}

export function historyText(id: string, past: readonly PastCell[], paint: Paint, columns: number): string {
  const width = Math.max(LEAST_WIDTH, columns);
  const streak = streakOf(past);
  if (streak === null) return `${oneLine(id)}\n  no run had it\n`;
  const flipped = flips(past);
  const lines = [
    paint("strong", oneLine(id)),
    ...streakLines(streak, past, paint, width),
    ...(flipped === 0 ? [] : [paint("odd", `  Flaky: ${count(flipped, "time")} another verdict by equal inputs`)]),
    ...measureLines(past, paint),
    ...runLines(past, paint),
    ...(streak.state === "passes" ? [] : [`  ${paint("dim", "Replay")}  ${oneLine(past.at(-1)?.replay ?? "")}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function stateOf({ verdict }: Pick<PastCell, "verdict">): State {
  if (verdict === "known") return "known";
  return verdict === "failed" || verdict === "errored" ? "fails" : "passes";
}

function isSound(one: PastCell): boolean {
  return stateOf(one) === "passes"; // what is known has failed, too
}

function streakLines({ state, since, runs, before }: Streak, past: readonly PastCell[], paint: Paint, width: number): string[] {
  const tone = state === "passes" ? "good" : state === "known" ? "odd" : "bad";
  const word = { passes: "Passes", known: "Is a known failure", fails: "Fails" }[state];
  const last = past.at(-1) ?? since;
  const why = oneLine(state === "known" || last.finding === "" ? last.reason : last.finding);
  const head = `  ${word} since ${when(since)}, ${count(runs, "run")}${before === null ? ": always, as far as is known" : " in a row"}`;
  return [
    paint(tone, head),
    ...(state === "passes" || why === "" ? [] : [clip(`    ${why}`, width)]),
    ...(before === null ? [] : [`  Before: ${before.verdict} on ${when(before)}; ${inputsLine(before, since)}`]),
  ];
}

function inputsLine(before: PastCell, since: PastCell): string {
  if (before.inputs === null || since.inputs === null) return "whether its inputs changed is not known";
  return before.inputs === since.inputs
    ? "its inputs were the same: it may be flaky, or the judge changed"
    : "its inputs changed between the two";
}

function when({ startedAt, run, upmatrix }: PastCell): string {
  return `${day(startedAt)} (run ${oneLine(run)}, upmatrix ${oneLine(upmatrix)})`;
}

function day(startedAt: string): string {
  return oneLine(startedAt).slice(0, 16).replace("T", " ");
}

/** Of runs that passed: others end early or late. */
function measureLines(past: readonly PastCell[], paint: Paint): string[] {
  const good = past.filter((one) => stateOf(one) === "passes");
  const line = (title: string, values: readonly number[]): string[] => {
    const last = values.at(-1);
    if (last === undefined) return [];
    const sorted = values.toSorted((a, b) => a - b);
    const [least = last, median = last, most = last] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
    const text = `median ${formatDuration(median)}, ${formatDuration(least)} to ${formatDuration(most)}, last ${formatDuration(last)}`;
    return [`  ${title}: ${text}  ${paint("accent", bars(values.slice(-MOST_RUNS)))}`];
  };
  return [
    ...line(
      "Duration when it passed",
      good.map(({ durationMs }) => durationMs),
    ),
    ...line(
      "Longest time without a healthy agent",
      good.flatMap(({ downtimeMs }) => (downtimeMs === null ? [] : [downtimeMs])),
    ),
  ];
}

/** One bar a value, the highest for the largest. */
function bars(values: readonly number[]): string {
  const most = Math.max(...values, 1);
  return values.map((value) => BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))]).join("");
}

function runLines(past: readonly PastCell[], paint: Paint): string[] {
  const shown = past.slice(-MOST_RUNS).toReversed();
  const run = Math.max(...shown.map((one) => oneLine(one.run).length));
  const rows = shown.map((one) => {
    const { sign, tone } = MARKS[one.verdict];
    const outcome = one.outcome ?? "–";
    return `    ${paint(tone, sign)} ${day(one.startedAt)}  ${oneLine(one.run).padEnd(run)}  ${one.verdict.padEnd(8)}${outcome.padEnd(12)}${formatDuration(one.durationMs)}`;
  });
  return past.length > shown.length ? [...rows, paint("dim", `    … and ${count(past.length - shown.length, "earlier run")}`)] : rows;
}
