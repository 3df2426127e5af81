// The folder of a run: record.json, one NDJSON file of observations a cell, and `latest` pointing to it.
// Observations are on disk as soon as they are seen: an interrupt or a crash of the harness loses none.
import { createWriteStream, existsSync, readFileSync, type WriteStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { finished } from "node:stream/promises";
import type { Cell, Observation, Product, RunRecord } from "../model/index.ts";

/** A place for one cell's observations. */
export interface ObservationFile {
  /** Relative to the record. */
  readonly name: string;
  add(observation: Observation): void;
  close(): Promise<void>;
}

export class RecordFolder {
  readonly directory: string;
  readonly #reports: string;
  #cells = 0;

  static async make(reports: string, run: string): Promise<RecordFolder> {
    const folder = new RecordFolder(reports, run);
    for (const part of ["cells", "references"]) await mkdir(path.join(folder.directory, part), { recursive: true });
    return folder;
  }

  constructor(reports: string, run: string) {
    this.#reports = reports;
    this.directory = path.join(reports, run);
  }

  /** Opens the next cell's file. A full disk shows when it is closed, with the file's name. */
  observations(cell: string): ObservationFile {
    this.#cells++;
    return this.#open(`cells/${String(this.#cells).padStart(5, "0")}-${fileName(cell)}`);
  }

  #open(name: string): ObservationFile {
    const stream = createWriteStream(path.join(this.directory, name));
    const done = finished(stream, { readable: false });
    done.catch(() => undefined); // told by close
    return { name, add: (observation) => void stream.write(`${JSON.stringify(observation)}\n`), close: () => closed(stream, done) };
  }

  /** Opens the file of a reference, a fresh install; found again by its id. */
  reference(id: string): ObservationFile {
    return this.#open(referenceName(id));
  }

  /** Keeps what judging needs besides observations, so that a run can be judged again without today's configuration. */
  async keepPlan(kept: KeptPlan): Promise<void> {
    await writeFile(path.join(this.directory, PLAN_FILE), keptPlanPieces(kept));
  }

  /** Writes record.json piece by piece, so that its size is bounded by the disk only, and moves `latest` to this run. */
  async write(record: RunRecord): Promise<string> {
    const file = path.join(this.directory, "record.json");
    const { cells, ...head } = record;
    await using handle = await open(`${file}.part`, "w");
    const json = JSON.stringify(head, null, 2);
    await handle.write(`${json.slice(0, json.lastIndexOf("\n}"))},\n${CELLS_BEGIN}`);
    for (let index = 0; index < cells.length; index += CELLS_A_WRITE) {
      const lines = cells.slice(index, index + CELLS_A_WRITE).map((cell) => `\n    ${JSON.stringify(cell)}`);
      await handle.write(`${index === 0 ? "" : ","}${lines.join(",")}`);
    }
    await handle.write(`\n${CELLS_END}\n}\n`);
    await rename(`${file}.part`, file);
    await this.#point();
    return file;
  }

  /** Writes another view of the record, from pieces. */
  async view(name: string, pieces: Iterable<string>): Promise<string> {
    const file = path.join(this.directory, name);
    await writeFile(file, pieces);
    return file;
  }

  async #point(): Promise<void> {
    const link = path.join(this.#reports, "latest");
    await rm(link, { force: true, recursive: false });
    // a junction needs no rights on Windows
    await symlink(process.platform === "win32" ? this.directory : path.basename(this.directory), link, "junction");
  }
}

const CELLS_A_WRITE = 500;
/** The lines around the cells of a record, which have a line each. */
export const CELLS_BEGIN = '  "cells": [';
export const CELLS_END = "  ]";
const PLAN_FILE = "plan.json";

/** What a run was: its cells with their scripts, and the products as they were described then. */
export interface KeptPlan {
  readonly products: Readonly<Record<string, Product>>;
  readonly cells: readonly Cell[];
}

/** Scripts are shared by many cells and written once. */
function* keptPlanPieces({ products, cells }: KeptPlan): Iterable<string> {
  const scripts = [...new Set(cells.map((cell) => cell.script))];
  const numbers = new Map(scripts.map((script, index) => [script, index]));
  yield `{"products":${JSON.stringify(products)},\n"scripts":${JSON.stringify(scripts)},\n"cells":[`;
  for (const [index, cell] of cells.entries())
    yield `${index === 0 ? "" : ","}\n${JSON.stringify({ ...cell, script: numbers.get(cell.script) })}`;
  yield "\n]}\n";
}

/** The plan a run kept. */
export async function readKeptPlan(directory: string): Promise<KeptPlan> {
  const text = await readFile(path.join(directory, PLAN_FILE), "utf8");
  const { products, scripts, cells } = JSON.parse(text) as Pick<KeptPlan, "products"> & {
    scripts: Cell["script"][];
    cells: (Omit<Cell, "script"> & { script: number })[];
  }; // written by keepPlan
  return {
    products,
    cells: cells.map((cell) => {
      const script = scripts[cell.script];
      if (script === undefined) throw new Error(`Cannot read ${path.join(directory, PLAN_FILE)}: ${cell.id} has no script`);
      return { ...cell, script };
    }),
  };
}

/** Where the observations of a reference lie, relative to the record. */
export function referenceName(id: string): string {
  return `references/${fileName(id)}`;
}

function fileName(id: string): string {
  return `${id.replace(/[^\w.@~+-]+/g, "_").slice(0, 150)}.ndjson`;
}

async function closed(stream: WriteStream, done: Promise<void>): Promise<void> {
  stream.end();
  await done;
}

/** The observations of a cell, read back. */
export async function readObservations(directory: string, name: string): Promise<Observation[]> {
  return parseObservations(await readFile(path.join(directory, name), "utf8"));
}

/** The same at once; empty when there is no such file. */
export function observationsNow(directory: string, name: string): Observation[] {
  const file = path.join(directory, name);
  return existsSync(file) ? parseObservations(readFileSync(file, "utf8")) : [];
}

/** A last line that was cut off when the harness was killed is dropped: it was not yet observed. */
function parseObservations(text: string): Observation[] {
  const lines = text.split("\n");
  lines.pop();
  return lines.map((line) => JSON.parse(line) as Observation); // written by this module's `add`
}
