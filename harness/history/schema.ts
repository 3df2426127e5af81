// The tables of a history, the same in SQLite and PostgreSQL. The version is raised with every change of them.
import type { Statements, Value } from "./database.ts";
import { HistoryError } from "./error.ts";

export const SCHEMA_VERSION = 1;

export const RUN_COLUMNS = ["run", "started_at", "ended_at", "tier", "gate", "exit_code", "interrupted", "upmatrix"] as const;
export const CELL_COLUMNS = [
  ...["run", "id", "product", "from_version", "to_version", "scenario", "environment", "verdict", "outcome"],
  ...["reason", "finding", "duration_ms", "downtime_ms", "inputs", "replay"],
] as const;

const TABLES = [
  "CREATE TABLE upmatrix_schema (version INTEGER NOT NULL)",
  `CREATE TABLE upmatrix_runs (
    run TEXT PRIMARY KEY, started_at TEXT NOT NULL, ended_at TEXT NOT NULL, tier TEXT NOT NULL, gate TEXT NOT NULL,
    exit_code INTEGER NOT NULL, interrupted INTEGER NOT NULL, upmatrix TEXT NOT NULL)`,
  `CREATE TABLE upmatrix_cells (
    run TEXT NOT NULL REFERENCES upmatrix_runs (run) ON DELETE CASCADE, id TEXT NOT NULL, product TEXT NOT NULL,
    from_version TEXT NOT NULL, to_version TEXT NOT NULL, scenario TEXT NOT NULL, environment TEXT NOT NULL,
    verdict TEXT NOT NULL, outcome TEXT, reason TEXT NOT NULL, finding TEXT NOT NULL,
    duration_ms DOUBLE PRECISION NOT NULL, downtime_ms DOUBLE PRECISION, inputs TEXT, replay TEXT NOT NULL,
    PRIMARY KEY (run, id))`,
  "CREATE INDEX upmatrix_cells_by_id ON upmatrix_cells (id)",
];

/**
 * Makes the tables where there are none.
 *
 * @param exists whether the table of the version is there: databases differ in how they are asked
 */
export async function ensureSchema(statements: Statements, exists: boolean, name: string): Promise<void> {
  if (exists) return checkVersion(await statements.all("SELECT version FROM upmatrix_schema"), name);
  for (const table of TABLES) await statements.run(table);
  const version: Value[] = [SCHEMA_VERSION];
  await statements.run("INSERT INTO upmatrix_schema (version) VALUES ($1)", version);
}

function checkVersion(rows: readonly { readonly version?: unknown }[], name: string): void {
  const version = rows[0]?.version;
  if (version === SCHEMA_VERSION) return;
  throw new HistoryError(
    `Cannot use the history ${name}: its tables are of version ${String(version)}, and this upmatrix knows ${SCHEMA_VERSION}. Use the upmatrix that wrote it, or another place`,
  );
}
