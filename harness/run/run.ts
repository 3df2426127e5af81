// Runs a plan: artifacts, environments, cells within the limits, verdicts, record. Reads like a recipe; prints nothing.
import os from "node:os";
import pLimit from "p-limit";
import { type BuildContext, buildArtifacts, type StoredArtifact } from "../build/index.ts";
import type { Environment } from "../environment/index.ts";
import { gateOf, referencesOf } from "../judge/index.ts";
import {
  type ArtifactRef,
  type Cell,
  type CellRecord,
  type EnvironmentName,
  milliseconds,
  type Observation,
  type Plan,
  RECORD_VERSION,
  type RunRecord,
  type Tier,
  type Verdict,
} from "../model/index.ts";
import type { Project } from "../load/index.ts";
import { jobArtifacts, neededArtifacts } from "./artifacts.ts";
import { FreshInstalls, referenceCell } from "./fresh.ts";
import { CellJudge } from "./judging.ts";
import { RecordFolder } from "./record-folder.ts";

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
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly on: (event: RunEvent) => void;
  /** For one cell only: stop before this step and open a shell, or leave the cell's environment standing. */
  readonly inspect?: Inspection;
}

export interface Inspection {
  readonly keep: boolean;
  readonly breakAt?: number;
  readonly onBreak?: (enter: string[]) => Promise<void>;
}

export type RunEvent =
  | { readonly kind: "artifact"; readonly name: string; readonly cached: boolean; readonly done: number; readonly total: number }
  | { readonly kind: "cells"; readonly total: number }
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
  const problems: string[] = [];
  const artifacts = await built(project, runnable, options);
  if (artifacts !== undefined) {
    await prepare(options, artifacts);
    options.on({ kind: "cells", total: runnable.length });
    await runCells(runnable, { project, folder, artifacts, judge, options, problems });
    await judge.again();
  }
  const record = assemble(project, plan, judge.records(plan.cells), { startedAt, problems, options });
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

interface Work {
  readonly project: Project;
  readonly folder: RecordFolder;
  readonly artifacts: ReadonlyMap<string, StoredArtifact>;
  readonly judge: CellJudge;
  readonly options: RunOptions;
  readonly problems: string[];
}

/** Each environment has its own slots. Only a few more cells than slots are begun, so that few observations are held at once. */
async function runCells(cells: readonly Cell[], work: Work): Promise<void> {
  const { options } = work;
  const slots = new Map([...options.environments].map(([name, environment]) => [name, pLimit(environment.slots)]));
  const waiting = pLimit([...options.environments.values()].reduce((sum, environment) => sum + environment.slots, 0) * 2);
  const inSlot = <T>(cell: Cell, body: (environment: Environment) => Promise<T>): Promise<T> => {
    const environment = options.environments.get(cell.environment);
    const slot = slots.get(cell.environment);
    if (environment === undefined || slot === undefined)
      throw new Error(`Cannot run ${cell.id}: the environment ${cell.environment} is not open`);
    return slot(() => body(environment));
  };
  const fresh = new FreshInstalls(async (cell) => {
    const file = work.folder.reference(cell.id);
    const observations = await inSlot(cell, (environment) => observe(cell, environment, work, file.add));
    await file.close();
    return observations;
  });
  const one = async (cell: Cell): Promise<void> => {
    const references = {
      to: await fresh.of(cell, "to"),
      next: referencesOf(cell).includes("next") ? await fresh.of(cell, "next") : undefined,
    };
    const file = work.folder.observations(cell.id);
    const observations = await inSlot(cell, (environment) => {
      options.on({ kind: "started", cell });
      return observe(cell, environment, work, file.add);
    });
    await file.close().catch((error: Error) => work.problems.push(`Cannot keep the observations of ${cell.id}: ${error.message}`));
    options.on({ kind: "ended", cell: work.judge.judge(cell, observations, references, file.name) });
  };
  await waiting.map(cells, one);
}

/** Runs one cell in its environment and returns all that was seen, also when it was cut short. */
async function observe(
  cell: Cell,
  environment: Environment,
  work: Work,
  keep: (observation: Observation) => void,
): Promise<readonly Observation[]> {
  const { options, project, artifacts } = work;
  const observations: Observation[] = [];
  const add = (observation: Observation): void => {
    observations.push(observation);
    keep(observation);
    options.on({ kind: "observation", cell, observation });
  };
  if (options.signal.aborted) {
    add({ t: 0, kind: "end", end: { how: "interrupted", detail: "The run was interrupted before this cell began", leaks: [] } });
    return observations;
  }
  const product = project.products[cell.product];
  if (product === undefined) throw new Error(`Cannot run ${cell.id}: the project has no product ${cell.product}`);
  const { inspect } = options;
  const inspected = inspect !== undefined && cell.script.scenario !== "fresh-install";
  const end = await environment.run({
    job: {
      id: cell.id,
      product,
      script: cell.script,
      versions: { from: cell.from, to: cell.to, next: cell.next },
      artifacts: jobArtifacts(cell, artifacts, (key) => environment.artifactDirectory(key)),
      limits: { stepMs: milliseconds(project.matrix.limits.step), cellMs: milliseconds(project.matrix.limits.cell) },
      ...(inspected && inspect.breakAt !== undefined ? { breakAt: inspect.breakAt } : {}),
    },
    observe: (observation) => (observation.kind === "end" ? undefined : add(observation)),
    signal: options.signal,
    ...(inspected ? { keep: inspect.keep, ...(inspect.onBreak === undefined ? {} : { onBreak: inspect.onBreak }) } : {}),
  });
  if (end.leaks.length > 0) work.problems.push(`${cell.id} left something behind, which was removed: ${end.leaks.join("; ")}`);
  add({ t: observations.at(-1)?.t ?? 0, kind: "end", end });
  return observations;
}

function assemble(
  project: Project,
  plan: Plan,
  cells: CellRecord[],
  { startedAt, problems, options }: { startedAt: string; problems: string[]; options: RunOptions },
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
    settings: Object.entries(project.products).flatMap(([product, { settings }]) =>
      tested.has(product) ? Object.entries(settings).map(([name, { published, test }]) => ({ product, name, published, test })) : [],
    ),
    leftOut: [...plan.leftOut],
    skipped: plan.cells.flatMap((cell) => (cell.skip === undefined ? [] : [{ id: cell.id, reason: cell.skip }])),
    problems,
    cells,
  };
}

/** Cells at once when nothing else is said: products wait more than they work. */
export function defaultParallel(): number {
  return Math.max(2, os.availableParallelism() * 2);
}
