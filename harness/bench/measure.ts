// What a benchmark says: measured values, their median, and whether the goal is met. Numbers in, text out.

export interface Goal {
  readonly than: "at least" | "below";
  readonly value: number;
}

export interface Measure {
  readonly name: string;
  /** `×`, `s`, `MB`, `KB`. */
  readonly unit: string;
  /** One value a run; of paired runs their ratio. */
  readonly values: readonly number[];
  readonly goal: Goal;
  /** What was measured, and what the values do not say. */
  readonly note: string;
}

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
    met: goal.than === "below" ? median < goal.value : median >= goal.value,
  };
}

/** One line: name, median, min, max, goal, met; then what it is about. */
export function formatMeasure(measure: Measure): string {
  const { name, unit, median, min, max, goal, met, values, note } = summarize(measure);
  const show = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`;
  const wanted = `${goal.than === "below" ? "<" : "≥"} ${goal.value} ${unit}`;
  return `${name.padEnd(26)} median ${show(median)} · min ${show(min)} · max ${show(max)} · goal ${wanted} · met: ${met ? "yes" : "no"} · ${values.length} runs: ${note}`;
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (low === undefined || high === undefined) throw new RangeError("Cannot take the median: nothing was measured");
  return (low + high) / 2;
}
