// The door of the environments: where cells run, what each can do, and what they left behind. Everything else is inside.
import type { EnvironmentFacts, EnvironmentName, Matrix } from "../model/index.ts";
import { type Bundle, bundleCellProgram, compileHere } from "./bundle.ts";
import { PATIENCE, type Patience } from "./conversation.ts";
import { openDocker, probeDocker } from "./docker/index.ts";
import { openHost, probeHost } from "./host/index.ts";
import { type Environment, EnvironmentError, reasonOf } from "./types.ts";

export { bundleCellProgram } from "./bundle.ts";
export { type Cleaned, cleanRun } from "./clean.ts";
export { doctor, type Finding } from "./doctor.ts";
export { type ArtifactFiles, type CellRequest, type Environment, EnvironmentError } from "./types.ts";

export interface OpenOptions {
  /** The run's id: everything that is started carries it. */
  readonly run: string;
  readonly matrix: Matrix;
  /** Cells at once; else the matrix's own limit, else what the processors bear. */
  readonly slots?: number | undefined;
  /** Folder for bundles and the like, kept between runs. */
  readonly cache: string;
  readonly log: (line: string) => void;
  /** Ends opening when it is aborted. What runs later has a signal of its own. */
  readonly signal?: AbortSignal;
  /** Another cell program than ours. */
  readonly program?: Bundle;
  readonly patience?: Patience;
}

/** Opens an environment. Throws an EnvironmentError that says what to do when it cannot be used. */
export async function openEnvironment(name: EnvironmentName, options: OpenOptions): Promise<Environment> {
  const { run, matrix, slots, cache, log, signal, patience = PATIENCE } = options;
  const cell = options.program ?? (await bundleCellProgram(cache));
  try {
    if (name === "docker") return await openDocker({ run, matrix, slots, cache, cell, patience, log, signal });
    await compileHere(cell);
    return await openHost({ run, slots: slots ?? matrix.limits.parallel, program: cell.path, patience });
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    const whatToDo = "Run `upmatrix doctor` to see what this machine can do";
    throw new EnvironmentError({ what: `Cannot open the environment ${name}`, why: reasonOf(error), whatToDo, cause: error });
  }
}

/** An environment as planning needs it: with facts when it can be used, else with the reason why not. */
export interface Probe {
  readonly name: EnvironmentName;
  readonly facts: EnvironmentFacts | undefined;
  readonly reason: string;
}

/** Which environments answer; starts nothing. */
export async function probeEnvironments(matrix: Matrix): Promise<Probe[]> {
  const probe = async (name: EnvironmentName, facts: Promise<EnvironmentFacts>): Promise<Probe> =>
    facts.then(
      (found) => ({ name, facts: found, reason: "" }),
      (error: unknown) => ({ name, facts: undefined, reason: reasonOf(error) }),
    );
  return Promise.all([probe("docker", probeDocker(matrix)), probe("host", probeHost())]);
}
