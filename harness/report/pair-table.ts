// The from × to table of a product: which marks stand where. Hides how wide it may be and what is told when it does not fit.
import { INVERTED, MARKS, NO_CELL, type Paint } from "./marks.ts";
import { type PairOverview, type ProductOverview, pairKey } from "./overview.ts";
import { clip, count, grouped } from "./text.ts";

const MOST_LISTED_PAIRS = 20;
const GAP = 2;

/** The mark of a pair: the worst verdict of its cells, how many have it (unless all is well), and `*` when inverted. */
export function pairMark(pair: PairOverview | undefined): string {
  if (pair === undefined) return NO_CELL;
  const many = pair.worst === "passed" || pair.worst === "skipped" || pair.cells === 1 ? "" : grouped(pair.worstCells);
  return `${MARKS[pair.worst].sign}${many}${pair.inverted ? INVERTED : ""}`;
}

/** Versions that are a `from` (rows) and those that are a `to` (columns). */
export function axes(product: ProductOverview): { readonly rows: readonly string[]; readonly columns: readonly string[] } {
  const [from, to] = [new Set<string>(), new Set<string>()];
  for (const pair of product.pairs.values()) {
    from.add(pair.from);
    to.add(pair.to);
  }
  return { rows: product.versions.filter((version) => from.has(version)), columns: product.versions.filter((version) => to.has(version)) };
}

/** Pairs whose worst verdict is neither passed nor skipped. */
export function pairsToLookAt(product: ProductOverview): PairOverview[] {
  return [...product.pairs.values()]
    .filter((pair) => MARKS[pair.worst].rank > MARKS.passed.rank)
    .toSorted((a, b) => MARKS[b.worst].rank - MARKS[a.worst].rank);
}

/** The lines of the table; with numbered columns when versions are too wide, as a list of pairs when even those are. */
export function pairTable(product: ProductOverview, paint: Paint, width: number): string[] {
  const { rows, columns } = axes(product);
  const label = Math.max(...rows.map((row) => row.length), "from \\ to".length);
  const marks = columns.map((to) => Math.max(...rows.map((from) => markOf(product, from, to).length)));
  const named = columns.map((to, index) => Math.max(to.length, marks[index] ?? 0)); // marks has one entry per column
  if (widthOf(label, named) <= width) return lines(product, paint, { rows, columns, heads: columns, labels: rows, label, widths: named });
  const number = (version: string): string => String(product.versions.indexOf(version) + 1);
  const digits = String(product.versions.length).length;
  const labels = rows.map((row) => `${number(row).padStart(digits)} ${row}`);
  const heads = columns.map(number);
  const widths = heads.map((head, index) => Math.max(head.length, marks[index] ?? 0));
  if (widthOf(label + digits + 1, widths) > width) return pairList(product, paint, width);
  const table = lines(product, paint, { rows, columns, heads, labels, label: label + digits + 1, widths });
  const unseen = columns.filter((to) => !rows.includes(to)).map((to) => `${number(to)} ${to}`);
  return unseen.length === 0 ? table : [...table, paint("dim", clip(`  columns only: ${unseen.join(", ")}`, width))];
}

interface TableShape {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly heads: readonly string[];
  readonly labels: readonly string[];
  readonly label: number;
  readonly widths: readonly number[];
}

function lines(product: ProductOverview, paint: Paint, shape: TableShape): string[] {
  const cell = (text: string, column: number, shown = text): string =>
    `${" ".repeat(GAP)}${shown}${" ".repeat((shape.widths[column] ?? 0) - text.length)}`;
  const head = `  ${"from \\ to".padEnd(shape.label)}${shape.heads.map((text, column) => cell(text, column)).join("")}`;
  const body = shape.rows.map((from, row) => {
    const marks = shape.columns.map((to, column) => {
      const pair = product.pairs.get(pairKey(from, to));
      const mark = pairMark(pair);
      return cell(mark, column, paint(pair === undefined ? "dim" : MARKS[pair.worst].tone, mark));
    });
    return `  ${(shape.labels[row] ?? from).padEnd(shape.label)}${marks.join("")}`.trimEnd();
  });
  return [paint("dim", head.trimEnd()), ...body];
}

function pairList(product: ProductOverview, paint: Paint, width: number): string[] {
  const bad = pairsToLookAt(product);
  const shown = bad.slice(0, MOST_LISTED_PAIRS).map((pair) => {
    const text = `${pairMark(pair).padEnd(6)} ${pair.from} → ${pair.to}  (${count(pair.cells, "cell")})`;
    return `  ${paint(MARKS[pair.worst].tone, clip(text, width - 2))}`;
  });
  const rest = bad.length - shown.length;
  const more = rest > 0 ? [paint("dim", `  … and ${count(rest, "more pair")}`)] : [];
  return [
    `  ${count(product.pairs.size, "pair")}, too many for a table of this width${bad.length === 0 ? "; none to look at" : ":"}`,
    ...shown,
    ...more,
  ];
}

function markOf(product: ProductOverview, from: string, to: string): string {
  return pairMark(product.pairs.get(pairKey(from, to)));
}

function widthOf(label: number, columns: readonly number[]): number {
  return columns.reduce((sum, column) => sum + GAP + column, 2 + label);
}
