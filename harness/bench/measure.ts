// What a benchmark says: measured values, their median, and whether the goal is met. Numbers in, text out.

export interface Goal {
  readonly than: "at least" | "at most" | "below";
  readonly value: number;
}

export interface Measure {
  readonly name: string;
  /** `×`, `s`, `MB`, `KB`, `%`, `states/s`. */
  readonly unit: string;
  /** One value a run; of paired runs their ratio. */
  readonly values: readonly number[];
  readonly goal: Goal;
  /** What was measured, and what the values do not say. */
  readonly note: string;
}

/** What this machine cannot measure, and why. */
export interface Skipped {
  readonly name: string;
  readonly skipped: string;
}

export type Measured = Measure | Skipped;

/** A measure as `--json` gives it. */
export interface MeasureJson extends Measure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly met: boolean;
}

export function summarize(measure: Measure): MeasureJson {
  const { values, goal } = measure;
  const median = medianOf(values);
  return {
    ...measure,
    median,
    min: Math.min(...values),
    max: Math.max(...values),
    met: isMet(goal, median),
  };
}

function isMet({ than, value }: Goal, median: number): boolean {
  switch (than) {
    case "at least":
      return median >= value;
    case "at most":
      return median <= value;
    case "below":
      return median < value;
    default:
      return than satisfies never;
  }
}

const SIGNS = { "at least": "≥", "at most": "≤", below: "<" } as const;

/** One line: name, median, min, max, goal, met; then what it is about. Or why there is no measure. */
export function formatMeasure(measure: Measured): string {
  if ("skipped" in measure) return `${measure.name.padEnd(26)} skipped: ${measure.skipped}`;
  const { name, unit, median, min, max, goal, met, values, note } = summarize(measure);
  // never rounded up: 99.96 % is not all
  const digits = (value: number): string => (unit === "%" ? String(Math.floor(value * 10) / 10) : value.toFixed(value < 10 ? 2 : 0));
  const show = (value: number): string => `${digits(value)} ${unit}`;
  const wanted = `${SIGNS[goal.than]} ${goal.value} ${unit}`;
  return `${name.padEnd(26)} median ${show(median)} · min ${show(min)} · max ${show(max)} · goal ${wanted} · met: ${met ? "yes" : "no"} · ${values.length} ${values.length === 1 ? "run" : "runs"}: ${note}`;
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (low === undefined || high === undefined) throw new RangeError("Cannot take the median: nothing was measured");
  return (low + high) / 2;
}
