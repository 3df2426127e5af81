// From where people can upgrade to a release, and to which ones from it: the upgrade graph that the results allow, as words.
import type { Edges } from "../data.ts";
import { count } from "./format.ts";
import { Growing, Linked, LinkTo } from "./parts.tsx";
import { type Place, useStore } from "./store.ts";

type State = Edges["state"][number];

const STATES: readonly State[] = ["safe", "conditional", "untested", "errored", "failed"];
const MARKS: Readonly<Record<State, { readonly look: string; readonly sign: string; readonly word: string }>> = {
  safe: { look: "passed", sign: "✓", word: "safe" },
  conditional: { look: "known", sign: "~", word: "at a known risk" },
  untested: { look: "skipped", sign: "–", word: "nothing shows that it works" },
  errored: { look: "errored", sign: "!", word: "could not be judged" },
  failed: { look: "failed", sign: "✗", word: "not safe" },
};
const STEP = 12;
const MOST_NAMED = 12;

/** Every release that somebody upgrades to, the newest first. */
export function Releases() {
  const { data } = useStore();
  if (data.edges.product.length === 0) return null;
  return (
    <section aria-labelledby="releases">
      <h2 id="releases">From where people can upgrade</h2>
      {data.words.products.map((name, product) => (
        <ProductReleases key={name} name={name} product={product} />
      ))}
    </section>
  );
}

function ProductReleases({ name, product }: { name: string; product: number }) {
  const { data } = useStore();
  const { edges } = data;
  const into = Map.groupBy(
    [...edges.to.keys()].filter((edge) => edges.product[edge] === product),
    (edge) => edges.to[edge] ?? 0,
  );
  const rows = [...into].toSorted(([a], [b]) => b - a);
  if (rows.length === 0) return null;
  const states = STATES.filter((state) => rows.some(([, own]) => own.some((edge) => edges.state[edge] === state)));
  return (
    <Growing total={rows.length} step={STEP}>
      {(most) => (
        <div class="scroll" role="region" aria-label={`From where people can upgrade: ${name}`} tabIndex={0}>
          <h3>{name}</h3>
          <table class="releases-table">
            <thead>
              <tr>
                <th scope="col">to ↓ from →</th>
                {states.map((state) => (
                  <th key={state} scope="col">
                    <StateMark state={state} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, most).map(([to, own]) => (
                <tr key={to}>
                  <th scope="row">
                    <LinkTo place={{ view: "release", product, version: to }}>{data.words.versions[to]}</LinkTo>
                  </th>
                  {states.map((state) => (
                    <td key={state}>{named(data.words.versions, edges, own, state)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Growing>
  );
}

function named(versions: readonly string[], edges: Edges, own: readonly number[], state: State): string {
  const all = own
    .filter((edge) => edges.state[edge] === state)
    .map((edge) => edges.from[edge] ?? 0)
    .toSorted((a, b) => b - a)
    .map((from) => versions[from] ?? "");
  return all.length <= MOST_NAMED ? all.join(", ") : `${all.slice(0, MOST_NAMED).join(", ")} and ${all.length - MOST_NAMED} more`;
}

function StateMark({ state }: { state: State }) {
  const { look, sign, word } = MARKS[state];
  return (
    <span class={`mark ${look}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}

/** One release: who gets to it, and where one gets to from it, with what vouches for it or stands against it. */
export function ReleaseView({ place }: { place: Extract<Place, { view: "release" }> }) {
  const { data } = useStore();
  const [product, version] = [data.words.products[place.product] ?? "", data.words.versions[place.version] ?? ""];
  const pairs = (end: "from" | "to"): number[] =>
    [...data.edges[end].keys()].filter((edge) => data.edges.product[edge] === place.product && data.edges[end][edge] === place.version);
  return (
    <article>
      <h2 tabIndex={-1}>
        {product} {version}
      </h2>
      <p>{data.traits[`${product} ${version}`] ?? "Nothing is recorded of its build"}</p>
      <PairTable title={`Upgrades to ${version}`} other="from" edges={pairs("to")} />
      <PairTable title={`Upgrades from ${version}`} other="to" edges={pairs("from")} />
    </article>
  );
}

function PairTable({ title, other, edges: own }: { title: string; other: "from" | "to"; edges: readonly number[] }) {
  const { data } = useStore();
  const { edges } = data;
  const rows = own.toSorted((a, b) => (edges[other][b] ?? 0) - (edges[other][a] ?? 0));
  return (
    <>
      <h3>{title}</h3>
      {rows.length === 0 && <p class="dim">The run has none.</p>}
      {rows.length > 0 && (
        <Growing total={rows.length} step={STEP * 2}>
          {(most) => (
            <div class="scroll" role="region" aria-label={title} tabIndex={0}>
              <table class="cells">
                <caption class="unseen">{`${title}: ${count(rows.length, "pair")}`}</caption>
                <thead>
                  <tr>
                    <th scope="col">{other}</th>
                    <th scope="col">upgrade is</th>
                    <th scope="col">safe way</th>
                    <th scope="col">because</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.slice(0, most).map((edge) => (
                    <PairRow key={edge} edge={edge} other={other} />
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Growing>
      )}
    </>
  );
}

function PairRow({ edge, other }: { edge: number; other: "from" | "to" }) {
  const { data, cells } = useStore();
  const { edges, words } = data;
  const [product, from, to] = [edges.product[edge] ?? 0, edges.from[edge] ?? 0, edges.to[edge] ?? 0];
  const state = edges.state[edge] ?? "untested";
  const chain = edges.chain[edge] ?? "";
  // a pair is looked at where it ran first; its page leads to no other environment
  const environment = cells.maps.find((map) => map.product === product && map.fields.has(from * words.versions.length + to))?.environment;
  const version = words.versions[edges[other][edge] ?? 0];
  return (
    <tr>
      <th scope="row">
        {environment === undefined ? version : <LinkTo place={{ view: "pair", product, environment, from, to }}>{version}</LinkTo>}
        {edges.inverted[edge] === 1 && <span class="dim"> inverted</span>}
      </th>
      <td>
        <StateMark state={state} />
      </td>
      <td>{state === "safe" ? "straight" : chain === "" ? "none" : `by way of ${chain}`}</td>
      <td class="why">
        <Linked text={edges.whys[edges.why[edge] ?? -1] ?? ""} />
      </td>
    </tr>
  );
}
