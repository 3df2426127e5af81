// Cells as a table, the most urgent first, as many as one wants to see.
import { URGENCY } from "./cells.ts";
import { duration } from "./format.ts";
import { CellLink, Growing, Linked, VerdictMark } from "./parts.tsx";
import { type Store, useStore } from "./store.ts";

const STEP = 25;

/** Of many cells the most urgent ones, without sorting all of them. */
function mostUrgent({ data }: Store, cells: Int32Array | readonly number[], most: number): number[] {
  const chosen: number[] = [];
  for (const verdict of URGENCY.map((word) => data.words.verdicts.indexOf(word))) {
    for (const cell of cells) {
      if (chosen.length === most) return chosen;
      if (data.columns.verdict[cell] === verdict) chosen.push(cell);
    }
  }
  return chosen;
}

/** @param caption what they have in common, for those who do not see where the table stands */
export function CellList({ cells, caption }: { cells: Int32Array | readonly number[]; caption: string }) {
  const store = useStore();
  if (cells.length === 0) return <p class="dim">No cell is like that.</p>;
  return (
    <Growing total={cells.length} step={STEP}>
      {(most) => (
        <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
          <table class="cells">
            <caption class="unseen">{caption}</caption>
            <thead>
              <tr>
                <th scope="col">verdict</th>
                <th scope="col">cell</th>
                <th scope="col">outcome</th>
                <th scope="col">downtime</th>
                <th scope="col">took</th>
                <th scope="col">why</th>
              </tr>
            </thead>
            <tbody>
              {mostUrgent(store, cells, most).map((cell) => (
                <CellRow key={cell} cell={cell} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Growing>
  );
}

function CellRow({ cell }: { cell: number }) {
  const { data, cells } = useStore();
  const down = data.columns.downtimeMs[cell] ?? -1;
  return (
    <tr>
      <td>
        <VerdictMark verdict={cells.verdict(cell)} />
      </td>
      <td class="address">
        <CellLink cell={cell} />
      </td>
      <td>{cells.word("outcome", "outcomes", cell)}</td>
      <td class="number">{down < 0 ? "" : duration(down)}</td>
      <td class="number">{duration(data.columns.durationMs[cell] ?? 0)}</td>
      <td class="why">
        <Linked text={cells.word("line", "texts", cell)} />
      </td>
    </tr>
  );
}
