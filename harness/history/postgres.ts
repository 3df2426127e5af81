// A history on a PostgreSQL server, for teams. Hides pg.
import pg from "pg";
import type { Database, Row, Statements, Value } from "./database.ts";
import { HistoryError } from "./error.ts";
import { ensureSchema } from "./schema.ts";

const CONNECT_MS = 15_000;
/** A statement has at most 65,535 parameters. */
const MOST_PARAMETERS = 60_000;
/** Who writes to a history holds the advisory lock of this number; it ends with the transaction. */
const WRITER = 7_529_018;

export class PostgresDatabase implements Database {
  readonly name: string;
  readonly #client: pg.Client;

  /** @param url such as postgres://user@host/database; its password is never told */
  static async open(url: string): Promise<PostgresDatabase> {
    const name = withoutPassword(url);
    const client = await connected(url, name);
    const database = new PostgresDatabase(name, client);
    try {
      await database.write(async (statements) => {
        const tables = await statements.all("SELECT to_regclass('upmatrix_schema')::text AS name");
        await ensureSchema(statements, tables[0]?.["name"] !== null, name);
      });
      return database;
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(name: string, client: pg.Client) {
    this.name = name;
    this.#client = client;
  }

  write<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return this.#transaction("BEGIN", async (statements) => {
      await statements.all("SELECT pg_advisory_xact_lock($1)", [WRITER]);
      return work(statements);
    });
  }

  read<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return this.#transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work);
  }

  async #transaction<T>(begin: string, work: (statements: Statements) => Promise<T>): Promise<T> {
    try {
      await this.#client.query(begin);
      const result = await work(this.#statements());
      await this.#client.query("COMMIT");
      return result;
    } catch (error) {
      // a connection that is lost has rolled back already
      await this.#client.query("ROLLBACK").catch(() => undefined);
      throw told(this.name, error);
    }
  }

  #statements(): Statements {
    const query = async (sql: string, parameters: readonly Value[] = []): Promise<Row[]> =>
      (await this.#client.query<Row>(sql, [...parameters])).rows;
    return {
      all: query,
      run: async (sql, parameters) => void (await query(sql, parameters)),
      insert: async (table, columns, rows) => {
        const atOnce = Math.floor(MOST_PARAMETERS / columns.length);
        for (const part of inParts(rows, atOnce)) {
          const places = part.map((_, row) => `(${columns.map((__, column) => `$${row * columns.length + column + 1}`).join(", ")})`);
          await query(`INSERT INTO ${table} (${columns.join(", ")}) VALUES ${places.join(", ")}`, part.flat().map(storable));
        }
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}

async function connected(url: string, name: string): Promise<pg.Client> {
  try {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, application_name: "upmatrix" });
    client.on("error", () => undefined); // a lost connection shows in the next query
    await client.connect();
    return client;
  } catch (error) {
    throw new HistoryError(`Cannot reach the history ${name}: ${messageOf(error)}. Check the URL and whether the server answers`, {
      cause: error,
    });
  }
}

function* inParts<T>(all: Iterable<T>, most: number): Generator<T[]> {
  let part: T[] = [];
  for (const one of all) {
    part.push(one);
    if (part.length < most) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

/** PostgreSQL's text cannot hold NUL, and what agents log can. */
function storable(value: Value): Value {
  return typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value;
}

function withoutPassword(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "given as a URL that cannot be read";
  parsed.password = "";
  parsed.searchParams.delete("password");
  return parsed.href;
}

function told(name: string, error: unknown): unknown {
  if (error instanceof HistoryError || !(error instanceof Error)) return error;
  const ofServer = error instanceof pg.DatabaseError || "code" in error || /connection/i.test(error.message);
  return ofServer ? new HistoryError(`Cannot use the history ${name}: ${messageOf(error)}`, { cause: error }) : error;
}

/** An AggregateError, one error for each address that was tried, has no message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
