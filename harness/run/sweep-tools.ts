// What a sweep is given to run with: cells, their environments, and a judge.
import path from "node:path";
import type { Environment } from "../environment/index.ts";
import type { Cell, CellEnd, CellJob, CellRecord, Observation, Product, Tier } from "../model/index.ts";
import type { RecordingStore } from "./recordings.ts";

/** The recorder's program on this machine. */
export interface RecorderFile {
  readonly file: string;
  readonly digest: string;
}

export interface SweepTools {
  readonly store: RecordingStore;
  /** Digest of the program that runs inside the environment: what it does differently is recorded differently. */
  readonly program: string;
  readonly recorder: RecorderFile;
  readonly tier: Tier;
  readonly product: Product;
  /** The most points a sweep takes, below the tier `full`. */
  readonly most: number | undefined;
  /** Whether a point is asked for; a point that is named alone is run whatever the tier. */
  readonly wanted: (sweep: Cell, point: string) => boolean;
  readonly everyPoint: boolean;
  readonly signal: AbortSignal;
  /** The job of a cell in an environment, without what only sweeps add. */
  job(cell: Cell, environment: Environment): JobParts;
  inSlot<T>(cell: Cell, body: (environment: Environment) => Promise<T>): Promise<T>;
  /** How many cells of a kind run at once. */
  readonly slots: number;
  /** Runs a job; every observation but the end is handed over. */
  observe(cell: Cell, environment: Environment, job: JobParts, see: (observation: Observation) => void): Promise<CellEnd>;
  /** Judges a cell from what was observed, and keeps that. */
  judged(cell: Cell, observations: readonly Observation[]): Promise<CellRecord>;
  /** Runs an ordinary cell from its start to its verdict. */
  one(cell: Cell): Promise<void>;
  expanded(points: readonly Cell[]): void;
}

export type JobParts = Omit<CellJob, "root" | "work" | "capabilities">;

/** Makes the recorder, or another file of ours, available in an environment; returns where it lies there. */
export async function placedRecorder({ file, digest }: RecorderFile, environment: Environment): Promise<string> {
  const key = `recorder/${digest}`;
  await environment.prepare([{ key, directory: path.dirname(file), files: [path.basename(file)] }]);
  return `${environment.artifactDirectory(key)}/${path.basename(file)}`;
}
