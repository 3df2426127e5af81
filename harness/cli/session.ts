// What every command begins with: the project, the filter, and the environments that can be used.
import path from "node:path";
import type { Command } from "commander";
import { type Environment, openEnvironment, probeEnvironments } from "../environment/index.ts";
import { loadProject, type Project } from "../load/index.ts";
import type { Cell, EnvironmentFacts, EnvironmentName, RunRecord, Tier } from "../model/index.ts";
import type { PlanFilter } from "../plan/index.ts";
import { UsageError } from "./errors.ts";
import { findClock, withClock } from "./clock.ts";
import { findRecorder, type RecorderChoice, withRecorder } from "./recorder.ts";

export interface FilterOptions {
  readonly tier: Tier;
  readonly environment?: EnvironmentName | "all";
  readonly from?: string;
  readonly to?: string;
  readonly product?: readonly string[];
  readonly scenario?: readonly string[];
  readonly inverted?: boolean;
  readonly parallel?: number;
}

/** Folders a project's runs use. */
export interface Folders {
  readonly project: string;
  readonly reports: string;
  readonly cache: string;
}

export function foldersOf(command: Command): Folders {
  const project = path.resolve(command.optsWithGlobals<{ directory: string }>().directory);
  return { project, reports: path.join(project, "reports"), cache: path.join(project, ".upmatrix", "cache") };
}

export function openProject(command: Command, matrixFile = matrixOf(command)): Promise<Project> {
  return loadProject(foldersOf(command).project, { now: new Date(), ...(matrixFile === undefined ? {} : { matrixFile }) });
}

/** The matrix that was asked for, relative to the project; undefined: the project's own. */
export function matrixOf(command: Command): string | undefined {
  return command.optsWithGlobals<{ matrix?: string }>().matrix;
}

export function filterOf(patterns: readonly string[], options: FilterOptions): PlanFilter {
  const { from, to, product, scenario, inverted } = options;
  return {
    ...(patterns.length === 0 ? {} : { patterns }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(product === undefined ? {} : { product }),
    ...(scenario === undefined ? {} : { scenario }),
    ...(inverted === undefined ? {} : { inverted }),
  };
}

/** Which environments a command uses, and why the others cannot be. */
export interface Choice {
  readonly chosen: readonly EnvironmentFacts[];
  readonly unavailable: RunRecord["unavailable"];
  readonly recorder: RecorderChoice;
  /** What gives a product a clock of its own. */
  readonly clock: RecorderChoice;
}

/**
 * What was asked for; when nothing was: what the addresses name, else docker when an engine answers, else the host.
 * Throws a UsageError when what was asked for cannot be had.
 */
export async function chooseEnvironments(
  project: Project,
  { cache }: Pick<Folders, "cache">,
  asked: EnvironmentName | "all" | undefined,
  patterns: readonly string[] = [],
): Promise<Choice> {
  const configured = (["docker", "host"] as const).filter((name) => project.matrix.environments[name] !== undefined);
  const named = configured.filter((name) => patterns.length > 0 && patterns.every((pattern) => pattern.endsWith(`@${name}`)));
  const recorder = await findRecorder(cache);
  const clock = await findClock(cache);
  const probes = (await probeEnvironments(project.matrix)).map((probe) =>
    probe.facts === undefined ? probe : { ...probe, facts: withClock(withRecorder(probe.facts, recorder), clock) },
  );
  const usable = probes.filter((probe) => configured.includes(probe.name) && probe.facts !== undefined);
  const unavailable = probes
    .filter((probe) => configured.includes(probe.name) && probe.facts === undefined)
    .map(({ name, reason }) => ({ name, reason }));
  const wanted =
    asked === "all" ? configured : asked !== undefined ? [asked] : named.length > 0 ? named : usable.slice(0, 1).map(({ name }) => name);
  for (const name of asked === "all" ? [] : wanted) {
    if (usable.some((probe) => probe.name === name)) continue;
    const reason = probes.find((probe) => probe.name === name)?.reason;
    throw new UsageError(
      configured.includes(name)
        ? `Cannot use the environment ${name}: ${reason}. See \`upmatrix doctor\``
        : `Cannot use the environment ${name}: matrix.yaml does not list it under environments`,
    );
  }
  const chosen = usable.filter(({ name }) => wanted.includes(name)).flatMap(({ facts }) => (facts === undefined ? [] : [facts]));
  if (chosen.length === 0)
    throw new UsageError(`Cannot run anything here: ${unavailable.map(({ name, reason }) => `${name}: ${reason}`).join("; ")}`);
  return { chosen, unavailable, recorder, clock };
}

/** The environments, opened, and closed together when the scope ends. */
export class OpenEnvironments implements AsyncDisposable {
  readonly byName = new Map<EnvironmentName, Environment>();

  static async open(names: readonly EnvironmentName[], options: Parameters<typeof openEnvironment>[1]): Promise<OpenEnvironments> {
    const opened = new OpenEnvironments();
    try {
      for (const name of names) opened.byName.set(name, await openEnvironment(name, options));
      return opened;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** With what the recorder and the clock add to them. */
  facts({ recorder, clock }: Pick<Choice, "recorder" | "clock">): EnvironmentFacts[] {
    return [...this.byName.values()].map((environment) => withClock(withRecorder(environment.facts, recorder), clock));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = await Promise.allSettled([...this.byName.values()].map((environment) => environment[Symbol.asyncDispose]()));
    for (const end of ends) if (end.status === "rejected") console.error(`Cannot close an environment: ${String(end.reason)}`);
  }
}

/** `2026-03-02T09-00-00-k3f`: sorts by time, is a folder name everywhere, and differs from that of a run beside it. */
export function newRunId(now: Date): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(":", "-");
  return `${stamp}-${Math.random().toString(36).slice(2, 5).padEnd(3, "0")}`;
}

/** Words the command that runs a cell again, with the same matrix. */
export function replayLine(command: Command, matrixFile = matrixOf(command)): (cell: Cell) => string {
  const matrix = matrixFile === undefined ? "" : `--matrix ${matrixFile} `;
  return (cell) => `npm run upmatrix -- ${matrix}replay '${cell.id}'`;
}
