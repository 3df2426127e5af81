// What is embedded in the report, shared by the encoder and the browser: one row a cell, column by column, words in dictionaries.

/** Dictionaries; columns hold positions in them. */
export interface Words {
  readonly products: readonly string[];
  /** Of all products, in semver order. */
  readonly versions: readonly string[];
  readonly scenarios: readonly string[];
  readonly environments: readonly string[];
  readonly verdicts: readonly string[];
  readonly outcomes: readonly string[];
  readonly kinds: readonly string[];
  /** Sentences of any kind: summaries, reasons, lines, allowed outcomes. */
  readonly texts: readonly string[];
  /** Addresses that are not made of the columns in the usual way. */
  readonly ids: readonly string[];
  /** Replay commands, with NUL for the address. */
  readonly replays: readonly string[];
}

/** One number a cell in each. −1: there is none. */
export interface Columns {
  readonly product: number[];
  readonly from: number[];
  readonly to: number[];
  readonly next: number[];
  readonly scenario: number[];
  readonly environment: number[];
  readonly verdict: number[];
  readonly outcome: number[];
  readonly kind: number[];
  readonly inverted: number[];
  readonly durationMs: number[];
  readonly downtimeMs: number[];
  readonly summary: number[];
  readonly expect: number[];
  /** Why it is errored, known or skipped. */
  readonly reason: number[];
  /** Why it has its verdict, in one line; not for cells that passed. */
  readonly line: number[];
  /** −1: made of the columns; −2: the same with the third release of a chain; else in `ids`. */
  readonly id: number[];
  readonly replay: number[];
  /** Position in the details. */
  readonly detail: number[];
}

export interface CauseData {
  readonly cell: number;
  readonly others: readonly number[];
  /** Cells that fail alike, those included that are not listed. */
  readonly cells: number;
}

export interface SweepPoint {
  readonly cell: number;
  /** Number of the operation it strikes at; 0: unknown. */
  readonly operation: number;
  readonly sentence: string;
}

export interface SweepData {
  readonly id: string;
  /** The cell that was recorded. */
  readonly cell: number;
  readonly line: string;
  readonly basis: string;
  readonly whole: boolean;
  readonly failures: readonly { readonly what: string; readonly where: string; readonly cell: number }[];
  readonly points: readonly SweepPoint[];
}

/** From where to where people can upgrade, whatever the environment. One entry a pair that leads up, in each. */
export interface Edges {
  readonly product: number[];
  readonly from: number[];
  readonly to: number[];
  readonly state: ("safe" | "conditional" | "failed" | "errored" | "untested")[];
  readonly inverted: number[];
  /** Position in `whys`. */
  readonly why: number[];
  /** The releases a safe way leads through, for pairs that are not safe themselves; empty: there is none. */
  readonly chain: string[];
  readonly whys: readonly string[];
}

/** What did not run, and what was otherwise not as it is at a user's. */
export interface NotRun {
  /** `whose`: how many cells, of which products. */
  readonly skips: readonly { readonly reason: string; readonly cells: number; readonly whose: string; readonly ids: readonly string[] }[];
  readonly leftOut: readonly string[];
  readonly unavailable: readonly string[];
  readonly settings: readonly string[];
}

export interface ReportData {
  readonly run: string;
  readonly facts: readonly string[];
  readonly gate: "open" | "closed";
  readonly decision: string;
  readonly counts: string;
  readonly total: number;
  readonly reasons: readonly { readonly text: string; readonly cell: number }[];
  readonly blame: readonly { readonly text: string; readonly cell: number }[];
  readonly causes: readonly CauseData[];
  readonly known: readonly string[];
  readonly problems: readonly string[];
  readonly sweeps: readonly SweepData[];
  readonly notRun: NotRun;
  /** Of each product, in the order of `words.versions`: what a release's authors knew. */
  readonly traits: Readonly<Record<string, string>>;
  readonly words: Words;
  readonly columns: Columns;
  readonly edges: Edges;
  readonly detailed: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly tone: "good" | "bad" | "odd" | "dim";
}

export interface Lane {
  readonly name: string;
  readonly spans: readonly Span[];
}

export interface TimelineMark {
  readonly t: number;
  readonly label: string;
  readonly kind: "fault" | "problem" | "request";
}

/** What happened in a cell, as a picture: milliseconds since it began. */
export interface Timeline {
  readonly end: number;
  readonly lanes: readonly Lane[];
  /** Lanes that are not drawn. */
  readonly moreLanes: number;
  readonly marks: readonly TimelineMark[];
  /** Where the downtime that was judged lies, and in which lane. */
  readonly downtime: { readonly from: number; readonly to: number; readonly lane: string } | null;
}

export interface DetailStep {
  readonly sentence: string;
  readonly status: "done" | "failed" | "not-reached";
  readonly message: string;
  readonly took: string;
  readonly findings: number;
}

export interface DetailFinding {
  readonly check: string;
  readonly paths: readonly string[];
  readonly expected: string;
  readonly actual: string;
  readonly step: number | null;
}

export interface DetailBlock {
  readonly title: string;
  /** Each begins with its sign: `-` expected, `+` found, `@` a note, or a blank. */
  readonly lines: readonly string[];
}

export interface DetailTable {
  readonly title: string;
  readonly head: readonly string[];
  /** `bad`: something is not as it should be. */
  readonly rows: readonly { readonly cells: readonly string[]; readonly bad: boolean }[];
  /** Rows that are not listed. */
  readonly more: number;
}

/** Everything about one cell. */
export interface DetailData {
  readonly steps: readonly DetailStep[];
  readonly findings: readonly DetailFinding[];
  /** Findings that are not listed. */
  readonly moreFindings: number;
  readonly faults: readonly string[];
  readonly timeline: Timeline | null;
  readonly tables: readonly DetailTable[];
  readonly blocks: readonly DetailBlock[];
}
