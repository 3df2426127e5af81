// What differs between two trees, as unified-style lines: `-` expected, `+` found; text files down to their lines.
import { structuredPatch } from "diff";
import type { Tree, TreeEntry } from "../model/index.ts";
import { clip, count, formatBytes, plain } from "./text.ts";

export interface DiffLine {
  readonly sign: "-" | "+" | "@" | " ";
  readonly text: string;
}

export interface TreeChange {
  readonly path: string;
  readonly expected: TreeEntry | undefined;
  readonly actual: TreeEntry | undefined;
}

const CONTEXT = 2;
const MOST_TEXT_LINES = 24;

/** The differences of two trees as text, one change after the other. Empty when they are alike. */
export function treeDiffText(expected: Tree, actual: Tree): string {
  return treeDiff(treeChanges(expected, actual))
    .map((line) => `${line.sign} ${line.text}\n`)
    .join("");
}

/** Every path where two trees differ, sorted by path. */
export function treeChanges(expected: Tree, actual: Tree): TreeChange[] {
  const before = new Map(expected.map((entry) => [entry.path, entry]));
  const after = new Map(actual.map((entry) => [entry.path, entry]));
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted(byFolder);
  return paths
    .map((path) => ({ path, expected: before.get(path), actual: after.get(path) }))
    .filter((change) => !alike(change.expected, change.actual));
}

/** The lines of some changes; a folder that is missing or unexpected as a whole is one line. */
export function treeDiff(changes: readonly TreeChange[]): DiffLine[] {
  const lines: DiffLine[] = [];
  for (let index = 0; index < changes.length;) {
    const inside = wholeFolder(changes, index);
    const change = changes[index]!; // index < length
    lines.push(...(inside > MOST_SINGLE ? folderLines(change, inside) : changeLines(change)));
    index += inside > MOST_SINGLE ? inside + 1 : 1;
  }
  return lines;
}

/** A folder with more entries than this is told in one line. */
const MOST_SINGLE = 6;

/** The differences of two texts as hunks with a little context. */
export function textDiff(expected: string, actual: string): DiffLine[] {
  const patch = structuredPatch("", "", plain(expected), plain(actual), undefined, undefined, { context: CONTEXT, maxEditLength: 2000 });
  if (patch === undefined) return [{ sign: "@", text: "too different to be shown line by line" }];
  const lines = patch.hunks.flatMap((hunk): DiffLine[] => [
    { sign: "@", text: `@ line ${hunk.newStart} @` },
    ...hunk.lines.map((line): DiffLine => ({ sign: line[0] === "-" ? "-" : line[0] === "+" ? "+" : " ", text: line.slice(1) })),
  ]);
  const shown = lines.map((line) => (line.text.startsWith(" No newline at end") ? { ...line, text: "(no newline at the end)" } : line));
  return bounded(shown, MOST_TEXT_LINES, "line");
}

/** At most `most` lines, and one that says how many were cut. */
export function bounded(lines: readonly DiffLine[], most: number, noun: string): DiffLine[] {
  if (lines.length <= most) return [...lines];
  return [...lines.slice(0, most), { sign: "@", text: `… and ${count(lines.length - most, `more ${noun}`)}` }];
}

/** `a`, `a/b`, `a-b`: what lies in a folder follows it at once. */
function byFolder(a: string, b: string): number {
  const [left, right] = [a.replaceAll("/", "\0"), b.replaceAll("/", "\0")];
  return left < right ? -1 : left > right ? 1 : 0;
}

function alike(a: TreeEntry | undefined, b: TreeEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.type === b.type && a.mode === b.mode && a.owner === b.owner && a.size === b.size && a.digest === b.digest && a.target === b.target
  );
}

/** How many of the following changes lie in this folder, when all of it is missing or unexpected; else 0. */
function wholeFolder(changes: readonly TreeChange[], index: number): number {
  const { path, expected, actual } = changes[index]!; // callers pass an index in range
  const folder = expected ?? actual;
  if ((expected !== undefined && actual !== undefined) || folder?.type !== "directory") return 0;
  const within = (change: TreeChange | undefined): boolean => change?.path.startsWith(`${path}/`) === true;
  let end = index + 1;
  while (within(changes[end])) end += 1;
  const inside = changes.slice(index + 1, end);
  const alone = inside.every((change) => (expected === undefined ? change.expected : change.actual) === undefined);
  return alone ? inside.length : 0;
}

function folderLines(change: TreeChange, inside: number): DiffLine[] {
  const sign = change.actual === undefined ? "-" : "+";
  return [{ sign, text: `${shownPath(change.path)}/  directory with ${count(inside, "entry", "entries")}` }];
}

function changeLines({ path, expected, actual }: TreeChange): DiffLine[] {
  const lines: DiffLine[] = [];
  const tell = (entry: TreeEntry, other: TreeEntry | undefined): string =>
    `${shownPath(path)}${entry.type === "directory" ? "/" : ""}  ${describe(entry, other)}`;
  if (expected !== undefined) lines.push({ sign: "-", text: tell(expected, actual) });
  if (actual !== undefined) lines.push({ sign: "+", text: tell(actual, expected) });
  if (expected?.text !== undefined && actual?.text !== undefined && expected.text !== actual.text) {
    lines.push(...textDiff(expected.text, actual.text).map((line) => ({ sign: line.sign, text: `    ${line.text}` })));
  }
  return lines;
}

function shownPath(path: string): string {
  return plain(path).replaceAll("\n", "⏎");
}

/** An entry in words: what it is, its size, and what else tells it from the other one. */
function describe(entry: TreeEntry, other: TreeEntry | undefined): string {
  const parts: string[] = [entry.type === "link" ? `link → ${clip(shownPath(entry.target ?? "?"), 120)}` : entry.type];
  if (entry.size !== undefined) parts.push(entry.size === 0 ? "empty" : formatBytes(entry.size));
  const same = other?.type === entry.type;
  if (same && entry.mode !== undefined && entry.mode !== other.mode) parts.push(`mode ${entry.mode}`);
  if (same && entry.owner !== undefined && entry.owner !== other.owner) parts.push(`owner ${entry.owner}`);
  const unseen = entry.size === other?.size && (entry.text === undefined || other?.text === undefined);
  if (unseen && entry.digest !== undefined && entry.digest !== other?.digest) parts.push(`sha256 ${entry.digest.slice(0, 12)}`);
  return parts.join(", ");
}
