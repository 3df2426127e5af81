// What a history asks of a database; each kind has one file. Parameters are written $1, $2, … in both.

export type Value = string | number | null;
export type Row = Readonly<Record<string, unknown>>;

/** Statements within one transaction. */
export interface Statements {
  all(sql: string, parameters?: readonly Value[]): Promise<Row[]>;
  run(sql: string, parameters?: readonly Value[]): Promise<void>;
  /** Adds rows, however many. */
  insert(table: string, columns: readonly string[], rows: Iterable<readonly Value[]>): Promise<void>;
}

export interface Database extends AsyncDisposable {
  /** Without what is secret in it. */
  readonly name: string;
  /** All or nothing. Who writes waits until nobody else does; readers see no half of it. */
  write<T>(work: (statements: Statements) => Promise<T>): Promise<T>;
  read<T>(work: (statements: Statements) => Promise<T>): Promise<T>;
}
