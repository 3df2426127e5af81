// The shortest safe way from one release to another, or why there is none.
import { byVersion } from "../overview.ts";
import type { GraphPair, UpgradeGraph } from "./graph.ts";

export type PathAnswer =
  | { readonly kind: "there" }
  | { readonly kind: "chain"; readonly steps: readonly GraphPair[] }
  | {
      readonly kind: "none";
      /** Where one safely gets from `from`, and from where one safely gets to `to`. */
      readonly reachable: readonly string[];
      readonly leading: readonly string[];
      /** Pairs that would close the gap, were they safe. */
      readonly between: readonly GraphPair[];
      /** The shortest chain that takes known risks as well. */
      readonly risky: readonly GraphPair[] | null;
    };

/**
 * Upwards only upgrades count, downwards only downgrades: nobody is sent back to get on. Among chains of one length those that
 * lead through the newest releases are taken.
 */
export function safePath(graph: UpgradeGraph, from: string, to: string): PathAnswer {
  if (from === to) return { kind: "there" };
  const kind = byVersion(from, to) < 0 ? "upgrade" : "downgrade";
  const pairs = graph.pairs.filter((pair) => pair.kind === kind);
  const safe = pairs.filter(({ state }) => state.kind === "safe");
  const steps = shortest(safe, from, to);
  if (steps !== null) return { kind: "chain", steps };
  const reachable = closure(safe, from, ({ from: a, to: b }) => [a, b]);
  const leading = closure(safe, to, ({ from: a, to: b }) => [b, a]);
  const between = pairs.filter((pair) => reachable.includes(pair.from) && leading.includes(pair.to));
  const passable = pairs.filter(({ state }) => state.kind === "safe" || state.kind === "conditional");
  return { kind: "none", reachable, leading, between, risky: shortest(passable, from, to) };
}

/** Breadth first, newest release first. */
function shortest(pairs: readonly GraphPair[], from: string, to: string): GraphPair[] | null {
  const outgoing = Map.groupBy(pairs, (pair) => pair.from);
  const cameBy = new Map<string, GraphPair | null>([[from, null]]);
  const queue = [from];
  for (const version of queue) {
    if (version === to) return backFrom(cameBy, to);
    for (const pair of (outgoing.get(version) ?? []).toSorted((a, b) => byVersion(b.to, a.to))) {
      if (cameBy.has(pair.to)) continue;
      cameBy.set(pair.to, pair);
      queue.push(pair.to);
    }
  }
  return null;
}

function backFrom(cameBy: ReadonlyMap<string, GraphPair | null>, to: string): GraphPair[] {
  const steps: GraphPair[] = [];
  for (let pair = cameBy.get(to) ?? null; pair !== null; pair = cameBy.get(pair.from) ?? null) steps.unshift(pair);
  return steps;
}

/** All versions that are reached from one, itself included, by ascending version. */
function closure(pairs: readonly GraphPair[], start: string, ends: (pair: GraphPair) => readonly [string, string]): string[] {
  const next = Map.groupBy(pairs, (pair) => ends(pair)[0]);
  const seen = new Set([start]);
  for (const version of seen) for (const pair of next.get(version) ?? []) seen.add(ends(pair)[1]);
  return [...seen].toSorted(byVersion);
}
