// The from × to tables: of every pair the worst verdict, by colour and sign.
import { useRef } from "preact/hooks";
import { type HeatMapShape, SIGNS, URGENCY, type Verdict } from "./cells.ts";
import { AT_ONCE, useInSight } from "./in-sight.ts";
import { moveInGrid } from "./parts.tsx";
import { hashOf, type Store, useStore } from "./store.ts";

/** Pixels. Columns of a fixed width, so that a browser need not measure thousands of fields to lay them out. */
const LETTER = 9;
const GAP = 12;
const LEAST_FIELD = 38;
const ROW = 30;
/** Rows that are drawn together. */
const CHUNK = 8;
/** Letters of the corner's own text. */
const LEAST_LABEL = 10;

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
        <span>blank: the run has no such pair</span>
      </p>
    </>
  );
}

function HeatMap({ shape }: { shape: HeatMapShape }) {
  const store = useStore();
  const { data, cells, filter } = store;
  const section = useRef<HTMLElement>(null);
  const { inSight, height } = useInSight(section, cells.fields <= AT_ONCE);
  const { product, environment } = filter.value;
  const hidden = (product >= 0 && product !== shape.product) || (environment >= 0 && environment !== shape.environment);
  const name = `${data.words.products[shape.product]} in ${data.words.environments[shape.environment]}`;
  return (
    <section ref={section} class="product" hidden={hidden} aria-label={name}>
      <h3>
        {data.words.products[shape.product]} <span class="dim">@{data.words.environments[shape.environment]}</span>
      </h3>
      {inSight ? <Table shape={shape} name={name} /> : <div style={{ height: `${height.current ?? (shape.rows.length + 2) * ROW}px` }} />}
    </section>
  );
}

function Table({ shape, name }: { shape: HeatMapShape; name: string }) {
  const store = useStore();
  const { data } = store;
  const { versions } = data.words;
  const counts = store.counts.value;
  const product = data.words.products[shape.product] ?? "";
  const traits = (version: number): string => data.traits[`${product} ${versions[version]}`] ?? "";
  const fields = shape.rows.map((from) => shape.columns.map((to) => fieldOf(store, counts, shape, from, to)));
  const label = Math.max(LEAST_LABEL, ...shape.rows.map((from) => (versions[from] ?? "").length)) * LETTER + GAP;
  const width = Math.max(LEAST_FIELD, (1 + store.cells.digits) * LETTER + GAP);
  const first = fields.flat().find((field) => field?.out === false);
  const open = (event: MouseEvent): void => {
    const { row, column } = (event.target as HTMLElement).closest<HTMLElement>("[data-row]")?.dataset ?? {};
    const [from, to] = [shape.rows[Number(row)], shape.columns[Number(column)]];
    if (from === undefined || to === undefined) return;
    location.hash = hashOf({ view: "pair", product: shape.product, environment: shape.environment, from, to }, store);
  };
  return (
    <div class="scroll">
      <table
        class="heat"
        role="grid"
        aria-rowcount={shape.rows.length + 1}
        aria-label={`${name}: from (rows) × to (columns)`}
        onKeyDown={moveInGrid}
        onClick={open}
        onMouseOver={explain}
      >
        <TableHead shape={shape} widths={{ label, column: width }} traits={traits} />
        {Array.from({ length: Math.ceil(shape.rows.length / CHUNK) }, (_, chunk) => (
          <Rows key={chunk} shape={shape} start={chunk * CHUNK} fields={fields} first={first} traits={traits} />
        ))}
      </table>
    </div>
  );
}

interface RowsProps {
  readonly shape: HeatMapShape;
  readonly start: number;
  readonly fields: readonly (readonly (FieldShown | null)[])[];
  /** The field that Tab leads to: its rows are always there. */
  readonly first: FieldShown | null | undefined;
  readonly traits: (version: number) => string;
}

