// Sweeps as strips of operations: one button a point, its colour the verdict, its sign the outcome.
import { useState } from "preact/hooks";
import type { SweepData, SweepPoint } from "../data.ts";
import { URGENCY } from "./cells.ts";
import { count } from "./format.ts";
import { CellLink, moveInGrid } from "./parts.tsx";
import { hashOf, useStore } from "./store.ts";

const OUTCOME_SIGNS: Readonly<Record<string, string>> = { upgraded: "↑", "rolled-back": "↩", refused: "⊘", stuck: "∞", bricked: "✗" };

const STATE_SIGNS = { good: "✓", odd: "~", bad: "✗" } as const;

export function Sweeps() {
  const { data } = useStore();
  if (data.sweeps.length === 0) return null;
  return (
    <section aria-labelledby="sweeps">
      <h2 id="sweeps">Sweeps</h2>
      {data.sweeps.map((sweep) => (
        <Strip key={sweep.id} sweep={sweep} />
      ))}
      <p class="legend">
        {Object.entries(OUTCOME_SIGNS).map(([outcome, sign]) => (
          <span key={outcome}>
            {sign} {outcome}
          </span>
        ))}
        <span>? no outcome</span>
      </p>
    </section>
  );
}

function Strip({ sweep }: { sweep: SweepData }) {
  const { cells } = useStore();
  const [shown, show] = useState<SweepPoint | undefined>();
  const worst = URGENCY.find((verdict) => sweep.points.some((point) => cells.verdict(point.cell) === verdict));
  const state = sweep.whole ? "good" : worst === "known" ? "odd" : "bad";
  return (
    <section class="sweep">
      <h3>{sweep.cell < 0 ? <code>{sweep.id}</code> : <CellLink cell={sweep.cell} />}</h3>
      <p class={state}>
        {STATE_SIGNS[state]} {sweep.line}
        {state === "odd" && "; all that fails is known"}
      </p>
      <p class="dim">{sweep.basis}</p>
      {sweep.points.length > 0 && (
        <>
          <div
            class="strip"
            role="toolbar"
            aria-label={`${count(sweep.points.length, "point")} of ${sweep.id}, in the order of operations`}
            onKeyDown={moveInGrid}
          >
            {sweep.points.map((point, index) => (
              <Point key={point.cell} point={point} index={index} show={show} />
            ))}
          </div>
          <p class="readout">
            {shown === undefined ? "Each field is a state after an operation. Arrow keys walk along them." : shown.sentence}
          </p>
        </>
      )}
      {sweep.failures.length > 0 && (
        <ul class="failures">
          {sweep.failures.map(({ what, where, cell }) => (
            <li key={what}>
              <span class={state}>{what}</span>
              <br />
              first {where}
              {cell >= 0 && (
                <>
                  <br />
                  <CellLink cell={cell} />
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Point({ point, index, show }: { point: SweepPoint; index: number; show: (point: SweepPoint) => void }) {
  const store = useStore();
  const outcome = store.cells.word("outcome", "outcomes", point.cell);
  const verdict = store.cells.verdict(point.cell);
  const label = `operation ${point.operation}: ${verdict}, ${outcome === "" ? "no outcome" : outcome}; ${point.sentence}`;
  return (
    <button
      class={`field ${verdict}`}
      data-row={0}
      data-column={index}
      tabIndex={index === 0 ? 0 : -1}
      aria-label={label}
      title={label}
      onFocus={() => show(point)}
      onMouseEnter={() => show(point)}
      onClick={() => void (location.hash = hashOf({ view: "cell", cell: point.cell }, store))}
    >
      {OUTCOME_SIGNS[outcome] ?? "?"}
    </button>
  );
}
