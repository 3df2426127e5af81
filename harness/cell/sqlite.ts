// Asks a product's SQLite database one question, without ever changing it or waiting for a lock on it.
import { existsSync } from "node:fs";
import type { Observer } from "./observer.ts";

/**
 * The first column of the first row. Null when there is no answer: no such file or row, or somebody writes just now.
 * A question that no database could answer is told as a problem: it is the product.yaml's mistake.
 */
export function queryDatabase(file: string, query: string, observer: Observer): string | null {
  if (!existsSync(file)) return null;
  try {
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite"); // loaded by those cells only that need it
    using database = new DatabaseSync(file, { readOnly: true });
    const statement = database.prepare(query);
    statement.setReturnArrays(true); // columns may have equal names
    const row: unknown = statement.get();
    return Array.isArray(row) && row[0] !== null ? text(row[0]) : null;
  } catch (error) {
    const { errcode, message } = error as Error & { errcode?: number }; // node:sqlite throws only such errors
    const problem = errcode === undefined || !(NO_ANSWER.includes(errcode & PRIMARY) || NOT_MADE_YET.test(message));
    if (problem) observer.see({ kind: "problem", message: `Cannot ask ${file}: ${message}` });
    return null;
  }
}

/** SQLITE_BUSY, LOCKED, READONLY (a transaction that was cut off waits to be taken back), IOERR, CORRUPT, CANTOPEN, NOTADB. */
const NO_ANSWER = [5, 6, 8, 10, 11, 14, 26];
/** An extended code holds the primary one in its lowest byte. */
const PRIMARY = 0xff;
const NOT_MADE_YET = /^no such (?:table|column)/;

function text(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value);
}
