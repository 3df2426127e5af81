// One field of a heat map: every scenario of a pair in an environment, with its verdict.
import { CellList } from "./cell-list.tsx";
import { count } from "./format.ts";
import { type Place, useStore } from "./store.ts";

export function PairView({ place }: { place: Extract<Place, { view: "pair" }> }) {
  const { data, cells } = useStore();
  const { columns, words } = data;
  const own: number[] = [];
  for (let cell = 0; cell < cells.count; cell++) {
    if (columns.from[cell] !== place.from || columns.to[cell] !== place.to) continue;
    if (columns.product[cell] === place.product && columns.environment[cell] === place.environment) own.push(cell);
  }
  const inverted = own.some((cell) => columns.inverted[cell] === 1);
  const [product, from, to] = [words.products[place.product] ?? "", words.versions[place.from] ?? "", words.versions[place.to] ?? ""];
  return (
    <article>
      <h2 tabIndex={-1}>
        {product} {from} → {to} <span class="dim">@{words.environments[place.environment]}</span>
      </h2>
      <p>
        {inverted ? "inverted " : ""}
        {own[0] === undefined ? "" : cells.word("kind", "kinds", own[0])} · {count(own.length, "cell")}
      </p>
      {inverted && (
        <p class="note">Inverted: version order and build order disagree. What the earlier build does not know, it cannot keep.</p>
      )}
      <dl class="releases">
        {[from, to].map((version) => (
          <div key={version}>
            <dt>{version}</dt>
            <dd>{data.traits[`${product} ${version}`] ?? "nothing is recorded of its build"}</dd>
          </div>
        ))}
      </dl>
      <h3>Scenarios</h3>
      <CellList cells={own} caption={`Scenarios of ${product} ${from} → ${to}`} />
    </article>
  );
}
