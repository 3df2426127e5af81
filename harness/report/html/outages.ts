// When nothing healthy answered: of the product, or of each of its members, as long as it was observed to be so.
import type { Observation } from "../../model/index.ts";

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What answers at a time; from one change to the next it stays so. */
export interface Answer {
  readonly t: number;
  readonly version: string | null;
  readonly healthy: boolean;
}

/** A time in which nothing healthy answered, from one change of what answers to another. */
export interface Outage extends Stretch {
  /** A healthy answer ended it; else the end of the cell, or somebody took the member away. */
  readonly over: boolean;
}

/**
 * When one is expected to answer: from its first healthy answer until it is taken away, and again from the first one after
 * that. Before it was there for the first time it is not missed.
 * @param removals when it was taken away
 */
export function livesOf(answers: readonly Answer[], removals: readonly number[], end: number): Stretch[] {
  const lives: Stretch[] = [];
  let from = firstHealthy(answers, -Infinity);
  for (const to of removals) {
    if (from !== undefined && from < to) lives.push({ from, to });
    from = firstHealthy(answers, to);
  }
  if (from !== undefined && from < end) lives.push({ from, to: end });
  return lives;
}

function firstHealthy(answers: readonly Answer[], after: number): number | undefined {
  return answers.find(({ t, healthy }) => healthy && t > after)?.t;
}

/** Every outage in these lives, whole. */
export function outagesOf(answers: readonly Answer[], lives: readonly Stretch[]): Outage[] {
  return lives.flatMap(({ from: start, to: end }) => {
    const outages: Outage[] = [];
    let since: number | undefined;
    for (const { t, healthy } of answers) {
      if (t < start || t > end) continue;
      if (!healthy) since ??= t;
      else if (since !== undefined) {
        outages.push({ from: since, to: t, over: true });
        since = undefined;
      }
    }
    return since === undefined || since === end ? outages : [...outages, { from: since, to: end, over: false }];
  });
}

/**
 * From the snapshot before the upgrade to the next one (after a crash that is the one after the boot), or to the end: an
 * outage that begins in this time is one of the upgrade, however long it takes. null: it did not come so far.
 */
export function upgradeTime(seen: readonly Observation[], end: number): Stretch | null {
  const looks = seen.filter((one) => one.kind === "snapshot" && one.label !== "fresh");
  const before = looks.findIndex((one) => one.kind === "snapshot" && one.label === "before");
  const from = looks[before]?.t;
  return from === undefined ? null : { from, to: looks[before + 1]?.t ?? end };
}
