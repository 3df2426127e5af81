// A run record as the data of the report: cells as columns of small numbers, so that 100,000 of them are read in a moment.
import { address, type CellRecord, type RunRecord } from "../../model/index.ts";
import { cellLine } from "../cell-detail.ts";
import { MARKS, VERDICTS } from "../marks.ts";
import { byVersion } from "../overview.ts";
import { clip, oneLine } from "../text.ts";
import type { Columns, Words } from "./data.ts";

const LINE = 300;

/** Words in the order of their first use. */
class Dictionary {
  readonly words: string[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(words: Iterable<string> = []) {
    for (const word of words) this.number(word);
  }

  number(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    const number = this.words.push(word) - 1;
    this.#numbers.set(word, number);
    return number;
  }
}

const REPLAY_ADDRESS = "\0";

/** @param details position in the details of each cell that has some */
export function encodeCells(cells: RunRecord["cells"], details: ReadonlyMap<CellRecord, number>): { words: Words; columns: Columns } {
  const words = dictionaries(cells);
  const columns = emptyColumns();
  for (const cell of cells) {
    columns.product.push(words.products.number(cell.product));
    columns.from.push(words.versions.number(cell.from));
    columns.to.push(words.versions.number(cell.to));
    columns.next.push(words.versions.number(cell.next));
    columns.scenario.push(words.scenarios.number(cell.scenario));
    columns.environment.push(words.environments.number(cell.environment));
    columns.verdict.push(words.verdicts.number(cell.verdict));
    columns.outcome.push(cell.outcome === null ? -1 : words.outcomes.number(cell.outcome));
    columns.kind.push(words.kinds.number(cell.kind));
    columns.inverted.push(cell.inverted ? 1 : 0);
    columns.durationMs.push(Math.round(cell.durationMs));
    columns.downtimeMs.push(cell.downtimeMs === null ? -1 : Math.round(cell.downtimeMs));
    columns.summary.push(words.texts.number(oneLine(cell.summary)));
    columns.expect.push(words.texts.number(cell.expect.join(" or ")));
    columns.reason.push(cell.reason === "" ? -1 : words.texts.number(clip(oneLine(cell.reason), LINE)));
    columns.line.push(cell.verdict === "passed" ? -1 : words.texts.number(clip(cellLine(cell), LINE)));
    columns.id.push(idForm(cell, words.ids));
    columns.replay.push(words.replays.number(cell.replay.replace(cell.id, REPLAY_ADDRESS)));
    columns.detail.push(details.get(cell) ?? -1);
  }
  return { columns, words: plainWords(words) };
}

type Dictionaries = { readonly [K in keyof Words]: Dictionary };

function dictionaries(cells: RunRecord["cells"]): Dictionaries {
  const versions = new Set(cells.flatMap(({ from, to, next }) => [from, to, next]));
  return {
    products: new Dictionary(),
    versions: new Dictionary([...versions].toSorted(byVersion)),
    scenarios: new Dictionary([...new Set(cells.map(({ scenario }) => scenario))].toSorted()),
    environments: new Dictionary(),
    verdicts: new Dictionary(VERDICTS),
    outcomes: new Dictionary(["upgraded", "rolled-back", "refused", "stuck", "bricked"]),
    kinds: new Dictionary(),
    texts: new Dictionary(),
    ids: new Dictionary(),
    replays: new Dictionary(),
  };
}

function plainWords(dictionary: Dictionaries): Words {
  return Object.fromEntries(Object.entries(dictionary).map(([name, { words }]) => [name, words])) as unknown as Words; // one entry each
}

function emptyColumns(): Columns {
  return {
    product: [],
    from: [],
    to: [],
    next: [],
    scenario: [],
    environment: [],
    verdict: [],
    outcome: [],
    kind: [],
    inverted: [],
    durationMs: [],
    downtimeMs: [],
    summary: [],
    expect: [],
    reason: [],
    line: [],
    id: [],
    replay: [],
    detail: [],
  };
}

/** Nearly all addresses are made of the columns; the browser makes them again in the same way. */
function idForm(cell: CellRecord, ids: Dictionary): number {
  if (cell.id === address(cell)) return -1;
  return cell.id === address({ ...cell, chain: cell.next }) ? -2 : ids.number(cell.id);
}

/**
 * Cells in the order in which they are told at length when there is no room for all: what is worst first. Of equally bad
 * ones the products and their scenarios take turns, so that the points of a sweep keep nobody else out.
 */
export function byUrgency(cells: RunRecord["cells"]): CellRecord[] {
  const taken = new Map<string, number>();
  const turns = cells.flatMap((cell) => {
    if (cell.verdict === "skipped") return [];
    const group = [cell.verdict, cell.product, cell.scenario.split(".", 1)[0]].join("\n");
    const turn = taken.get(group) ?? 0;
    taken.set(group, turn + 1);
    return [{ cell, turn }];
  });
  return turns.toSorted((a, b) => MARKS[b.cell.verdict].rank - MARKS[a.cell.verdict].rank || a.turn - b.turn).map(({ cell }) => cell);
}