/** A few rows of a table; of a large one they are drawn only in sight. */
function Rows({ shape, start, fields, first, traits }: RowsProps) {
  const { data, cells } = useStore();
  const body = useRef<HTMLTableSectionElement>(null);
  const rows = shape.rows.slice(start, start + CHUNK);
  const entered = rows.some((_, row) => first !== undefined && fields[start + row]?.includes(first) === true);
  const { inSight } = useInSight(body, cells.fields <= AT_ONCE);
  return (
    <tbody ref={body}>
      {inSight || entered ? (
        rows.map((from, row) => (
          <tr key={from} aria-rowindex={start + row + 2}>
            <th scope="row" title={traits(from)}>
              {data.words.versions[from]}
            </th>
            {fields[start + row]?.map((field, column) => drawn(field, start + row, column, field !== null && field === first))}
          </tr>
        ))
      ) : (
        <tr>
          <td colSpan={shape.columns.length + 1} style={{ height: `${rows.length * ROW - 2}px` }} />
        </tr>
      )}
    </tbody>
  );
}

interface HeadProps {
  readonly shape: HeatMapShape;
  readonly widths: { readonly label: number; readonly column: number };
  readonly traits: (version: number) => string;
}

function TableHead({ shape, widths, traits }: HeadProps) {
  const { versions } = useStore().data.words;
  return (
    <>
      <colgroup>
        <col style={{ width: `${widths.label}px` }} />
        {shape.columns.map((to) => (
          <col key={to} style={{ width: `${widths.column}px` }} />
        ))}
      </colgroup>
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
    </>
  );
}

/** The label of a field as its tooltip, made when somebody points at it. */
function explain(event: MouseEvent): void {
  const field = (event.target as HTMLElement).closest<HTMLElement>("[data-row]");
  if (field !== null) field.title = field.getAttribute("aria-label") ?? "";
}

interface FieldShown {
  readonly text: string;
  readonly look: string;
  readonly label: string;
  /** The filter lets none of its cells through. */
  readonly out: boolean;
}

/** What a field shows; `null`: the run has no such pair. Thousands of them are made anew for each letter of a filter. */
function fieldOf(store: Store, counts: Int32Array, shape: HeatMapShape, from: number, to: number): FieldShown | null {
  const { versions } = store.data.words;
  const field = shape.fields.get(from * versions.length + to);
  if (field === undefined) return null;
  const inverted = store.cells.inverted(field);
  const { worst, many, all, skipped } = summary(store, counts, field);
  if (worst === undefined) {
    // its text stays, unseen, and so does its corner: to lay out another text in each field takes longer than all else
    const look = `field none${inverted ? " inverted" : ""}`;
    return { text: textOf(store, field, summary(store, store.unfiltered, field)), look, label: "filtered out", out: true };
  }
  const skips = skipped === 0 ? "" : `${worst === "skipped" ? "" : `, ${skipped} skipped`}: ${store.cells.skipReason(field)}`;
  return {
    text: textOf(store, field, { worst, many }),
    look: `field ${worst}${inverted ? " inverted" : ""}${skipped > 0 && worst !== "skipped" ? " partly" : ""}`,
    label: `${versions[from]} → ${versions[to]}${inverted ? ", inverted" : ""}: ${many} of ${all} ${worst}${skips}`,
    out: false,
  };
}

/** The sign, and of how many cells it is true where a field has several. */
function textOf({ cells }: Store, field: number, { worst, many }: Pick<Summary, "worst" | "many">): string {
  if (worst === undefined) return "";
  return worst === "passed" || worst === "skipped" || cells.sizes[field] === 1 ? SIGNS[worst] : `${SIGNS[worst]}${many}`;
}

/** No component: a component for each of thousands of fields would cost more than the fields themselves. */
function drawn(shown: FieldShown | null, row: number, column: number, first: boolean) {
  if (shown === null) return <td key={column} class="none" aria-label="no cell" />;
  return (
    <td key={column}>
      <button
        class={shown.look}
        data-row={row}
        data-column={column}
        tabIndex={first ? 0 : -1}
        aria-label={shown.label}
        disabled={shown.out}
      >
        {shown.text}
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

function summary({ data }: Store, counts: Int32Array, field: number): Summary {
  const { verdicts } = data.words;
  const count = (verdict: string): number => counts[field * verdicts.length + verdicts.indexOf(verdict)] ?? 0;
  const worst = URGENCY.find((verdict) => count(verdict) > 0);
  const all = URGENCY.reduce((sum, verdict) => sum + count(verdict), 0);
  return { worst, many: worst === undefined ? 0 : count(worst), all, skipped: count("skipped") };
}
