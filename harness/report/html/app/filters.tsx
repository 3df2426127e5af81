// The filter: what is shown in the tables and in the list of cells.
import { SIGNS, URGENCY } from "./cells.ts";
import { type Filter, NO_FILTER } from "./filter.ts";
import { count } from "./format.ts";
import { useStore } from "./store.ts";

export function Filters() {
  const store = useStore();
  const { data, filter, chosen, cells } = store;
  const set = (part: Partial<Filter>): void => void (filter.value = { ...filter.value, ...part });
  const { words } = data;
  return (
    <search class="filters" aria-label="Filter">
      <label class="wide">
        Address
        <input
          id="search"
          type="search"
          placeholder="a part of it, or with *"
          value={filter.value.text}
          onInput={(event) => set({ text: event.currentTarget.value })}
        />
      </label>
      <Choice name="Product" words={words.products} value={filter.value.product} set={(product) => set({ product })} />
      <Choice name="Environment" words={words.environments} value={filter.value.environment} set={(environment) => set({ environment })} />
      <Choice name="Scenario" words={cells.scenarios} value={filter.value.scenario} set={(scenario) => set({ scenario })} />
      <Choice name="Kind" words={words.kinds} value={filter.value.kind} set={(kind) => set({ kind })} />
      <Verdicts />
      <label class="check">
        <input type="checkbox" checked={filter.value.inverted} onChange={(event) => set({ inverted: event.currentTarget.checked })} />{" "}
        inverted only
      </label>
      <button onClick={() => (filter.value = NO_FILTER)} disabled={filter.value === NO_FILTER}>
        Clear
      </button>
      <p role="status" class="dim">
        {chosen.value.length === cells.count
          ? `all ${count(cells.count, "cell")}`
          : `${chosen.value.length.toLocaleString("en")} of ${count(cells.count, "cell")}`}
      </p>
    </search>
  );
}

function Verdicts() {
  const { data, filter, totals } = useStore();
  const { verdicts } = filter.value;
  const toggle = (verdict: number): void => {
    const next = new Set(verdicts);
    if (!next.delete(verdict)) next.add(verdict);
    filter.value = { ...filter.value, verdicts: next };
  };
  return (
    <div class="chips" role="group" aria-label="Verdicts">
      {URGENCY.map((word) => ({ word, verdict: data.words.verdicts.indexOf(word) }))
        .filter(({ verdict }) => (totals[verdict] ?? 0) > 0)
        .map(({ word, verdict }) => (
          <button key={word} class={`chip ${word}`} aria-pressed={verdicts.has(verdict)} onClick={() => toggle(verdict)}>
            <span aria-hidden="true">{SIGNS[word]}</span> {word} {(totals[verdict] ?? 0).toLocaleString("en")}
          </button>
        ))}
    </div>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly words: readonly string[];
  readonly value: number;
  readonly set: (value: number) => void;
}

/** Nothing to choose where there is only one. */
function Choice({ name, words, value, set }: ChoiceProps) {
  if (words.length < 2) return null;
  return (
    <label>
      {name}
      <select value={value} onChange={(event) => set(Number(event.currentTarget.value))}>
        <option value={-1}>all</option>
        {words.map((word, index) => (
          <option key={word} value={index}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
