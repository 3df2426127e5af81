// A real cell's record and observations, taken once on this machine: what the memory benchmarks multiply. Hides where they come from.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Cell, CellRecord, Observation, Product } from "../model/index.ts";
import { readObservations } from "../run/index.ts";
import { Ground } from "./ground.ts";

const TRIES = 12;

export interface Template {
  readonly cell: Cell;
  readonly product: Product;
  readonly record: CellRecord;
  readonly observations: readonly Observation[];
  /** Those of the fresh install it was compared with. */
  readonly reference: readonly Observation[];
}

/** A folder with the template in it, for a measuring program; gone when its block ends. */
export async function templateFolder(
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly directory: string; readonly file: string }> {
  const template = await takeTemplate(signal);
  const directory = await mkdtemp(path.join(os.tmpdir(), "upmatrix-bench-"));
  const file = path.join(directory, "template.json");
  await writeFile(file, JSON.stringify(template));
  return { directory, file, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

/** The first clean upgrade that passes on this machine and whose three releases differ. */
async function takeTemplate(signal: AbortSignal): Promise<Template> {
  await using ground = await Ground.begin("host", { say: () => undefined, signal });
  const candidates = ground.plan().filter(({ from, to, next }) => new Set([from, to, next]).size === 3);
  for (const cell of candidates.slice(0, TRIES)) {
    const { record: whole, directory } = await ground.runOnce([cell]);
    const [record] = whole.cells;
    const product = ground.project.products[cell.product];
    const [reference] = await readdir(path.join(directory, "references"));
    if (record?.verdict !== "passed" || record.observations === null || product === undefined || reference === undefined) continue;
    const observations = await readObservations(directory, record.observations);
    return { cell, product, record, observations, reference: await readObservations(directory, `references/${reference}`) };
  }
  throw new Error(`Cannot take a template: of ${candidates.length} clean upgrades the first ${TRIES} do not pass on this machine`);
}
