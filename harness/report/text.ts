// Plain text for people: makes any text safe to print, cuts and wraps it, and words numbers, sizes and durations.

/** Terminal escape sequences (CSI, OSC and the short ones); logs of agents are full of them. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;
/** What could move the cursor or turn the reading order round, once escape sequences are gone. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Narrower than this, nothing is laid out well; the terminal may break the lines. */
export const LEAST_WIDTH = 60;

/** The text without anything that a terminal would obey; lines end in `\n`, tabs are two spaces. */
export function plain(text: string): string {
  return text.replace(ESCAPES, "").replace(/\r\n?/g, "\n").replace(UNPRINTABLE, "\ufffd").replaceAll("\t", "  ").toWellFormed();
}

/** The text on one line, safe to print. */
export function oneLine(text: string): string {
  return plain(text)
    .replace(/\s*\n\s*/g, " ⏎ ")
    .trim();
}

/** At most `width` characters; what is cut shows as `…`. */
export function clip(text: string, width: number): string {
  if (text.length <= width) return text;
  const characters = Array.from(text); // by character, so that no surrogate pair is torn
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** The text broken into lines of at most `width` characters, at spaces where there are some. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line, Math.max(10, width)));
}

function wrapLine(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const characters = Array.from(line);
  const lines: string[] = [];
  let start = 0;
  while (characters.length - start > width) {
    const space = characters.lastIndexOf(" ", start + width);
    const end = space > start + width / 2 ? space : start + width;
    lines.push(characters.slice(start, end).join(""));
    start = characters[end] === " " ? end + 1 : end;
  }
  return [...lines, characters.slice(start).join("")];
}

/** The last lines of a text that are not blank at the end, safe to print. */
export function lastLines(text: string, most: number): { readonly lines: readonly string[]; readonly before: number } {
  const lines = plain(text).trimEnd().split("\n");
  return { lines: lines.slice(-most), before: Math.max(0, lines.length - most) };
}

/** The text in at most `width` characters, cut between words where there are some. */
export function clipWords(text: string, width: number): string {
  const cut = clip(text, width);
  const space = cut.lastIndexOf(" ");
  return cut === text || space < width / 2 ? cut : `${cut.slice(0, space)} …`;
}

/** `one`, `one and two`, `one, two, three and 4 more products`; nobody is left out alone, for a name takes no more room. */
export function listed(names: readonly string[], most: number, noun: string): string {
  const rest = names.length - most;
  const parts = rest > 1 ? [...names.slice(0, most), count(rest, `more ${noun}`)] : names;
  const [last = "", ...others] = parts.map(oneLine).toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(", ")} and ${last}`;
}

/** `1 cell`, `12,345 cells`. */
export function count(amount: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(amount)} ${amount === 1 ? noun : plural}`;
}

/** `12,345`. */
export function grouped(amount: number): string {
  return String(amount).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `843ms`, `4.2s`, `1m 5s`, `2h 3m`. Anything that is no duration reads `?`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return "?";
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  const minutes = Math.round(seconds / 60);
  return `${grouped(Math.floor(minutes / 60))}h ${minutes % 60}m`;
}

/** `512 B`, `1.5 KiB`, `3.0 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
