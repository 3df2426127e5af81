// Counts a run once over: verdicts, products, pairs, causes, skips and what was left out. All summaries are made from it.
import { compare, valid } from "semver";
import type { CellRecord, RunRecord, Selection, Verdict } from "../model/index.ts";
import { type Cause, causes } from "./causes.ts";
import { ATTENTION, MARKS } from "./marks.ts";

export type Counts = Record<Verdict, number>;

/** All cells of one from → to pair. */
export interface PairOverview {
  readonly from: string;
  readonly to: string;
  readonly inverted: boolean;
  readonly cells: number;
  readonly worst: Verdict;
  /** How many cells have the worst verdict. */
  readonly worstCells: number;
}

export interface ProductOverview {
  readonly name: string;
  readonly cells: readonly CellRecord[];
  readonly counts: Counts;
  readonly durationMs: number;
  /** Versions in semver order. */
  readonly versions: readonly string[];
  readonly pairs: ReadonlyMap<string, PairOverview>;
}

export interface Overview {
  readonly counts: Counts;
  readonly total: number;
  readonly products: readonly ProductOverview[];
  /** Cells somebody has to look at, grouped by the same cause, most urgent first. */
  readonly attention: readonly Cause[];
  readonly skips: readonly ReasonOverview[];
  readonly known: readonly ReasonOverview[];
  /** Skipped cells that the record only names. */
  readonly namedSkips: RunRecord["skipped"];
  readonly leftOut: readonly LeftOutOverview[];
}

/** The cells that have the same reason. */
export interface ReasonOverview {
  readonly reason: string;
  readonly cells: number;
  /** Their products, in the order of the run; none of a cell that the record only names. */
  readonly products: readonly string[];
}

export interface LeftOutOverview {
  readonly product: string;
  readonly selection: Selection;
  readonly cells: number;
  readonly scenarios: number;
}

export function overviewOf(record: RunRecord): Overview {
  const cells = new Map<string, CellRecord[]>();
  for (const cell of record.cells) entry(cells, cell.product, () => []).push(cell);
  const namedSkips = skipsBesideCells(record);
  const counts = countVerdicts(record.cells);
  counts.skipped += namedSkips.length;
  return {
    counts,
    total: record.cells.length + namedSkips.length,
    products: [...cells].map(([name, own]) => productOverview(name, own)),
    attention: causes(record.cells.filter((cell) => ATTENTION.includes(cell.verdict))),
    skips: byReason([...record.cells.filter((cell) => cell.verdict === "skipped"), ...namedSkips]),
    known: byReason(record.cells.filter((cell) => cell.verdict === "known")),
    namedSkips,
    leftOut: groupLeftOut(record),
  };
}

export function pairKey(from: string, to: string): string {
  return `${from}\n${to}`;
}

/** The value of a key; made when it is missing. */
export function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function productOverview(name: string, cells: readonly CellRecord[]): ProductOverview {
  const pairs = new Map<string, { -readonly [K in keyof PairOverview]: PairOverview[K] }>();
  let durationMs = 0;
  for (const cell of cells) {
    durationMs += cell.durationMs;
    const fresh = { from: cell.from, to: cell.to, inverted: cell.inverted, cells: 0, worst: cell.verdict, worstCells: 0 };
    const pair = entry(pairs, pairKey(cell.from, cell.to), () => fresh);
    pair.cells += 1;
    if (MARKS[cell.verdict].rank > MARKS[pair.worst].rank) Object.assign(pair, { worst: cell.verdict, worstCells: 0 });
    if (cell.verdict === pair.worst) pair.worstCells += 1;
  }
  const versions = [...new Set(cells.flatMap((cell) => [cell.from, cell.to]))].toSorted(byVersion);
  return { name, cells, counts: countVerdicts(cells), durationMs, versions, pairs };
}

/** Semantic versions in their order, other names behind them. */
export function byVersion(a: string, b: string): number {
  const [left, right] = [valid(a), valid(b)];
  if (left === null || right === null) return left === right ? a.localeCompare(b, "en") : left === null ? 1 : -1;
  return compare(left, right) || a.localeCompare(b, "en");
}

function countVerdicts(cells: readonly CellRecord[]): Counts {
  const counts: Counts = { passed: 0, failed: 0, errored: 0, fixed: 0, known: 0, skipped: 0 };
  for (const cell of cells) counts[cell.verdict] += 1;
  return counts;
}

/** A planned skip may stand in the record as a cell, as a name with its reason, or as both. */
function skipsBesideCells(record: RunRecord): RunRecord["skipped"] {
  if (record.skipped.length === 0) return [];
  const ids = new Set(record.cells.map((cell) => cell.id));
  return record.skipped.filter((skip) => !ids.has(skip.id));
}

function byReason(cells: readonly { readonly reason: string; readonly product?: string }[]): ReasonOverview[] {
  const groups = Map.groupBy(cells, (cell) => cell.reason);
  return [...groups]
    .map(([reason, own]) => ({ reason, cells: own.length, products: [...new Set(own.flatMap(({ product }) => product ?? []))] }))
    .toSorted((a, b) => b.cells - a.cells);
}

function groupLeftOut(record: RunRecord): LeftOutOverview[] {
  const groups = new Map<string, { product: string; selection: Selection; cells: number; scenarios: Set<string> }>();
  for (const { product, selection, scenario, cells } of record.leftOut) {
    const group = entry(groups, `${product}\n${selection}`, () => ({ product, selection, cells: 0, scenarios: new Set<string>() }));
    group.cells += cells;
    group.scenarios.add(scenario);
  }
  return [...groups.values()].filter((group) => group.cells > 0).map((group) => ({ ...group, scenarios: group.scenarios.size }));
}
