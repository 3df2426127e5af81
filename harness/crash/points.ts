// Which of many points to take: operations worth failing, one of each kind, and the first of several failures.
import { crashVariants, type CrashVariant, type Operation, type OperationKind, type Recording } from "../model/index.ts";
import { fits, steadyPaths } from "./steady.ts";
import { mainPath, signatureOf, tagOf, tellOperation } from "./wording.ts";

/** An operation to fail in another run: known by what it does, as its number may be another one there. */
export interface ErrnoPoint {
  /** Such as `rename-current` or `write-state-json-2`; unique. */
  readonly name: string;
  /** Its number in the recording. */
  readonly k: number;
  readonly op: Exclude<OperationKind, "sync" | "bind">;
  /** A glob, relative to the first directory of the base, or absolute if it lies elsewhere. Of `to`, if there is one. */
  readonly path: string;
  /** The n-th operation of that kind at a path, or to a path, that fits. */
  readonly nth: number;
  /** Such as `rename of …/x to …/current (operation 207)`. */
  readonly sentence: string;
  readonly signature: string;
}

/** Every operation that succeeded in the recording and could have failed. */
export function errnoPoints(recording: Recording): ErrnoPoint[] {
  return findPoints(recording).map(({ point }) => point);
}

/**
 * Of those the ones that come by in every run, and the numbers of the others. What comes more often in one of two recordings than
 * in the other is driven by a timer, and comes the more often the longer a run takes: of that only the first half counts.
 * @param again a second recording of the same
 */
export function recurringPoints(recording: Recording, again: Recording): { readonly points: ErrnoPoint[]; readonly irregular: number[] } {
  const alikeThere = alikeIn(again.operations);
  const recurs = ({ point, pattern, often }: Found): boolean => {
    const { length } = alikeThere(point.op, pattern);
    return length === often || point.nth <= Math.min(length, often) / 2;
  };
  const found = findPoints(recording);
  const points = found.filter(recurs).map(({ point }) => point);
  return { points, irregular: found.filter((one) => !recurs(one)).map(({ point }) => point.k) };
}

interface Found {
  readonly point: ErrnoPoint;
  /** Its path, absolute. */
  readonly pattern: string;
  /** How many operations of its kind fit that. */
  readonly often: number;
}

function findPoints(recording: Recording): Found[] {
  const steady = steadyPaths(recording);
  const worth = recording.operations.filter(isWorthFailing).map((operation) => ({ operation, pattern: steady(mainPath(operation)) }));
  const alike = alikeIn(recording.operations);
  const nameOf = namer(worth.map(({ pattern }) => pattern));
  const root = recording.base[0]?.path;
  const taken = new Map<string, number>();
  return worth.map(({ operation, pattern }): Found => {
    const numbers = alike(operation.op, pattern);
    const nth = numbers.indexOf(operation.k) + 1;
    const name = `${operation.op}-${nameOf(pattern)}${nth === 1 ? "" : `-${nth}`}`;
    const again = (taken.get(name) ?? 0) + 1;
    taken.set(name, again);
    const point: ErrnoPoint = {
      name: again === 1 ? name : `${name}.${again}`,
      k: operation.k,
      op: operation.op,
      path: relativeTo(root, pattern),
      nth,
      sentence: `${tellOperation(operation)} (operation ${operation.k})`,
      signature: signatureOf(operation),
    };
    return { point, pattern, often: numbers.length };
  });
}

export type SampleWay = "all" | "first-middle-last";

/** The first, the middle and the last of each signature, in the order they came. */
export function sample<T extends { readonly signature: string }>(points: readonly T[], way: SampleWay): T[] {
  if (way === "all") return [...points];
  const groups = new Map<string, T[]>();
  for (const point of points) groups.set(point.signature, [...(groups.get(point.signature) ?? []), point]);
  const chosen = new Set(
    [...groups.values()].flatMap((group) => [0, (group.length - 1) >> 1, group.length - 1].map((index) => group[index])),
  );
  return points.filter((point) => chosen.has(point));
}

/** The failure to look at first: the earliest operation, and there the mildest crash. Undefined when there is none. */
export function minimise<T extends { readonly k: number; readonly variant: CrashVariant; readonly drop?: number }>(
  failures: readonly T[],
): T | undefined {
  const rank = ({ variant }: T): number => crashVariants.indexOf(variant);
  const [first] = [...failures].sort((one, other) => one.k - other.k || rank(one) - rank(other) || (one.drop ?? 0) - (other.drop ?? 0));
  return first;
}

type Worth = Operation & { readonly op: ErrnoPoint["op"] };

/** sync(2) cannot fail; a file without a name cannot be found again. */
function isWorthFailing(operation: Operation): operation is Worth {
  return (
    operation.error === undefined &&
    operation.op !== "sync" &&
    operation.op !== "bind" &&
    operation.deleted !== true &&
    mainPath(operation) !== ""
  );
}

/** Numbers of the operations of a kind at a path, counted as the recorder does: failed ones too, either path. */
function alikeIn(operations: readonly Operation[]): (op: Operation["op"], pattern: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (op, pattern) => {
    const key = `${op} ${pattern}`;
    const matching =
      known.get(key) ??
      operations
        .filter((other) => other.op === op && (fits(pattern, other.path ?? "") || ("to" in other && fits(pattern, other.to))))
        .map((other) => other.k);
    known.set(key, matching);
    return matching;
  };
}

/** As many components from the end of a path as tell it from all others. */
function namer(patterns: readonly string[]): (pattern: string) => string {
  const ends = (pattern: string): string[] => {
    const parts = pattern.split("/").filter((part) => part !== "");
    return parts.map((_, index) => tagOf(parts.slice(-1 - index).join("-")));
  };
  const users = new Map<string, Set<string>>();
  for (const pattern of new Set(patterns)) for (const end of ends(pattern)) users.set(end, (users.get(end) ?? new Set()).add(pattern));
  const known = new Map<string, string>();
  return (pattern) => {
    const all = ends(pattern);
    const name = known.get(pattern) ?? all.find((end) => end !== "" && users.get(end)?.size === 1) ?? all.at(-1) ?? "";
    known.set(pattern, name);
    return name;
  };
}

function relativeTo(root: string | undefined, pattern: string): string {
  if (root === undefined) return pattern;
  if (pattern === root) return ".";
  return pattern.startsWith(`${root}/`) ? pattern.slice(root.length + 1) : pattern;
}
