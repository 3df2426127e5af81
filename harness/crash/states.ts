// Every state that a kill or a power loss can leave behind, each distinct tree once.
import { crashVariants, type CrashVariant, type Operation, type Recording } from "../model/index.ts";
import { Hasher, type Digest } from "./content.ts";
import { diskOf, type DiskVariant } from "./disk.ts";
import { perform } from "./effects.ts";
import { baseTree, storyOf, type Story } from "./story.ts";
import { StrictDisk } from "./strict-disk.ts";
import type { FileTree, TreeFile } from "./tree.ts";
import { signatureOf, stateName, stateSentence } from "./wording.ts";

export interface CrashState {
  /** Such as `0207-after-rename-current.posix`; unique, sorts in the order of the operations. */
  readonly name: string;
  /** The operation after which it happened; 0: before the first one. */
  readonly k: number;
  readonly variant: CrashVariant;
  /** The operation that was lost, of `drop-one`. */
  readonly drop?: number;
  /** Of the tree: type, mode, owner, link target and content of every path. */
  readonly digest: string;
  /** Such as `after operation 207, rename of …/x to …/current`. */
  readonly sentence: string;
  /** Operation, directory and variant: states with the same are much alike. */
  readonly signature: string;
  /** How many candidates left this very tree, itself included, and the names of the others. */
  readonly alike: { readonly count: number; readonly names: readonly string[] };
}

export interface CrashOptions {
  readonly variants: readonly CrashVariant[];
  readonly digest: Digest;
  /** Crashes after these operations, both included; 0 is before the first one. Default: all. */
  readonly from?: number;
  readonly to?: number;
}

interface Candidate {
  readonly k: number;
  readonly variant: CrashVariant;
  readonly drop?: number;
  readonly digest: string;
}

/** The distinct trees that a crash can leave, in the order of the operations; each known by its first candidate. */
export function crashStates(recording: Recording, { variants, digest, from = 0, to = Infinity }: CrashOptions): CrashState[] {
  const story = storyOf(recording);
  const hasher = new Hasher(digest);
  const wanted = crashVariants.filter((variant) => variants.includes(variant));
  const inRange = (k: number): boolean => k >= from && k <= to;
  const candidates = walk(story, wanted, hasher, inRange);
  if (wanted.includes("drop-one")) candidates.push(...dropOne(story, hasher, inRange));
  return distinct(candidates, story);
}

/** How many candidates there were before equal trees were taken together. */
export function candidateCount(states: readonly CrashState[]): number {
  return states.reduce((sum, { alike }) => sum + alike.count, 0);
}

/** The tree that a crash after operation `k` leaves, sorted by path. Contents must not be changed: they are the recording's. */
export function treeAt(recording: Recording, k: number, variant: CrashVariant, drop?: number): TreeFile[] {
  return treeOf(storyOf(recording), k, variant, drop).files();
}

/** The same as inodes and entries. */
export function treeOf(story: Story, k: number, variant: CrashVariant, drop?: number): FileTree {
  const steps = story.steps.filter(({ operation }) => operation.k <= k);
  const running = baseTree(story);
  const disk = variant === "kill" || variant === "drop-one" ? undefined : diskOf(variant, () => baseTree(story));
  for (const { operation, effects } of steps)
    for (const effect of effects) {
      if (operation.k !== drop || variant !== "drop-one" || effect.kind === "birth") perform(running, effect);
      disk?.take(effect, running, operation.k);
    }
  return disk?.tree ?? running;
}

/** One pass over the recording with all disks side by side. */
function walk(story: Story, variants: readonly CrashVariant[], hasher: Hasher, inRange: (k: number) => boolean): Candidate[] {
  const running = baseTree(story);
  const disks = variants
    .filter((variant): variant is DiskVariant => variant !== "kill" && variant !== "drop-one")
    .map((variant) => ({ variant, disk: diskOf(variant, () => baseTree(story)) }));
  const candidates: Candidate[] = [];
  const look = (k: number): void => {
    if (!inRange(k)) return;
    if (variants.includes("kill")) candidates.push({ k, variant: "kill", digest: running.digest(hasher) });
    for (const { variant, disk } of disks) candidates.push({ k, variant, digest: disk.tree.digest(hasher) });
  };
  look(0);
  for (const { operation, effects } of story.steps) {
    for (const effect of effects) {
      perform(running, effect);
      for (const { disk } of disks) disk.take(effect, running, operation.k);
    }
    look(operation.k);
  }
  return candidates;
}

/** For each operation every later moment at which it is not durable yet. Many: the square of the operations, at worst. */
function dropOne(story: Story, hasher: Hasher, inRange: (k: number) => boolean): Candidate[] {
  const durableAt = durability(story);
  return story.steps.flatMap(({ operation: { k: drop }, effects: dropped }): Candidate[] => {
    const until = durableAt.get(drop) ?? Infinity;
    if (
      !dropped.some(
        ({ kind }) => kind === "entries" || kind === "write" || kind === "resize" || kind === "allocate" || kind === "attributes",
      )
    )
      return [];
    const tree = baseTree(story);
    const candidates: Candidate[] = [];
    for (const { operation, effects } of story.steps) {
      if (operation.k >= until) break;
      for (const effect of effects) if (operation.k !== drop || effect.kind === "birth") perform(tree, effect);
      if (operation.k >= drop && inRange(operation.k))
        candidates.push({ k: operation.k, variant: "drop-one", drop, digest: tree.digest(hasher) });
    }
    return candidates;
  });
}

/** When each operation became durable in the strictest sense. */
function durability(story: Story): ReadonlyMap<number, number> {
  const running = baseTree(story);
  const disk = new StrictDisk(baseTree(story));
  for (const { operation, effects } of story.steps)
    for (const effect of effects) {
      perform(running, effect);
      disk.take(effect, running, operation.k);
    }
  return disk.durableAt;
}

function distinct(candidates: readonly Candidate[], story: Story): CrashState[] {
  const operations = new Map<number, Operation>(story.steps.map(({ operation }) => [operation.k, operation]));
  const name = ({ k, variant, drop }: Candidate): string => stateName(operations.get(k), variant, drop, story.steps.length);
  const groups = new Map<string, [Candidate, ...Candidate[]]>();
  for (const candidate of candidates) {
    const group = groups.get(candidate.digest);
    if (group === undefined) groups.set(candidate.digest, [candidate]);
    else group.push(candidate);
  }
  const firsts = [...groups.values()].sort(
    ([one], [other]) => one.k - other.k || rank(one) - rank(other) || (one.drop ?? 0) - (other.drop ?? 0),
  );
  return firsts.map(([first, ...others]): CrashState => {
    const { k, variant, drop, digest } = first;
    const operation = operations.get(k);
    return {
      ...{ name: name(first), k, variant, digest },
      ...(drop === undefined ? {} : { drop }),
      sentence: stateSentence(operation, variant, drop === undefined ? undefined : operations.get(drop)),
      signature: `${operation === undefined ? "start" : signatureOf(operation)}${variant === "kill" ? "" : ` (${variant})`}`,
      alike: { count: others.length + 1, names: others.map(name) },
    };
  });
}

function rank({ variant }: { readonly variant: CrashVariant }): number {
  return crashVariants.indexOf(variant);
}
