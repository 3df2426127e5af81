// The history of runs: adds records, tells what became of cells. Hides where it lies and its tables.
import pLimit from "p-limit";
import { type CellRecord, type Finding, type PastCell, pastCell, type RunRecord } from "../model/index.ts";
import type { Database, Row, Statements, Value } from "./database.ts";
import { HistoryError } from "./error.ts";
import { CELL_COLUMNS, RUN_COLUMNS } from "./schema.ts";
import { SqliteDatabase } from "./sqlite.ts";

export interface History extends AsyncDisposable {
  /** Where it lies, without what is secret in it. */
  readonly name: string;
  /** Adds a run; the same run once more takes the place of what was there. */
  add(record: RunRecord): Promise<void>;
  /** The addresses of all cells that ever ran, sorted. */
  cells(): Promise<string[]>;
  /** A cell in every run that had it, the earliest first. */
  of(id: string): Promise<PastCell[]>;
}

/** @param place a file, or the URL of a PostgreSQL database. Throws a HistoryError that says what to do. */
export async function openHistory(place: string): Promise<History> {
  if (/^postgres(?:ql)?:\/\//.test(place)) {
    const { PostgresDatabase } = await import("./postgres.ts"); // only here: loading its client takes a tenth of a second
    return new StoredHistory(await PostgresDatabase.open(place));
  }
  const [, scheme] = /^(\w+):\/\//.exec(place) ?? [];
  if (scheme !== undefined)
    throw new HistoryError(`Cannot use a history of ${scheme}: expected a file, or a URL such as postgres://user@host/database`);
  return new StoredHistory(await SqliteDatabase.open(place));
}

class StoredHistory implements History {
  readonly name: string;
  readonly #database: Database;
  /** A connection has one transaction at a time. */
  readonly #turn = pLimit(1);

  constructor(database: Database) {
    this.#database = database;
    this.name = database.name;
  }

  add(record: RunRecord): Promise<void> {
    return this.#write(async (statements) => {
      await statements.run("DELETE FROM upmatrix_cells WHERE run = $1", [record.run]);
      await statements.run("DELETE FROM upmatrix_runs WHERE run = $1", [record.run]);
      await statements.insert("upmatrix_runs", RUN_COLUMNS, [runRow(record)]);
      await statements.insert("upmatrix_cells", CELL_COLUMNS, cellRows(record));
    });
  }

  async cells(): Promise<string[]> {
    const rows = await this.#read((statements) => statements.all("SELECT DISTINCT id FROM upmatrix_cells"));
    return rows.map(({ id }) => String(id)).toSorted(); // here, because databases sort by different rules
  }

  async of(id: string): Promise<PastCell[]> {
    const rows = await this.#read((statements) =>
      statements.all(`SELECT c.*, r.started_at, r.upmatrix FROM upmatrix_cells c JOIN upmatrix_runs r ON r.run = c.run WHERE c.id = $1`, [
        id,
      ]),
    );
    return rows.map(pastCellOf).toSorted((a, b) => compare(a.startedAt, b.startedAt) || compare(a.run, b.run));
  }

  #write<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return this.#turn(() => this.#database.write(work));
  }

  #read<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return this.#turn(() => this.#database.read(work));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}

/** In the order of RUN_COLUMNS. */
function runRow(record: RunRecord): Value[] {
  const { run, startedAt, endedAt, tier, gate, exitCode, interrupted, upmatrix } = record;
  return [run, startedAt, endedAt, tier, gate, exitCode, interrupted ? 1 : 0, upmatrix];
}

/** In the order of CELL_COLUMNS. A skipped cell is no part of its own history. */
function* cellRows({ run, cells }: RunRecord): Generator<Value[]> {
  for (const cell of cells) {
    if (cell.verdict === "skipped") continue;
    const { id, product, from, to, scenario, environment, verdict, outcome, reason } = cell;
    const measured = [cell.durationMs, cell.downtimeMs, cell.inputs ?? null, cell.replay];
    yield [run, id, product, from, to, scenario, environment, verdict, outcome, reason, findingOf(cell), ...measured];
  }
}

function findingOf({ findings: [first] }: CellRecord): string {
  return first === undefined ? "" : findingText(first);
}

function findingText({ check, path, expected, actual }: Finding): string {
  return `${check}${path === null ? "" : ` ${path}`}: expected ${expected}, found ${actual}`;
}

function pastCellOf(row: Row): PastCell {
  return pastCell.parse({
    ...{ run: row["run"], startedAt: row["started_at"], upmatrix: row["upmatrix"], id: row["id"], verdict: row["verdict"] },
    ...{ outcome: row["outcome"], reason: row["reason"], finding: row["finding"], durationMs: row["duration_ms"] },
    ...{ downtimeMs: row["downtime_ms"], inputs: row["inputs"], replay: row["replay"] },
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
