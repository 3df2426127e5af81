// How long nothing healthy answered: of the product, or of each of its members.
import type { Observation } from "../../model/index.ts";
import type { Answering } from "./lanes.ts";

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Every stretch without a healthy answer between two times, for one who was up before. */
export function stretchesOf({ answers, end: own }: Answering, start: number, end: number): Stretch[] {
  const last = Math.min(own, end);
  const stretches: Stretch[] = [];
  let since: number | undefined;
  for (const { t, healthy } of [...answers.filter((answer) => answer.t < last), { t: last, healthy: true }]) {
    if (!healthy) since ??= t;
    else if (since !== undefined) {
      const [from, to] = [Math.max(since, start), t];
      if (to > from) stretches.push({ from, to });
      since = undefined;
    }
  }
  const up = answers.find(({ healthy }) => healthy)?.t ?? last; // before it was there for the first time it is not missed
  return stretches.filter(({ from }) => from >= up);
}

/** From the snapshot before the upgrade to the one after it, or to the end; null: it did not come so far. */
export function upgradeTime(seen: readonly Observation[], end: number): Stretch | null {
  const at = (label: "before" | "after"): number | undefined => seen.find((one) => one.kind === "snapshot" && one.label === label)?.t;
  const from = at("before");
  return from === undefined ? null : { from, to: at("after") ?? end };
}
