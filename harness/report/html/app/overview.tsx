// The first screen: the decision, whose fault it seems to be, the tables, sweeps, and what was not run.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { CellList } from "./cell-list.tsx";
import { count } from "./format.ts";
import { Filters } from "./filters.tsx";
import { HeatMaps } from "./heat-map.tsx";
import { AT_ONCE, useInSight } from "./in-sight.ts";
import { CellLink, Growing, Linked, LinkTo, VerdictMark } from "./parts.tsx";
import { Releases } from "./releases.tsx";
import { useStore } from "./store.ts";
import { Sweeps } from "./sweeps.tsx";

export function Overview() {
  const { data } = useStore();
  return (
    <>
      <Decision />
      <Titled id="blame" title="Whose fault it seems to be" show={data.blame.length > 0}>
        <ul>
          {data.blame.map(({ text, cell }) => (
            <li key={text}>
              {text} <SeeCell cell={cell} />
            </li>
          ))}
        </ul>
      </Titled>
      <Titled id="pairs" title="Pairs" show={data.columns.verdict.length > 0}>
        <Filters />
        <HeatMaps />
      </Titled>
      <Releases />
      <Causes />
      <Sweeps />
      <NotRun />
      <Listed id="known" title="Known failures" lines={data.known} />
      <Listed id="problems" title="Problems around the cells" lines={data.problems} />
      <Listed id="settings" title="Settings, published → test" lines={data.notRun.settings} />
      <AllCells />
    </>
  );
}

function Decision() {
  const { data } = useStore();
  return (
    <section class={`decision ${data.gate}`}>
      <h2>
        {data.gate === "open" ? "✓" : "✗"} {data.decision}
      </h2>
      <ol>
        {data.reasons.map(({ text, cell }) => (
          <li key={text}>
            {text} <SeeCell cell={cell} />
          </li>
        ))}
      </ol>
      <p>
        {count(data.total, "cell")}: {data.counts}
      </p>
    </section>
  );
}

function SeeCell({ cell }: { cell: number }) {
  const { cells } = useStore();
  if (cell < 0) return null;
  return (
    <LinkTo place={{ view: "cell", cell }}>
      see <span class="unseen">{cells.id(cell)}</span>
    </LinkTo>
  );
}

function Titled({ id, title, show, children }: { id: string; title: string; show: boolean; children: ComponentChildren }) {
  if (!show) return null;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

/** Cells somebody has to look at: one of each cause, with those that fail alike behind it. */
function Causes() {
  const { data, cells } = useStore();
  return (
    <Titled id="causes" title="To look at" show={data.causes.length > 0}>
      <Growing total={data.causes.length} step={20}>
        {(most) => (
          <ul class="causes">
            {data.causes.slice(0, most).map(({ cell, others, cells: all }) => (
              <li key={cell}>
                <VerdictMark verdict={cells.verdict(cell)} /> <CellLink cell={cell} />
                <p>
                  <Linked text={cells.word("line", "texts", cell)} />
                </p>
                {others.length > 0 && (
                  <details>
                    <summary>The same in {count(all - 1, "other cell")}</summary>
                    <ul>
                      {others.map((other) => (
                        <li key={other}>
                          <CellLink cell={other} />
                        </li>
                      ))}
                      {all - 1 > others.length && <li>… and {count(all - 1 - others.length, "more cell")}</li>}
                    </ul>
                  </details>
                )}
              </li>
            ))}
          </ul>
        )}
      </Growing>
    </Titled>
  );
}

function NotRun() {
  const { skips, leftOut, unavailable } = useStore().data.notRun;
  const nothing = skips.length + leftOut.length + unavailable.length === 0;
  return (
    <Titled id="not-run" title="What was not run" show>
      {nothing && <p>Everything that was planned ran; no selection left anything out.</p>}
      <Part title="Environments that could not be used" lines={unavailable} />
      {skips.length > 0 && (
        <>
          <h3>Skipped</h3>
          <Growing total={skips.length} step={10}>
            {(most) => (
              <ul>
                {skips.slice(0, most).map(({ reason, cells, whose, ids }) => (
                  <li key={reason}>
                    <details>
                      <summary>
                        {whose}: {reason}
                      </summary>
                      <ul>
                        {ids.map((id) => (
                          <li key={id}>
                            <code>{id}</code>
                          </li>
                        ))}
                        {cells > ids.length && <li>… and {count(cells - ids.length, "more cell")}</li>}
                      </ul>
                    </details>
                  </li>
                ))}
              </ul>
            )}
          </Growing>
        </>
      )}
      <Part title="Left out by selections" lines={leftOut} />
    </Titled>
  );
}

function Part({ title, lines }: { title: string; lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <Lines lines={lines} />
    </>
  );
}

function Listed({ id, title, lines }: { id: string; title: string; lines: readonly string[] }) {
  return (
    <Titled id={id} title={title} show={lines.length > 0}>
      <Lines lines={lines} />
    </Titled>
  );
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <ul>
      {lines.map((line) => (
        <li key={line}>
          <Linked text={line} />
        </li>
      ))}
    </ul>
  );
}

function AllCells() {
  const { data, chosen, cells } = useStore();
  const section = useRef<HTMLElement>(null);
  const { inSight, height } = useInSight(section, cells.count <= AT_ONCE);
  if (data.columns.verdict.length === 0) return null;
  const all = chosen.value.length === cells.count;
  return (
    <section ref={section} class="all-cells" aria-labelledby="cells">
      <h2 id="cells">Cells</h2>
      {inSight ? (
        <div>
          <p class="dim">{all ? "The most urgent first." : "Those that the filter lets through, the most urgent first."}</p>
          <CellList cells={chosen.value} caption="Cells, the most urgent first" />
        </div>
      ) : (
        <div style={{ height: `${height.current ?? LIST_HEIGHT}px` }} />
      )}
    </section>
  );
}

/** Pixels that the list takes about. */
const LIST_HEIGHT = 1200;
