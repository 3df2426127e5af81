// What a report shows of one cell: its own observations, and the fresh install it was compared with.
import type { CellRecord, Observation } from "../model/index.ts";
import { referenceCell } from "./fresh.ts";
import { observationsNow, referenceName } from "./record-folder.ts";

/** undefined: the cell did not run. Read at once, because reports are made of a few cells only. */
export function evidenceOf(directory: string, cell: CellRecord): Observation[] | undefined {
  if (cell.observations === null) return undefined;
  const reference = observationsNow(directory, referenceName(referenceCell(cell, "to").id));
  const fresh = reference.filter((seen) => seen.kind === "snapshot");
  return [...fresh, ...observationsNow(directory, cell.observations)];
}
