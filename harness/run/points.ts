// The observations of one point of a sweep, put together: what was recorded before the cut, and what was seen after the boot.
import type { CellEnd, Observation } from "../model/index.ts";

/** What was observed between the beginning and the end of a point. */
export interface PointSeen {
  readonly name: string;
  readonly observations: readonly Observation[];
  /** null: it was not over when its cell ended. */
  readonly ended: { readonly how: CellEnd["how"]; readonly same: string | undefined } | null;
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
      const { how, same } = observation;
      this.#tell({ how, same });
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

/** What follows the boot at a point that looked the same then. */
export function continued(own: readonly Observation[], other: readonly Observation[], name: string): Observation[] {
  const seenLast = other.findIndex((seen) => seen.kind === "snapshot" && seen.label === "rebooted");
  const stepEnd = other.findIndex((seen, index) => index > seenLast && seen.kind === "step" && seen.event === "ended");
  const from = other[stepEnd]?.t ?? 0;
  const last = own.at(-1)?.t ?? 0;
  const rest = other.slice(stepEnd + 1).map((seen) => ({ ...seen, t: round(seen.t - from + last) }));
  return [
    ...own,
    { t: last, kind: "problem", message: `What follows is taken from the point ${name}: after the boot everything was the same` },
    ...rest,
  ];
}

function round(t: number): number {
  return Math.round(t * 10) / 10;
}
