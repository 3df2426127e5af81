// Cells out of columns: what a number stands for, and which cells share a field of a heat map.
import type { Columns, ReportData } from "../data.ts";

export type Verdict = "passed" | "failed" | "errored" | "fixed" | "known" | "skipped";

/** The most urgent first; of a field the first that occurs is shown. */
export const URGENCY: readonly Verdict[] = ["failed", "errored", "fixed", "known", "passed", "skipped"];
export const SIGNS: Readonly<Record<Verdict, string>> = { passed: "✓", failed: "✗", errored: "!", fixed: "+", known: "~", skipped: "–" };

/** One from → to table: a product in an environment. */
export interface HeatMapShape {
  readonly product: number;
  readonly environment: number;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** Number of the field of `from` and `to`, as `from * versions + to`. */
  readonly fields: ReadonlyMap<number, number>;
}

/** The cells of the report. */
export class Cells {
  readonly count: number;
  readonly maps: readonly HeatMapShape[];
  readonly fields: number;
  /** Scenarios, the points of one taken together; and which of them each scenario belongs to. */
  readonly scenarios: readonly string[];
  readonly scenarioOf: readonly number[];
  /** Field of each cell. */
  readonly fieldOf: Int32Array;
  /** Cells of each field. */
  readonly sizes: Int32Array;
  /** Of the largest number that a field can show. */
  readonly digits: number;
  readonly #invertedFields = new Set<number>();
  readonly #skips = new Map<number, number>();
  readonly #data: ReportData;
  #ids: string[] | undefined;
  #numbers: Map<string, number> | undefined;

  constructor(data: ReportData) {
    this.#data = data;
    this.count = data.columns.verdict.length;
    this.fieldOf = new Int32Array(this.count);
    const names = data.words.scenarios.map((scenario) => scenario.split(".")[0] ?? "");
    this.scenarios = [...new Set(names)];
    this.scenarioOf = names.map((name) => this.scenarios.indexOf(name));
    ({ maps: this.maps, fields: this.fields } = this.#shape());
    this.sizes = new Int32Array(this.fields);
    for (const field of this.fieldOf) this.sizes[field] = (this.sizes[field] ?? 0) + 1;
    this.digits = String(this.sizes.reduce((most, size) => Math.max(most, size), 1)).length;
  }

  verdict(cell: number): Verdict {
    return this.#data.words.verdicts[this.#data.columns.verdict[cell] ?? 0] as Verdict; // the dictionary begins with all of them
  }

  /** The word that a column has for a cell; empty when there is none. */
  word(column: keyof Columns, words: keyof ReportData["words"], cell: number): string {
    return this.#data.words[words][this.#data.columns[column][cell] ?? -1] ?? "";
  }

  id(cell: number): string {
    const own = this.word("id", "ids", cell);
    if (own !== "") return own;
    const chain = this.#data.columns.id[cell] === -2 ? `..${this.word("next", "versions", cell)}` : "";
    const pair = `${this.word("from", "versions", cell)}..${this.word("to", "versions", cell)}${chain}`;
    const where = this.word("environment", "environments", cell);
    return `${this.word("product", "products", cell)}/${pair}/${this.word("scenario", "scenarios", cell)}@${where}`;
  }

  /** All addresses; made when they are first asked for. */
  ids(): readonly string[] {
    return (this.#ids ??= Array.from({ length: this.count }, (_, cell) => this.id(cell)));
  }

  /** The cell of an address; −1: there is none. */
  find(id: string): number {
    this.#numbers ??= new Map(this.ids().map((own, cell) => [own, cell]));
    return this.#numbers.get(id) ?? -1;
  }

  replay(cell: number): string {
    return this.word("replay", "replays", cell).replace("\0", this.id(cell));
  }

  /** The command that tells since when a cell is as it is: the replay command with another verb. */
  history(cell: number): string {
    return this.word("replay", "replays", cell)
      .replace(/\breplay\b/, "history")
      .replace("\0", this.id(cell));
  }

  inverted(field: number): boolean {
    return this.#invertedFields.has(field);
  }

  /** Why a field's first skipped cell was skipped; empty: none was. */
  skipReason(field: number): string {
    const cell = this.#skips.get(field);
    return cell === undefined ? "" : this.word("reason", "texts", cell);
  }

  #shape(): { maps: HeatMapShape[]; fields: number } {
    const { columns, words } = this.#data;
    const maps = new Map<number, HeatMapShape & { fields: Map<number, number> }>();
    let fields = 0;
    for (let cell = 0; cell < this.count; cell++) {
      const [product = 0, environment = 0] = [columns.product[cell], columns.environment[cell]];
      const key = product * words.environments.length + environment;
      const map = maps.get(key) ?? { product, environment, rows: [], columns: [], fields: new Map<number, number>() };
      maps.set(key, map);
      const pair = (columns.from[cell] ?? 0) * words.versions.length + (columns.to[cell] ?? 0);
      const field = map.fields.get(pair) ?? fields++;
      map.fields.set(pair, field);
      this.fieldOf[cell] = field;
      if (columns.inverted[cell] === 1) this.#invertedFields.add(field);
      if (this.verdict(cell) === "skipped" && !this.#skips.has(field)) this.#skips.set(field, cell);
    }
    const sorted = (numbers: Iterable<number>): number[] => [...new Set(numbers)].toSorted((a, b) => a - b);
    const shapes = [...maps.values()].map((map) => ({
      ...map,
      rows: sorted([...map.fields.keys()].map((pair) => Math.floor(pair / words.versions.length))),
      columns: sorted([...map.fields.keys()].map((pair) => pair % words.versions.length)),
    }));
    return { maps: shapes, fields };
  }
}
