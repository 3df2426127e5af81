// Compares two directory trees by a product's layout rules: one difference a path, told in short words.
import type { Tree, TreeEntry } from "../model/index.ts";
import type { Comparison, LayoutRules } from "./rules.ts";

export interface TreeDifference {
  readonly path: string;
  /** What weighs most when several things differ. */
  readonly kind: "missing" | "unexpected" | "type" | "content" | "link" | "mode" | "owner";
  readonly expected: string;
  readonly actual: string;
}

const indexes = new WeakMap<Tree, ReadonlyMap<string, TreeEntry>>();

/** The entries of a tree by path. Kept with the tree: a reference is compared with thousands of others. */
export function entriesOf(tree: Tree): ReadonlyMap<string, TreeEntry> {
  const known = indexes.get(tree) ?? new Map(tree.map((entry) => [entry.path, entry]));
  indexes.set(tree, known);
  return known;
}

/** Every path where `actual` is not as `expected`, sorted by path. */
export function treeDiff(expected: Tree, actual: Tree, rules: LayoutRules): TreeDifference[] {
  const wanted = entriesOf(expected);
  const found = entriesOf(actual);
  const differences: TreeDifference[] = [];
  for (const entry of expected) {
    const { compare } = rules.of(entry.path);
    if (compare === "nothing") continue;
    const other = found.get(entry.path);
    const difference = other === undefined ? missing(entry) : entryDiff(entry, other, compare);
    if (difference !== undefined) differences.push(difference);
  }
  const extras = actual.filter((entry) => !wanted.has(entry.path));
  differences.push(...unexpected(extras, rules));
  return differences.sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));
}

/** What differs between two entries of one path; undefined when nothing does. */
export function entryDiff(expected: TreeEntry, actual: TreeEntry, compare: Comparison = "all"): TreeDifference | undefined {
  const { path } = expected;
  if (compare === "nothing") return undefined;
  if (expected.type !== actual.type) return { path, kind: "type", expected: describeEntry(expected), actual: describeEntry(actual) };
  if (compare === "presence") return undefined;
  const facets = [
    ...(compare === "all" && differs(expected, actual)
      ? [{ kind: "content" as const, expected: content(expected), actual: content(actual) }]
      : []),
    ...facet("link", expected.target, actual.target, "link to "),
    ...facet("mode", expected.mode, actual.mode, "mode "),
    ...facet("owner", expected.owner, actual.owner, "owner "),
  ];
  const [first] = facets;
  if (first === undefined) return undefined;
  return {
    path,
    kind: first.kind,
    expected: facets.map((one) => one.expected).join(", "),
    actual: facets.map((one) => one.actual).join(", "),
  };
}

export function missing(entry: TreeEntry): TreeDifference {
  return { path: entry.path, kind: "missing", expected: describeEntry(entry), actual: "missing" };
}

export function extra(entry: TreeEntry): TreeDifference {
  return { path: entry.path, kind: "unexpected", expected: "nothing there", actual: describeEntry(entry) };
}

/** An entry in words: `file, 12 bytes, sha256 1a2b3c4d`. */
export function describeEntry(entry: TreeEntry): string {
  if (entry.type === "link") return `link to ${entry.target ?? "?"}`;
  return entry.type === "file" ? `file, ${content(entry)}` : entry.type;
}

/** A folder that holds something that may be there may be there itself. */
function unexpected(extras: readonly TreeEntry[], rules: LayoutRules): TreeDifference[] {
  const tolerated = (entry: TreeEntry): boolean => {
    const rule = rules.of(entry.path);
    return rule.mayBeExtra || rule.compare === "nothing";
  };
  const needed = new Set(extras.filter(tolerated).flatMap((entry) => foldersAround(entry.path)));
  return extras.filter((entry) => !tolerated(entry) && !(entry.type === "directory" && needed.has(entry.path))).map(extra);
}

function foldersAround(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) folders.push(path.slice(0, end));
  return folders;
}

function differs(expected: TreeEntry, actual: TreeEntry): boolean {
  // an expected text that was made up from another one
  if (expected.digest === undefined && expected.text !== undefined) return expected.text !== actual.text;
  return expected.digest !== actual.digest || expected.size !== actual.size;
}

function content({ size, digest, text }: TreeEntry): string {
  if (digest === undefined && text !== undefined) return `the text ${JSON.stringify(text.slice(0, MOST_TEXT))}`;
  const length = size === undefined ? "unknown size" : size === 0 ? "empty" : `${size} ${size === 1 ? "byte" : "bytes"}`;
  return digest === undefined || size === 0 ? length : `${length}, sha256 ${digest.slice(0, 8)}`;
}

const MOST_TEXT = 80;

/** A facet that one side does not know (rights on Windows) is not compared. */
function facet<K extends TreeDifference["kind"]>(kind: K, expected: string | undefined, actual: string | undefined, word: string) {
  if (expected === undefined || actual === undefined || expected === actual) return [];
  return [{ kind, expected: `${word}${expected}`, actual: `${word}${actual}` }];
}
