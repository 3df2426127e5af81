// Which cells are shown. Pure: columns and a filter in, numbers of cells out.
import type { ReportData } from "../data.ts";
import type { Cells } from "./cells.ts";

/** −1 and empty: no matter which. */
export interface Filter {
  readonly text: string;
  readonly verdicts: ReadonlySet<number>;
  readonly product: number;
  readonly environment: number;
  /** In `Cells.scenarios`: the points of a scenario are one. */
  readonly scenario: number;
  readonly kind: number;
  readonly inverted: boolean;
}

export const NO_FILTER: Filter = { text: "", verdicts: new Set(), product: -1, environment: -1, scenario: -1, kind: -1, inverted: false };

/** The cells that a filter lets through. */
export function select({ columns }: ReportData, cells: Cells, filter: Filter): Int32Array {
  const chosen = new Int32Array(cells.count);
  const fits = textFilter(filter.text, cells);
  let length = 0;
  for (let cell = 0; cell < cells.count; cell++) {
    if (filter.product >= 0 && columns.product[cell] !== filter.product) continue;
    if (filter.environment >= 0 && columns.environment[cell] !== filter.environment) continue;
    if (filter.scenario >= 0 && cells.scenarioOf[columns.scenario[cell] ?? 0] !== filter.scenario) continue;
    if (filter.kind >= 0 && columns.kind[cell] !== filter.kind) continue;
    if (filter.inverted && columns.inverted[cell] !== 1) continue;
    if (filter.verdicts.size > 0 && !filter.verdicts.has(columns.verdict[cell] ?? -1)) continue;
    if (!fits(cell)) continue;
    chosen[length++] = cell;
  }
  return chosen.subarray(0, length);
}

/** Part of an address; with `*` a whole one, as on the command line. */
function textFilter(text: string, cells: Cells): (cell: number) => boolean {
  const wanted = text.trim();
  if (wanted === "") return () => true;
  const ids = cells.ids();
  if (!wanted.includes("*")) return (cell) => ids[cell]?.includes(wanted) === true;
  const pattern = new RegExp(
    `^${wanted
      .split("*")
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))
      .join(".*")}$`,
  );
  return (cell) => pattern.test(ids[cell] ?? "");
}
