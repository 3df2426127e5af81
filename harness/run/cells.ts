// Runs the cells of a plan within the slots of their environments, and judges each as it ends. Sweeps go their own way.
import pLimit from "p-limit";
import type { StoredArtifact } from "../build/index.ts";
import { bundleCellProgram, type Environment } from "../environment/index.ts";
import { referencesOf } from "../judge/index.ts";
import type { Project } from "../load/index.ts";
import {
  type Cell,
  type CellEnd,
  type CellRecord,
  type EnvironmentName,
  hostNames,
  milliseconds,
  type Observation,
} from "../model/index.ts";
import { jobArtifacts } from "./artifacts.ts";
import { FreshInstalls } from "./fresh.ts";
import type { CellJudge } from "./judging.ts";
import type { ObservationFile, RecordFolder } from "./record-folder.ts";
import { RecordingStore } from "./recordings.ts";
import type { RunOptions } from "./run.ts";
import { type JobParts, placedRecorder, type SweepTools } from "./sweep-tools.ts";
import { runSweep, type SweepRun } from "./sweeps.ts";

export interface Work {
  readonly project: Project;
  readonly folder: RecordFolder;
  readonly artifacts: ReadonlyMap<string, StoredArtifact>;
  readonly judge: CellJudge;
  readonly options: RunOptions;
  /** What went wrong around the cells; added to. */
  readonly problems: string[];
}

/** Runs them all; sweeps first, because each is long. Returns what the sweeps came to. */
export async function runCells(cells: readonly Cell[], work: Work): Promise<SweepRun[]> {
  const runner = new CellRunner(cells.length, work);
  // only a few more cells than slots are begun, so that few observations are held at once
  const waiting = pLimit(Math.max(1, runner.slots * 2));
  const sweeps = cells.filter(({ script }) => script.sweep !== undefined);
  const others = cells.filter(({ script }) => script.sweep === undefined);
  const [swept] = await Promise.all([
    pLimit(SWEEPS_AT_ONCE).map(sweeps, (cell) => runner.sweep(cell)),
    waiting.map(others, (cell) => runner.one(cell)),
  ]);
  return swept;
}

/** Each may have hundreds of points, which share the slots with all other cells. */
const SWEEPS_AT_ONCE = 4;

class CellRunner {
  readonly #work: Work;
  readonly #fresh: FreshInstalls;
  readonly #slots: ReadonlyMap<EnvironmentName, ReturnType<typeof pLimit>>;
  #total: number;

  constructor(total: number, work: Work) {
    this.#work = work;
    this.#total = total;
    this.#slots = new Map([...work.options.environments].map(([name, environment]) => [name, pLimit(environment.slots)]));
    this.#fresh = new FreshInstalls((cell) => this.#reference(cell));
  }

