// One hash of all that is put into a cell. Two runs of equal inputs should come to one verdict; where they do not, the cell
// is flaky and nobody's change broke or mended it.
import { createHash } from "node:crypto";
import type { StoredArtifact } from "../build/index.ts";
import type { Environment } from "../environment/index.ts";
import type { Project } from "../load/index.ts";
import { artifactName, type Cell, type CellRecord, type EnvironmentName } from "../model/index.ts";
import { artifactUses } from "./artifacts.ts";

export interface InputSource {
  readonly project: Project;
  readonly artifacts: ReadonlyMap<string, StoredArtifact>;
  readonly environments: ReadonlyMap<EnvironmentName, Environment>;
  /** Versions and digests of ours that every cell depends on: the harness, the cell program, the recorder, the clock. */
  readonly tools: readonly (string | undefined)[];
}

/** A function that gives the hash of a cell; undefined for one that does not run. Products and scripts are hashed once. */
export function inputsOf(source: InputSource): (cell: Cell | undefined) => string | undefined {
  const { step, cell: whole } = source.project.matrix.limits;
  const common = digest({ tools: source.tools, limits: [step, whole] });
  const hashes = new WeakMap<object, string>();
  const once = (value: object): string => {
    const known = hashes.get(value) ?? digest(value);
    hashes.set(value, known);
    return known;
  };
  return (cell) => {
    if (cell === undefined || cell.skip !== undefined) return undefined;
    const product = source.project.products[cell.product];
    const facts = source.environments.get(cell.environment)?.facts;
    if (product === undefined || facts === undefined) return undefined;
    return digest({
      ...{ id: cell.id, next: cell.next, product: once(product), script: once(cell.script), common },
      environment: [facts.name, facts.platform, [...facts.capabilities].toSorted(), source.project.matrix.environments[facts.name]],
      artifacts: artifactUses(cell).map(({ key, ref }) => [key, source.artifacts.get(artifactName(ref))?.digest ?? null]),
    });
  };
}

/** The record with its inputs, when there are some. */
export function withInputs(record: CellRecord, inputs: string | undefined): CellRecord {
  return inputs === undefined ? record : { ...record, inputs };
}

function digest(value: object): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
