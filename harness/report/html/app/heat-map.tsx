// The from × to tables: of every pair the worst verdict, by colour and sign.
import { useEffect, useRef, useState } from "preact/hooks";
import { type HeatMapShape, SIGNS, URGENCY, type Verdict } from "./cells.ts";
import { moveInGrid } from "./parts.tsx";
import { hashOf, type Store, useStore } from "./store.ts";

/** Tables with fewer fields than this, all together, are drawn at once; of more only those in sight. */
const AT_ONCE = 1500;

export function HeatMaps() {
  const { cells } = useStore();
  return (
    <>
      {cells.maps.map((shape) => (
        <HeatMap key={`${shape.product}/${shape.environment}`} shape={shape} />
      ))}
      <p class="legend">
        {URGENCY.map((verdict) => (
          <span key={verdict}>
            <span class={`field ${verdict}`} aria-hidden="true">
              {SIGNS[verdict]}
            </span>{" "}
            {verdict}
          </span>
        ))}
        <span>
          <span class="field passed inverted" aria-hidden="true">
            ✓
          </span>{" "}
          corner: inverted, version order and build order disagree
        </span>
        <span>
          <span class="field passed partly" aria-hidden="true">
            ✓
          </span>{" "}
          dotted: some scenarios were skipped
        </span>
        <span>a number: so many cells of the pair</span>
      </p>
    </>
  );
}

function HeatMap({ shape }: { shape: HeatMapShape }) {
  const store = useStore();
  const { data, cells, filter } = store;
  const section = useRef<HTMLElement>(null);
  const drawn = useInSight(section, cells.fields <= AT_ONCE);
  const { product, environment } = filter.value;
  const hidden = (product >= 0 && product !== shape.product) || (environment >= 0 && environment !== shape.environment);
  const name = `${data.words.products[shape.product]} in ${data.words.environments[shape.environment]}`;
  return (
    <section ref={section} class="product" hidden={hidden} aria-label={name}>
      <h3>
        {data.words.products[shape.product]} <span class="dim">@{data.words.environments[shape.environment]}</span>
      </h3>
      {drawn ? <Table shape={shape} name={name} /> : <div class="undrawn" style={{ height: `${(shape.rows.length + 1) * 30}px` }} />}
    </section>
  );
}

function Table({ shape, name }: { shape: HeatMapShape; name: string }) {
  const store = useStore();
  const { data } = store;
  const { versions } = data.words;
  const product = data.words.products[shape.product] ?? "";
  const first = shape.rows
    .flatMap((from) => shape.columns.map((to) => shape.fields.get(from * versions.length + to)))
    .find((field) => field !== undefined && summary(store, field).worst !== undefined);
  const traits = (version: number): string => data.traits[`${product} ${versions[version]}`] ?? "";
  return (
    <div class="scroll">
      <table class="heat" role="grid" aria-label={`${name}: from (rows) × to (columns)`} onKeyDown={moveInGrid}>
        <thead>
          <tr>
            <th scope="col" class="corner">
              from ↓ to →
            </th>
            {shape.columns.map((to) => (
              <th key={to} scope="col" title={traits(to)}>
                <span>{versions[to]}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shape.rows.map((from, row) => (
            <tr key={from}>
              <th scope="row" title={traits(from)}>
                {versions[from]}
              </th>
              {shape.columns.map((to, column) => (
                <Field key={to} shape={shape} from={from} to={to} row={row} column={column} first={first} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface FieldProps {
  readonly shape: HeatMapShape;
  readonly from: number;
  readonly to: number;
  readonly row: number;
  readonly column: number;
  /** The field that Tab leads to. */
  readonly first: number | undefined;
}

function Field({ shape, from, to, row, column, first }: FieldProps) {
  const store = useStore();
  const { versions } = store.data.words;
  const field = shape.fields.get(from * versions.length + to);
  if (field === undefined) return <td class="none" aria-label="no cell" />;
  const { worst, many, all, skipped } = summary(store, field);
  const inverted = store.cells.inverted(field);
  if (worst === undefined)
    return (
      <td class="none" aria-label="filtered out">
        ·
      </td>
    );
  const skips = skipped === 0 ? "" : `${worst === "skipped" ? "" : `, ${skipped} skipped`}: ${store.cells.skipReason(field)}`;
  const label = `${versions[from]} → ${versions[to]}${inverted ? ", inverted" : ""}: ${many} of ${all} ${worst}${skips}`;
  const go = (): void =>
    void (location.hash = hashOf({ view: "pair", product: shape.product, environment: shape.environment, from, to }, store));
  return (
    <td>
      <button
        class={`field ${worst}${inverted ? " inverted" : ""}${skipped > 0 && worst !== "skipped" ? " partly" : ""}`}
        data-row={row}
        data-column={column}
        tabIndex={field === first ? 0 : -1}
        aria-label={label}
        title={label}
        onClick={go}
      >
        {SIGNS[worst]}
        {worst === "passed" || worst === "skipped" || all === 1 ? "" : many}
      </button>
    </td>
  );
}

interface Summary {
  /** The most urgent verdict of a field's cells; undefined: the filter lets none of them through. */
  readonly worst: Verdict | undefined;
  readonly many: number;
  readonly all: number;
  readonly skipped: number;
}

function summary({ counts, data }: Store, field: number): Summary {
  const { verdicts } = data.words;
  const count = (verdict: string): number => counts.value[field * verdicts.length + verdicts.indexOf(verdict)] ?? 0;
  const worst = URGENCY.find((verdict) => count(verdict) > 0);
  const all = URGENCY.reduce((sum, verdict) => sum + count(verdict), 0);
  return { worst, many: worst === undefined ? 0 : count(worst), all, skipped: count("skipped") };
}

/** Whether something is in sight, or nearly; all of it is while the report is printed. */
function useInSight(ref: { readonly current: HTMLElement | null }, always: boolean): boolean {
  const [seen, see] = useState(always);
  useEffect(() => {
    if (always || ref.current === null) return undefined;
    const observer = new IntersectionObserver((entries) => see(entries.some(({ isIntersecting }) => isIntersecting)), {
      rootMargin: "200px",
    });
    observer.observe(ref.current);
    const print = (): void => see(true);
    addEventListener("beforeprint", print);
    return () => {
      observer.disconnect();
      removeEventListener("beforeprint", print);
    };
  }, [always, ref]);
  return seen;
}
