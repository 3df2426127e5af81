// What a benchmark is told.
import type { Measure } from "./measure.ts";

export interface BenchOptions {
  /** Runs, or pairs of runs; undefined: as many as the benchmark itself thinks right. */
  readonly runs: number | undefined;
  readonly cells: number | "all";
  /** Progress; not the result. */
  readonly say: (line: string) => void;
}

export type Benchmark = (options: BenchOptions) => Promise<Measure[]>;
