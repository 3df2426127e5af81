// What the throughput benchmarks stand on: the project, Docker opened and warm, and a sample of cells that pass there.
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buildArtifacts, type StoredArtifact } from "../build/index.ts";
import { type Environment, openEnvironment } from "../environment/index.ts";
import { loadProject, type Project } from "../load/index.ts";
import { artifactName, type ArtifactRef, artifactsOf, type Cell, type EnvironmentName } from "../model/index.ts";
import { addressMatcher, planCells } from "../plan/index.ts";
import { buildProducts, defaultParallel, run, type RunOptions, type RunResult } from "../run/index.ts";
import type { BenchOptions } from "./options.ts";

/** The scenario in which nothing goes wrong: what it costs is what everything costs. */
const SCENARIO = "clean-upgrade";

export interface GroundOptions extends Pick<BenchOptions, "say" | "signal"> {
  readonly cells: number | "all";
}

export interface Releases {
  readonly from: StoredArtifact;
  readonly to: StoredArtifact;
  readonly next: StoredArtifact;
}

export class Ground implements AsyncDisposable {
  readonly project: Project;
  readonly environment: Environment;
  readonly run: string;
  readonly signal: AbortSignal;
  /** Passing cells only; filled by `open`. */
  cells: readonly Cell[] = [];
  /** Cells of the sample that do not pass and so cannot be compared. */
  leftOut = 0;
  readonly #scratch: string;
  #releases = new Map<string, StoredArtifact>();
  #runs = 0;
  #warm: RunResult | undefined;

  /** Opens Docker, builds, and runs the sample once: images, caches and the pool are warm afterwards. */
  static async open(options: GroundOptions): Promise<Ground> {
    const ground = await Ground.begin("docker", options);
    try {
      const candidates = sampleOf(ground.plan(), options.cells);
      await ground.#build(candidates);
      ground.#warm = await ground.runOnce(candidates);
      const passed = new Set(ground.warm.record.cells.flatMap(({ id, verdict }) => (verdict === "passed" ? [id] : [])));
      ground.cells = candidates.filter(({ id }) => passed.has(id));
      ground.leftOut = candidates.length - ground.cells.length;
      if (ground.cells.length === 0)
        throw new Error(`Cannot measure: none of ${candidates.length} cells passes; look at \`npm start -- --scenario ${SCENARIO}\``);
      return ground;
    } catch (error) {
      await ground[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Opens an environment for any cells. */
  static async begin(name: EnvironmentName, { say, signal }: Pick<BenchOptions, "say" | "signal">): Promise<Ground> {
    const project = await loadProject(process.cwd(), { now: new Date() });
    const id = `bench-${process.pid}-${Date.now().toString(36)}`;
    say(`If this is killed, remove what it left with: npm run upmatrix -- clean ${id}`);
    const environment = await openEnvironment(name, { run: id, matrix: project.matrix, cache: cacheOf(project), log: say, signal });
    return new Ground(project, environment, { id, signal, scratch: await mkdtemp(path.join(os.tmpdir(), "upmatrix-bench-")) });
  }

  private constructor(
    project: Project,
    environment: Environment,
    { id, scratch, signal }: { readonly id: string; readonly scratch: string; readonly signal: AbortSignal },
  ) {
    this.project = project;
    this.environment = environment;
    this.run = id;
    this.#scratch = scratch;
    this.signal = signal;
  }

  get cache(): string {
    return cacheOf(this.project);
  }

  get reports(): string {
    return path.join(this.#scratch, "reports");
  }

  /** Every clean upgrade of the matrix that can run here and is not known to fail. */
  plan(): Cell[] {
    const input = { ...this.project, environments: [this.environment.facts], tier: "full" as const, filter: { scenario: SCENARIO } };
    const known = this.project.matrix.known.map(({ pattern }) => addressMatcher(pattern));
    // the other ways are shell scripts about one agent on one machine
    const single = Object.entries(this.project.products).flatMap(([name, { hosts, companions }]) =>
      hosts === undefined && companions.length === 0 ? [name] : [],
    );
    return planCells(input).cells.filter(
      ({ id, skip, product }) => skip === undefined && single.includes(product) && !known.some((matches) => matches(id)),
    );
  }

  /** The run that warmed everything, with the references of all cells. */
  get warm(): RunResult {
    if (this.#warm === undefined) throw new Error("Cannot measure: nothing has run yet");
    return this.#warm;
  }

  /**
   * Runs cells as `upmatrix run` does, references included.
   * @param more what a run is told besides
   */
  async runOnce(cells: readonly Cell[], more: Partial<RunOptions> = {}): Promise<RunResult> {
    const result = await run(
      this.project,
      { cells, leftOut: [] },
      {
        run: `${this.run}-warm-${(this.#runs += 1)}`,
        tier: "full",
        reports: this.reports,
        build: { cache: cacheOf(this.project), platform: platform(), parallel: defaultParallel() },
        environments: new Map([[this.environment.facts.name, this.environment]]),
        unavailable: [],
        version: "bench",
        replayCommand: () => "",
        signal: this.signal,
        now: () => new Date(),
        on: () => undefined,
        ...more,
      },
    );
    this.signal.throwIfAborted();
    return result;
  }

  /** The three releases of a clean upgrade. */
  releases(cell: Cell): Releases {
    const of = (ref: ArtifactRef): StoredArtifact => {
      const found = this.#releases.get(artifactName(ref));
      if (found === undefined) throw new Error(`Cannot run ${cell.id}: ${artifactName(ref)} was not built`);
      return found;
    };
    const [from, to, next] = refsOf(cell);
    return { from: of(from), to: of(to), next: of(next) };
  }

  async #build(cells: readonly Cell[]): Promise<void> {
    const context = {
      products: buildProducts(this.project),
      cache: cacheOf(this.project),
      platform: platform(),
      parallel: defaultParallel(),
    };
    this.#releases = await buildArtifacts(cells.flatMap(refsOf), context);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.environment[Symbol.asyncDispose]();
    await rm(this.#scratch, { recursive: true, force: true });
  }
}

function refsOf(cell: Cell): [ArtifactRef, ArtifactRef, ArtifactRef] {
  const [from] = artifactsOf(cell, { kind: "install", role: "from" });
  const [to, next] = artifactsOf(cell, { kind: "upgrade", role: "again", faults: false });
  if (from === undefined || to === undefined || next === undefined) throw new Error(`Cannot name the artifacts of ${cell.id}`);
  return [from, to, next];
}

/** Spread evenly over each product's cells, which the plan orders by pair; the same for the same plan. */
export function sampleOf(cells: readonly Cell[], wanted: number | "all"): Cell[] {
  if (wanted === "all" || wanted >= cells.length) return [...cells];
  const products = [...Map.groupBy(cells, ({ product }) => product).values()];
  return products.flatMap((own, index) => {
    const share = Math.floor(wanted / products.length) + (index < wanted % products.length ? 1 : 0);
    return Array.from({ length: Math.min(share, own.length) }, (_, at) => own[Math.floor((at * own.length) / share)]).filter(
      (cell) => cell !== undefined,
    );
  });
}

function cacheOf(project: Project): string {
  return path.join(project.directory, ".upmatrix", "cache");
}

/** Both ways need the engine's cells to run here too. */
export function platform(): string {
  return `linux-${process.arch}`;
}
