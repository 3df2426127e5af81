// Asks a product's SQLite database one question, without ever changing it.
import { existsSync } from "node:fs";
import type { Observer } from "./observer.ts";

/** Between two looks at a database that somebody writes to just now. */
const ASK_EVERY_MS = 5;

/**
 * The first column of the first row. Null when there is no answer: no such file, table or row, or somebody writes all the time.
 * A question that no database could answer is told as a problem: it is the product.yaml's mistake.
 * @param patienceMs how long to wait while somebody writes
 */
export async function queryDatabase(file: string, query: string, observer: Observer, patienceMs: number): Promise<string | null> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = queryOnce(file, query);
    if (answer === null || typeof answer === "string") return answer;
    if (answer.kind === "problem") observer.see({ kind: "problem", message: `Cannot ask ${file}: ${answer.message}` });
    if (answer.kind === "problem" || performance.now() >= deadline) return null;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

type Failure = { readonly kind: "locked" } | { readonly kind: "problem"; readonly message: string };

/** Waits for no lock: this program has other things to do, such as passing on what its writer waits for. */
function queryOnce(file: string, query: string): string | null | Failure {
  if (!existsSync(file)) return null;
  try {
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite"); // loaded by those cells only that need it
    using database = new DatabaseSync(file, { readOnly: true });
    const statement = database.prepare(query);
    statement.setReturnArrays(true); // columns may have equal names
    const row: unknown = statement.get();
    return Array.isArray(row) && row[0] !== null ? text(row[0]) : null;
  } catch (error) {
    const { errcode = 0, message } = error as Error & { errcode?: number }; // node:sqlite throws only such errors
    if (LOCKED.includes(errcode & PRIMARY)) return { kind: "locked" };
    return NO_ANSWER.includes(errcode & PRIMARY) || NOT_MADE_YET.test(message) ? null : { kind: "problem", message };
  }
}

/** SQLITE_BUSY, LOCKED. */
const LOCKED = [5, 6];
/** SQLITE_READONLY (a transaction that was cut off waits to be taken back), IOERR, CORRUPT, CANTOPEN, NOTADB. */
const NO_ANSWER = [8, 10, 11, 14, 26];
/** An extended code holds the primary one in its lowest byte. */
const PRIMARY = 0xff;
const NOT_MADE_YET = /^no such (?:table|column)/;

function text(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value);
}
