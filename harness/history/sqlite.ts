// A history in a file. Hides node:sqlite, and how several runs that end at once take turns.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Database, Row, Statements, Value } from "./database.ts";
import { HistoryError } from "./error.ts";
import { ensureSchema } from "./schema.ts";

/** Writing a run takes seconds at most; who waits longer waits for something that hangs. */
const WAIT_MS = 60_000;

export class SqliteDatabase implements Database {
  readonly name: string;
  readonly #database: DatabaseSync;

  /** Opens the file, made when it is not there. */
  static async open(file: string): Promise<SqliteDatabase> {
    const database = new SqliteDatabase(file, opened(file));
    try {
      await database.write(async (statements) => {
        const tables = await statements.all("SELECT name FROM sqlite_master WHERE name = 'upmatrix_schema'");
        await ensureSchema(statements, tables.length > 0, file);
      });
      return database;
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(name: string, database: DatabaseSync) {
    this.name = name;
    this.#database = database;
  }

  /** IMMEDIATE: the lock is taken first, so that two writers never wait for each other. */
  write<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return this.#transaction("BEGIN IMMEDIATE", work);
  }

  read<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return this.#transaction("BEGIN", work);
  }

  async #transaction<T>(begin: string, work: (statements: Statements) => Promise<T>): Promise<T> {
    try {
      this.#database.exec(begin);
      const result = await work(this.#statements());
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw told(this.name, error);
    }
  }

  #statements(): Statements {
    const database = this.#database;
    return {
      all: async (sql, parameters = []): Promise<Row[]> => database.prepare(sql).all(named(parameters)),
      run: async (sql, parameters = []) => void database.prepare(sql).run(named(parameters)),
      insert: async (table, columns, rows) => {
        const places = columns.map((_, index) => `$${index + 1}`).join(", ");
        const statement = database.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`);
        for (const row of rows) statement.run(named(row));
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close();
  }
}

function opened(file: string): DatabaseSync {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    return new DatabaseSync(file, { timeout: WAIT_MS, enableForeignKeyConstraints: true });
  } catch (error) {
    throw told(file, error);
  }
}

/** For SQLite `$1` is a name. */
function named(values: readonly Value[]): Record<string, SQLInputValue> {
  return Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]));
}

/** What SQLite says is of no use without the file's name. */
function told(file: string, error: unknown): unknown {
  const ofSystem = error instanceof Error && "code" in error && /^(?:ERR_SQLITE_ERROR|E[A-Z]+)$/.test(String(error.code));
  if (!ofSystem) return error;
  return new HistoryError(
    `Cannot use the history ${file}: ${error.message}. See whether it is a history and whether another process holds it, or name another file with --history`,
    {
      cause: error,
    },
  );
}
