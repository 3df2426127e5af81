// The observations of one point of a sweep, put together: what was recorded before the cut, and what was seen after the boot.
import type { CellEnd, Observation, SameAs } from "../model/index.ts";

/** What was observed between the beginning and the end of a point. */
export interface PointSeen {
  readonly name: string;
  readonly observations: readonly Observation[];
  /** null: it was not over when its cell ended. `foretold`: some of it nobody saw. */
  readonly ended: { readonly how: CellEnd["how"]; readonly same: SameAs; readonly foretold: boolean } | null;
}

/** Collects the points out of the stream of a cell that took several. */
export class PointCollector {
  readonly #over: (seen: PointSeen) => void;
  #name: string | undefined;
  #observations: Observation[] = [];

  /** @param over called with each point that is over */
  constructor(over: (seen: PointSeen) => void) {
    this.#over = over;
  }

  add(observation: Observation): void {
    if (observation.kind !== "point") return void this.#observations.push(observation);
    if (observation.event === "started") {
      this.#name = observation.name;
      this.#observations = [];
    } else {
      const { how, same = {}, foretold = false } = observation;
      this.#tell({ how, same, foretold });
    }
  }

  /** The point that was under way when the cell ended; undefined when there was none. */
  unfinished(): PointSeen | undefined {
    return this.#name === undefined ? undefined : { name: this.#name, observations: this.#observations, ended: null };
  }

  #tell(ended: PointSeen["ended"]): void {
    if (this.#name === undefined) return;
    this.#over({ name: this.#name, observations: this.#observations, ended });
    this.#name = undefined;
  }
}

/**
 * What was recorded up to the upgrade that is cut off, its step begun. The point's own observations follow upon it.
 * @param step number of the step that is cut off
 */
export function prefixOf(recorded: readonly Observation[], step: number): Observation[] {
  const begun = recorded.findIndex((seen) => seen.kind === "step" && seen.step === step && seen.event === "started");
  return recorded.slice(0, begun + 1).filter(({ kind }) => kind !== "recorded");
}

/** One point as if its cell had run alone and from the start. */
export function composed(prefix: readonly Observation[], own: readonly Observation[], end: CellEnd): Observation[] {
  const shift = (prefix.at(-1)?.t ?? 0) - (own[0]?.t ?? 0);
  const moved = own.map((seen) => ({ ...seen, t: round(seen.t + shift) }));
  return [...prefix, ...moved, { t: moved.at(-1)?.t ?? prefix.at(-1)?.t ?? 0, kind: "end", end }];
}

/**
 * A point whose parts were not all done: those that were seen at other points are taken from there, with its own snapshots in
 * place of theirs.
 * @param whole what is known of an earlier point
 */
export function completed(
  own: readonly Observation[],
  { boot, rest }: SameAs,
  whole: (name: string) => readonly Observation[],
): readonly Observation[] {
  const snapshots = new Map(own.flatMap((seen) => (seen.kind === "snapshot" ? [[seen.label, seen] as const] : [])));
  const told = (seen: Observation): Observation => {
    const foretold = seen.kind === "snapshot" ? snapshots.get(seen.label) : undefined;
    return foretold === undefined ? seen : { ...foretold, t: seen.t };
  };
  const begun = own.filter((seen) => seen.kind !== "snapshot" || (boot === undefined && (rest === undefined || seen.label !== "again")));
  const booted = boot === undefined ? begun : joined(begun, { part: "boot", point: boot, why: BOOT }, bootOf(whole(boot)).map(told));
  return rest === undefined ? booted : joined(booted, { part: "rest", point: rest, why: REST }, restOf(whole(rest)).map(told));
}

const BOOT = "all that its boot looked at is the same here";
const REST = "after the boot everything that counts from then on is the same";

function joined(
  own: readonly Observation[],
  same: { readonly part: keyof SameAs; readonly point: string; readonly why: string },
  other: readonly Observation[],
): Observation[] {
  const last = own.at(-1)?.t ?? 0;
  const shift = last - (other[0]?.t ?? last);
  return [...own, { t: last, kind: "same", ...same }, ...other.map((seen) => ({ ...seen, t: round(seen.t + shift) }))];
}

/** From after the cut to the end of the step that looks at what it booted to. */
function bootOf(point: readonly Observation[]): readonly Observation[] {
  const cut = point.findIndex((seen) => seen.kind === "step" && seen.event === "ended");
  return point.slice(cut + 1, bootEnd(point) + 1).filter(({ kind }) => kind !== "same");
}

function restOf(point: readonly Observation[]): readonly Observation[] {
  return point.slice(bootEnd(point) + 1).filter(({ kind }) => kind !== "same");
}

function bootEnd(point: readonly Observation[]): number {
  const seenLast = point.findIndex((seen) => seen.kind === "snapshot" && seen.label === "rebooted");
  return point.findIndex((seen, index) => index > seenLast && seen.kind === "step" && seen.event === "ended");
}

function round(t: number): number {
  return Math.round(t * 10) / 10;
}
