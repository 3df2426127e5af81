// Runs a plan: artifacts, environments, cells within the limits, verdicts, record. Reads like a recipe; prints nothing.
import os from "node:os";
import { type BuildContext, buildArtifacts, type StoredArtifact } from "../build/index.ts";
import { bundleCellProgram, type Environment } from "../environment/index.ts";
import { gateOf, referencesOf, summarizeSweep } from "../judge/index.ts";
import {
  type ArtifactRef,
  type Cell,
  type CellRecord,
  type EnvironmentName,
  type Observation,
  type Plan,
  RECORD_VERSION,
  type RunRecord,
  type Tier,
  type Verdict,
} from "../model/index.ts";
import type { Project } from "../load/index.ts";
import { neededArtifacts } from "./artifacts.ts";
import { referenceCell } from "./fresh.ts";
import { inputsOf, withInputs } from "./inputs.ts";
import { CellJudge } from "./judging.ts";
import { runCells } from "./cells.ts";
import { RecordFolder } from "./record-folder.ts";
import type { RecorderFile } from "./sweep-tools.ts";
import type { SweepRun } from "./sweeps.ts";

export interface RunOptions {
  readonly run: string;
  readonly tier: Tier;
  /** Folder of all runs. */
  readonly reports: string;
  readonly build: Omit<BuildContext, "products" | "signal" | "onArtifact">;
  readonly environments: ReadonlyMap<EnvironmentName, Environment>;
  readonly unavailable: RunRecord["unavailable"];
  /** Version of upmatrix. */
  readonly version: string;
  readonly replayCommand: (cell: Cell) => string;
  /** Records and interrupts the updater; without it no sweep is planned. */
  readonly recorder?: RecorderFile;
  /** The library that gives a product a clock of its own; without it no cell that needs one is planned. */
  readonly clock?: RecorderFile;
  /** Whether a point of a sweep is asked for; left out: all are. */
  readonly wanted?: (sweep: Cell, point: string) => boolean;
  /** Points beyond what the tier takes are asked for. */
  readonly everyPoint?: boolean;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly on: (event: RunEvent) => void;
  /** For one cell only: stop before this step and open a shell, or leave the cell's environment standing. */
  readonly inspect?: Inspection;
}

export interface Inspection {
  /** Which cell is meant; references are never. */
  readonly cell: (cell: Cell) => boolean;
  readonly keep: boolean;
  readonly breakAt?: number;
  readonly onBreak?: (enter: string[]) => Promise<void>;
}

export type RunEvent =
  | { readonly kind: "artifact"; readonly name: string; readonly cached: boolean; readonly done: number; readonly total: number }
  | { readonly kind: "cells"; readonly total: number }
  /** A sweep was recorded, and so many points of it will run; `total` counts all cells. */
  | { readonly kind: "expanded"; readonly cell: Cell; readonly points: number; readonly total: number }
  | { readonly kind: "started"; readonly cell: Cell }
  | { readonly kind: "observation"; readonly cell: Cell; readonly observation: Observation }
  | { readonly kind: "ended"; readonly cell: CellRecord }
  | { readonly kind: "note"; readonly text: string };

export interface RunResult {
  readonly record: RunRecord;
  readonly directory: string;
}