  /** Of all environments together. */
  get slots(): number {
    return [...this.#work.options.environments.values()].reduce((sum, { slots }) => sum + slots, 0);
  }

  async one(cell: Cell): Promise<void> {
    const { folder, options } = this.#work;
    // before the cell takes a slot, because they need one
    await this.#references(cell);
    const file = folder.observations(cell.id);
    const observations = await this.#inSlot(cell, (environment) => {
      options.on({ kind: "started", cell });
      return this.#observeWhole(cell, environment, file.add);
    });
    await this.#judged(cell, observations, file);
  }

  async sweep(cell: Cell): Promise<SweepRun> {
    const { options, project } = this.#work;
    const { recorder, signal, tier, everyPoint = false, wanted = () => true } = options;
    const product = project.products[cell.product];
    if (recorder === undefined || product === undefined) throw new Error(`Cannot run ${cell.id}: there is no recorder, or no such product`);
    await this.#references(cell);
    options.on({ kind: "started", cell });
    const tools: SweepTools = {
      store: new RecordingStore(options.build.cache),
      program: (await bundleCellProgram(options.build.cache)).digest,
      ...{ recorder, tier, product, wanted, everyPoint, signal, slots: this.slots },
      most: project.matrix.products[cell.product]?.points,
      job: (one, environment) => this.#job(one, environment),
      inSlot: (one, body) => this.#inSlot(one, body),
      observe: (one, environment, job, see) => this.#observe(one, environment, job, see),
      judged: async (one, observations) => {
        const file = this.#work.folder.observations(one.id);
        for (const observation of observations) file.add(observation);
        return this.#judged(one, observations, file);
      },
      one: (point) => this.one(point),
      expanded: (points) => {
        this.#total += points.length;
        options.on({ kind: "expanded", cell, points: points.length, total: this.#total });
      },
    };
    return runSweep(cell, tools);
  }

  async #references(cell: Cell): Promise<Parameters<CellJudge["judge"]>[2]> {
    return {
      to: await this.#fresh.of(cell, "to"),
      next: referencesOf(cell).includes("next") ? await this.#fresh.of(cell, "next") : undefined,
    };
  }

  async #reference(cell: Cell): Promise<readonly Observation[]> {
    const file = this.#work.folder.reference(cell.id);
    const observations = await this.#inSlot(cell, (environment) => this.#observeWhole(cell, environment, file.add));
    await file.close();
    return observations;
  }

  async #judged(cell: Cell, observations: readonly Observation[], file: ObservationFile): Promise<CellRecord> {
    const { judge, options, problems } = this.#work;
    await file.close().catch((error: Error) => problems.push(`Cannot keep the observations of ${cell.id}: ${error.message}`));
    const record = judge.judge(cell, observations, await this.#references(cell), file.name);
    options.on({ kind: "ended", cell: record });
    return record;
  }

  #inSlot<T>(cell: Cell, body: (environment: Environment) => Promise<T>): Promise<T> {
    const environment = this.#work.options.environments.get(cell.environment);
    const slot = this.#slots.get(cell.environment);
    if (environment === undefined || slot === undefined)
      throw new Error(`Cannot run ${cell.id}: the environment ${cell.environment} is not open`);
    return slot(() => body(environment));
  }

  /** Runs one cell in its environment and returns all that was seen, its end included, also when it was cut short. */
  async #observeWhole(cell: Cell, environment: Environment, keep: (observation: Observation) => void): Promise<readonly Observation[]> {
    const observations: Observation[] = [];
    const add = (observation: Observation): void => {
      observations.push(observation);
      keep(observation);
    };
    const end = await this.#observe(cell, environment, await this.#withRecorder(cell, environment), add);
    add({ t: observations.at(-1)?.t ?? 0, kind: "end", end });
    return observations;
  }

  /** Hands over every observation but the end, which it returns. */
  async #observe(cell: Cell, environment: Environment, job: JobParts, see: (observation: Observation) => void): Promise<CellEnd> {
    const { options, problems } = this.#work;
    if (options.signal.aborted) return { how: "interrupted", detail: "The run was interrupted before this cell began", leaks: [] };
    const { inspect } = options;
    const inspected = inspect !== undefined && inspect.cell(cell);
    const end = await environment.run({
      job: { ...job, ...(inspected && inspect.breakAt !== undefined ? { breakAt: inspect.breakAt } : {}) },
      observe: (observation) => {
        if (observation.kind === "end") return;
        see(observation);
        options.on({ kind: "observation", cell, observation });
      },
      signal: options.signal,
      ...(inspected ? { keep: inspect.keep, ...(inspect.onBreak === undefined ? {} : { onBreak: inspect.onBreak }) } : {}),
    });
    if (end.leaks.length > 0) problems.push(`${cell.id} left something behind, which was removed: ${end.leaks.join("; ")}`);
    return end;
  }

  #job(cell: Cell, environment: Environment): JobParts {
    const { project, artifacts } = this.#work;
    const product = project.products[cell.product];
    if (product === undefined) throw new Error(`Cannot run ${cell.id}: the project has no product ${cell.product}`);
    const { step, cell: whole } = project.matrix.limits;
    return {
      id: cell.id,
      product,
      script: cell.script,
      versions: { from: cell.from, to: cell.to, next: cell.next },
      artifacts: jobArtifacts(cell, artifacts, (key) => environment.artifactDirectory(key)),
      ...(product.hosts === undefined ? {} : { hosts: hostNames(product.hosts, cell.script.hosts) }),
      limits: { stepMs: milliseconds(step), cellMs: milliseconds(whole) },
    };
  }

  /** Faults at operations are the recorder's work; other times need a library. */
  async #withRecorder(cell: Cell, environment: Environment): Promise<JobParts> {
    const job = this.#job(cell, environment);
    const needed = cell.script.faults.some(({ when }) => typeof when === "object" && "operation" in when);
    const { recorder, clock } = this.#work.options;
    return {
      ...job,
      ...(needed && recorder !== undefined ? { recorder: await placedRecorder(recorder, environment) } : {}),
      ...(needsClock(cell) && clock !== undefined ? { clock: await placedRecorder(clock, environment) } : {}),
    };
  }
}

function needsClock({ script }: Cell): boolean {
  return script.conditions?.time !== undefined || script.faults.some(({ do: action }) => typeof action === "object" && "clock" in action);
}
