// The progress of a run as one line: for a terminal, which writes over it, and for the log of a CI job.
import { MARKS, painter } from "./marks.ts";
import { clip, formatDuration, grouped, oneLine } from "./text.ts";

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly known: number;
  readonly errored: number;
  readonly skipped: number;
  /** Cells per second; null until it is known. */
  readonly rate: number | null;
  /** null until it is known. */
  readonly secondsLeft: number | null;
  /** Addresses of the cells that run now. */
  readonly running: readonly string[];
}

const BAR = 16;

/** The line for a terminal: at most `width` characters, no line break. */
export function formatProgress(progress: Progress, options: { readonly color: boolean; readonly width: number }): string {
  const paint = painter(options.color);
  const filled = progress.total === 0 ? 0 : Math.min(BAR, Math.floor((progress.done / progress.total) * BAR));
  const bar = "█".repeat(filled) + "░".repeat(BAR - filled);
  const counts = (["passed", "failed", "errored", "known", "skipped"] as const)
    .filter((verdict) => progress[verdict] > 0)
    .map((verdict) => ({ text: `${MARKS[verdict].sign} ${grouped(progress[verdict])}`, tone: MARKS[verdict].tone }));
  const head = `${bar} ${share(progress)}`;
  const known = [head, ...counts.map((part) => part.text), ...pace(progress)].join("  ");
  if (known.length > options.width) return clip(known, options.width);
  const rest = clip(running(progress), Math.max(0, options.width - known.length - 2));
  const dim = [...pace(progress), ...(rest.length > 1 ? [rest] : [])].map((part) => paint("dim", part));
  return [head, ...counts.map((part) => paint(part.tone, part.text)), ...dim].join("  ");
}

/** The line for a log: whole words, no colour, no bar. */
export function formatProgressPlain(progress: Progress): string {
  const counts = (["passed", "failed", "errored", "known", "skipped"] as const)
    .filter((verdict) => progress[verdict] > 0)
    .map((verdict) => `${grouped(progress[verdict])} ${verdict}`);
  return [`${share(progress)} cells`, ...counts, ...pace(progress)].join(", ");
}

function share(progress: Progress): string {
  const percent = progress.total === 0 ? 100 : Math.floor((progress.done / progress.total) * 100);
  return `${grouped(progress.done)}/${grouped(progress.total)} ${percent}%`;
}

function pace(progress: Progress): string[] {
  return [
    ...(progress.rate === null ? [] : [`${progress.rate.toFixed(1)}/s`]),
    ...(progress.secondsLeft === null ? [] : [`${formatDuration(Math.round(progress.secondsLeft) * 1000)} left`]),
  ];
}

function running(progress: Progress): string {
  const [first] = progress.running;
  if (first === undefined) return "";
  return `${oneLine(first)}${progress.running.length > 1 ? ` +${progress.running.length - 1}` : ""}`;
}