/** Runs every cell of the plan that can run and writes the record, also when it is interrupted. */
export async function run(project: Project, plan: Plan, options: RunOptions): Promise<RunResult> {
  const startedAt = options.now().toISOString();
  const folder = await RecordFolder.make(options.reports, options.run);
  const runnable = plan.cells.filter((cell) => cell.skip === undefined);
  await folder.keepPlan({ products: project.products, cells: plan.cells });
  const judge = new CellJudge({ products: project.products, known: project.matrix.known }, folder, options, startedAt.slice(0, 10));
  const program = await bundleCellProgram(options.build.cache); // now, while a failure loses nothing
  const tools = [options.version, program.digest, options.recorder?.digest, options.clock?.digest];
  const problems: string[] = [];
  let sweeps: readonly SweepRun[] = [];
  const artifacts = await built(project, runnable, options);
  if (artifacts !== undefined) {
    await prepare(options, artifacts);
    options.on({ kind: "cells", total: runnable.length });
    sweeps = await runCells(runnable, { project, folder, artifacts, judge, options, problems });
    await judge.again();
  }
  const points = new Map(sweeps.map((sweep) => [sweep.cell.id, sweep.points]));
  const cells = plan.cells.flatMap((cell) => [cell, ...(points.get(cell.id) ?? [])]);
  if (points.size > 0) await folder.keepPlan({ products: project.products, cells });
  const inputs = inputsOf({ project, artifacts: artifacts ?? new Map(), environments: options.environments, tools });
  const records = judge.records(cells).map((record, index) => withInputs(record, inputs(cells[index])));
  const record = assemble(project, plan, records, { startedAt, problems, sweeps, options });
  await folder.write(record);
  return { record, directory: folder.directory };
}

/** undefined: the run was interrupted meanwhile. */
async function built(project: Project, cells: readonly Cell[], options: RunOptions): Promise<Map<string, StoredArtifact> | undefined> {
  const references = cells.flatMap((cell) => referencesOf(cell).map((role) => referenceCell(cell, role)));
  const needed: ArtifactRef[] = neededArtifacts([...references, ...cells]);
  return buildArtifacts(needed, {
    ...options.build,
    products: buildProducts(project),
    signal: options.signal,
    onArtifact: (artifact, done, total) => options.on({ kind: "artifact", name: artifact.name, cached: artifact.cached, done, total }),
  }).catch((error: unknown) => {
    if (options.signal.aborted && error === options.signal.reason) return undefined;
    throw error;
  });
}

/** The products of a project as the build wants them. */
export function buildProducts(project: Project): BuildContext["products"] {
  return Object.fromEntries(
    Object.entries(project.products).map(([name, product]) => {
      const directory = project.productDirectories[name] ?? "";
      return [name, { product, directory, releases: project.matrix.products[name]?.releases ?? [] }];
    }),
  );
}

async function prepare(options: RunOptions, artifacts: ReadonlyMap<string, StoredArtifact>): Promise<void> {
  for (const environment of options.environments.values()) await environment.prepare([...artifacts.values()]);
}

function assemble(
  project: Project,
  plan: Plan,
  cells: CellRecord[],
  { startedAt, problems, sweeps, options }: { startedAt: string; problems: string[]; sweeps: readonly SweepRun[]; options: RunOptions },
): RunRecord {
  const interrupted = options.signal.aborted;
  const { gate, exitCode } = gateOf(
    cells.map((cell): Verdict => cell.verdict),
    interrupted,
  );
  const tested = new Set(cells.map((cell) => cell.product));
  return {
    record: RECORD_VERSION,
    upmatrix: options.version,
    run: options.run,
    startedAt,
    endedAt: options.now().toISOString(),
    tier: options.tier,
    gate,
    exitCode,
    interrupted,
    environments: [...options.environments.values()].map(({ facts }) => ({ ...facts, capabilities: [...facts.capabilities] })),
    unavailable: options.unavailable,
    releases: Object.entries(project.matrix.products).flatMap(([product, { releases }]) =>
      tested.has(product) ? releases.map((release) => ({ product, ...release })) : [],
    ),
    settings: Object.entries(project.products).flatMap(([product, { settings }]) =>
      tested.has(product) ? Object.entries(settings).map(([name, { published, test }]) => ({ product, name, published, test })) : [],
    ),
    leftOut: [...plan.leftOut],
    skipped: plan.cells.flatMap((cell) => (cell.skip === undefined ? [] : [{ id: cell.id, reason: cell.skip }])),
    problems,
    sweeps: sweeps.flatMap(({ cell, expanded, ...swept }) =>
      expanded === null ? [] : [summarizeSweep({ sweep: cell, ...expanded, ...swept }, cells)],
    ),
    cells,
  };
}

/** Cells at once when nothing else is said: products wait more than they work. */
export function defaultParallel(): number {
  return Math.max(2, os.availableParallelism() * 2);
}
