// Releases in order, and the pairs and chains they make. Hides the comparison of versions and build times.
import semver from "semver";
import type { Matrix, PairKind, Release } from "../model/index.ts";

/** A release with what planning compares, computed once. */
export interface RankedRelease {
  readonly version: string;
  /** Place in the order of versions, from 0. */
  readonly rank: number;
  readonly builtMs: number;
  /** Sorted traits, joined. */
  readonly traits: string;
  readonly withdrawn: boolean;
}

/** An ordered pair of releases and the release a user goes to afterwards; in a chain `next` is part of what is run. */
export interface Pair {
  readonly from: RankedRelease;
  readonly to: RankedRelease;
  readonly next: RankedRelease;
  readonly kind: PairKind;
  readonly inverted: boolean;
}

/** Releases by ascending version. */
export function rankReleases(releases: readonly Release[]): RankedRelease[] {
  const sorted = releases.toSorted((a, b) => semver.compareBuild(a.version, b.version));
  return sorted.map((release, rank) => ({
    version: release.version,
    rank,
    builtMs: Date.parse(release.built),
    traits: release.traits.toSorted().join(","),
    withdrawn: release.withdrawn !== undefined,
  }));
}

/** Every ordered pair the rules allow, by ascending `from`, then `to`. A withdrawn release is never a `to`. */
export function pairsOf(ranked: readonly RankedRelease[], rules: Matrix["pairs"]): Pair[] {
  const offered = ranked.filter((release) => !release.withdrawn);
  const next = new Map(offered.map((to) => [to, nextAfter(to, offered) ?? to]));
  const pairs: Pair[] = [];
  for (const from of ranked) {
    for (const to of offered) {
      const kind = kindOf(from, to);
      const inverted = isInverted(from, to);
      if (!rules.kinds.includes(kind) || (inverted && !rules.inverted)) continue;
      pairs.push({ from, to, next: next.get(to) ?? to, kind, inverted });
    }
  }
  return pairs;
}

/** The pairs that go on, upwards, to a third release. A chain is inverted when one of its two upgrades is. */
export function chainsOf(pairs: readonly Pair[], rules: Matrix["pairs"]): Pair[] {
  const upwards = pairs.filter((pair) => pair.kind === "upgrade" && pair.next !== pair.to);
  const chains = upwards.map((pair) => ({ ...pair, inverted: pair.inverted || isInverted(pair.to, pair.next) }));
  return rules.inverted ? chains : chains.filter((chain) => !chain.inverted);
}

/**
 * The release a user on `to` goes to afterwards: the lowest version above it with the same traits, so that one more upgrade is not made
 * to fail by a difference that other pairs test; else the lowest version above it. None is left above the highest version: there the
 * caller takes `to` once more, as a rebuild.
 */
function nextAfter(to: RankedRelease, offered: readonly RankedRelease[]): RankedRelease | undefined {
  const above = offered.filter((release) => release.rank > to.rank);
  return above.find((release) => release.traits === to.traits) ?? above[0];
}

function kindOf(from: RankedRelease, to: RankedRelease): PairKind {
  if (from.rank === to.rank) return "rebuild";
  return from.rank < to.rank ? "upgrade" : "downgrade";
}

function isInverted(a: RankedRelease, b: RankedRelease): boolean {
  return (a.rank - b.rank) * (a.builtMs - b.builtMs) < 0;
}
