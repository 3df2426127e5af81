// The cell as JSON that is handed to the cell program inside an environment.
import type { Script } from "./cell.ts";
import type { Product } from "./product.ts";
import type { Cut } from "./sweep.ts";

/** An artifact as the environment holds it. */
export interface JobArtifact {
  readonly name: string;
  readonly version: string;
  /** Folder with the files below, inside the environment. */
  readonly directory: string;
  /** File name of the archive. */
  readonly archive: string;
  readonly files: readonly string[];
  readonly archiveBytes: number;
  readonly unpackedBytes: number;
}

export interface CellJob {
  readonly id: string;
  readonly product: Product;
  readonly script: Script;
  readonly versions: { readonly from: string; readonly to: string; readonly next: string };
  /** Keyed by role and variant: `from`, `to`, `to~crash-on-start`, `next`. */
  readonly artifacts: Readonly<Record<string, JobArtifact>>;
  /** Install tree. */
  readonly root: string;
  /** Names of the hosts at the beginning; none: the install tree is that of the only one. Each one's tree is a folder of it. */
  readonly hosts?: readonly string[];
  /** Scratch folder of the cell beside the install tree: units, sockets, service logs. */
  readonly work: string;
  /** Environment capabilities such as small-disk. */
  readonly capabilities: readonly string[];
  readonly limits: { readonly stepMs: number; readonly cellMs: number };
  /** The recorder's program, inside the environment; needed for faults at operations, and where the upgrade is recorded. */
  readonly recorder?: string;
  /** The library that gives the product a clock of its own, inside the environment; needed for the fault clock and the condition time. */
  readonly clock?: string;
  /** Points that begin with a restored state; without them the script is run from its first step. */
  readonly points?: {
    /** The file with the recording, inside the environment. */
    readonly recording: string;
    readonly cuts: readonly Cut[];
    /** How many of the points that are foretold from others are booted all the same, to see whether it comes so. */
    readonly witnesses: number;
  };
  /** Stop before this step (from 1) and wait for a line on standard input. */
  readonly breakAt?: number;
}

/** Key of an artifact in a job. */
export function jobArtifactKey(role: "from" | "to" | "next", variant: string | undefined): string {
  return variant === undefined ? role : `${role}~${variant}`;
}
