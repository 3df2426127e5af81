// Which of the pairs a scenario may run on it does run on.
import type { RequiredTraits, Selection } from "../model/index.ts";
import type { Pair, RankedRelease } from "./pairs.ts";

/**
 * `all`; `traits`: one representative for each combination of traits of `from` and `to` (of `next` too, in chains), kind and inversion,
 * namely the one built last; `updaters`: one for each traits of `from` and kind, into the release most like it, which tests the updater that
 * is out there and not a difference between releases; `newest`: the pairs into the offered release built last; `latest`: of those the one from the release built last. Equal build times: the higher version.
 */
export function select(pairs: readonly Pair[], selection: Selection, chain: boolean): ReadonlySet<Pair> {
  switch (selection) {
    case "all":
      return new Set(pairs);
    case "traits":
      return new Set(representatives(pairs, chain));
    case "updaters":
      return new Set(likest(pairs));
    case "newest": {
      const newest = newestTarget(pairs);
      return new Set(pairs.filter((pair) => pair.to === newest));
    }
    case "latest": {
      const [first, ...others] = pairs;
      return first === undefined ? new Set() : new Set([others.reduce((best, pair) => (isLater(pair, best) ? pair : best), first)]);
    }
    default:
      return selection satisfies never;
  }
}

/** Whether a pair is one of those that a scenario is about. */
export function haveTraits({ from, to }: Pair, required: RequiredTraits | undefined): boolean {
  const sides = [
    [from, required?.from],
    [to, required?.to],
  ] as const;
  return sides.every(([release, wanted]) => {
    const own = traitsOf(release);
    return wanted === undefined || (wanted.has.every((one) => own.includes(one)) && !wanted.lacks.some((one) => own.includes(one)));
  });
}

function representatives(pairs: readonly Pair[], chain: boolean): Iterable<Pair> {
  const best = new Map<string, Pair>();
  for (const pair of pairs) {
    const key = [pair.from.traits, pair.to.traits, chain ? pair.next.traits : "", pair.kind, pair.inverted].join("|");
    const other = best.get(key);
    if (other === undefined || isLater(pair, other)) best.set(key, pair);
  }
  return best.values();
}

function likest(pairs: readonly Pair[]): Iterable<Pair> {
  const best = new Map<string, Pair>();
  for (const pair of pairs) {
    const key = `${pair.from.traits}|${pair.kind}`;
    const other = best.get(key);
    if (other === undefined || (differences(other) - differences(pair) || Number(isLater(pair, other))) > 0) best.set(key, pair);
  }
  return best.values();
}

/** How many traits only one of the two has. */
function differences({ from, to }: Pair): number {
  const [one, other] = [traitsOf(from), traitsOf(to)];
  return one.filter((trait) => !other.includes(trait)).length + other.filter((trait) => !one.includes(trait)).length;
}

function traitsOf({ traits }: RankedRelease): string[] {
  return traits === "" ? [] : traits.split(",");
}

function isLater(pair: Pair, other: Pair): boolean {
  const order = compareBuilt(pair.to, other.to) || compareBuilt(pair.from, other.from);
  return order > 0;
}

function newestTarget(pairs: readonly Pair[]): RankedRelease | undefined {
  return pairs
    .map((pair) => pair.to)
    .reduce<RankedRelease | undefined>((best, to) => (best === undefined || compareBuilt(to, best) > 0 ? to : best), undefined);
}

function compareBuilt(a: RankedRelease, b: RankedRelease): number {
  return a.builtMs - b.builtMs || a.rank - b.rank;
}
