// What a benchmark is told.
import type { Measured } from "./measure.ts";

export interface BenchOptions {
  /** Runs, or pairs of runs; undefined: as many as the benchmark itself thinks right. */
  readonly runs: number | undefined;
  /** Cells, or points, of a run; undefined: as many as the benchmark itself thinks right. */
  readonly cells: number | "all" | undefined;
  /** The product whose updater is swept; undefined: the last one of the matrix. */
  readonly product: string | undefined;
  /** Progress; not the result. */
  readonly say: (line: string) => void;
  /** Aborted when somebody wants it to end: it then throws as soon as it can, and leaves nothing behind. */
  readonly signal: AbortSignal;
}

export type Benchmark = (options: BenchOptions) => Promise<Measured[]>;
