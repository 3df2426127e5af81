// Starts the report in the browser: reads the embedded data, follows the address, keeps focus and keys.
import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { ReportData } from "../data.ts";
import { CellView } from "./cell.tsx";
import { NO_FILTER, select } from "./filter.ts";
import { Overview } from "./overview.tsx";
import { PairView } from "./pair.tsx";
import { ReleaseView } from "./releases.tsx";
import { createStore, type Place, placeOf, type Store, StoreProvider, useStore } from "./store.ts";
import { rememberedTheme, rememberTheme, type Theme, THEMES } from "./theme.ts";
import { unpack } from "./unpack.ts";

const theme = signal<Theme>("auto");

function App({ store }: { store: Store }) {
  return (
    <StoreProvider value={store}>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the report
      </a>
      <Top />
      <Main />
      <footer class="dim">
        Keys: <kbd>/</kbd> address filter, arrows within a table, <kbd>Enter</kbd> opens a field, <kbd>Esc</kbd> back to the overview.
      </footer>
    </StoreProvider>
  );
}

function Top() {
  const { data } = useStore();
  return (
    <header class="top">
      <h1>Compatibility report</h1>
      <p class="facts">{[`run ${data.run}`, ...data.facts].join(" · ")}</p>
      <div class="themes" role="group" aria-label="Colours">
        {THEMES.map((one) => (
          <button key={one} aria-pressed={theme.value === one} onClick={() => setTheme(one)}>
            {one}
          </button>
        ))}
      </div>
    </header>
  );
}

function setTheme(chosen: Theme): void {
  theme.value = chosen;
  document.documentElement.dataset["theme"] = chosen;
  rememberTheme(chosen);
}

/** The overview stays as it was left, behind a pair or a cell that is looked at. */
function Main() {
  const { place } = useStore();
  const main = useRef<HTMLElement>(null);
  const scrolled = useRef(0);
  const now = place.value;
  const before = useRef<Place>(now);
  const left = useRef<Element | null>(null);
  useEffect(() => {
    const remember = (): void => {
      if (place.peek().view === "overview") scrolled.current = scrollY;
    };
    addEventListener("scroll", remember, { passive: true });
    return () => removeEventListener("scroll", remember);
  }, [place]);
  useLayoutEffect(() => {
    if (before.current === now) return;
    if (before.current.view === "overview") left.current = document.activeElement;
    before.current = now;
    scrollTo(0, now.view === "overview" ? scrolled.current : 0);
    const next = now.view === "overview" ? left.current : main.current?.querySelector("article h2");
    if (next instanceof HTMLElement) next.focus({ preventScroll: true });
  }, [now]);
  return (
    <main id="main" ref={main} tabIndex={-1}>
      <div hidden={now.view !== "overview"}>
        <Overview />
      </div>
      {now.view !== "overview" && (
        <>
          <nav aria-label="Way back">
            <a href="#/">← Overview</a>
          </nav>
          <Other place={now} />
        </>
      )}
    </main>
  );
}

function Other({ place }: { place: Exclude<Place, { view: "overview" }> }) {
  switch (place.view) {
    case "pair":
      return <PairView place={place} />;
    case "release":
      return <ReleaseView place={place} />;
    case "cell":
      return <CellView key={place.cell} cell={place.cell} />;
    case "nowhere":
      return (
        <article>
          <h2 tabIndex={-1}>Not in this report</h2>
          <p>{place.what}</p>
        </article>
      );
    default:
      return place satisfies never;
  }
}

function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function onKey(event: KeyboardEvent): void {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key === "Escape" && location.hash.length > 2 && !typing) location.hash = "#/";
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
  const search = document.getElementById("search");
  if (search === null || search.closest("[hidden]") !== null) return;
  event.preventDefault();
  search.focus();
}

async function start(): Promise<void> {
  const data = await unpack<ReportData>("data");
  const store = createStore(data);
  addEventListener("hashchange", () => (store.place.value = placeOf(location.hash, data, store.cells)));
  addEventListener("keydown", onKey);
  const home = document.getElementById("app");
  if (home === null) throw new Error("Cannot show the report: its place is missing");
  home.replaceChildren();
  const chosen = rememberedTheme();
  if (chosen !== undefined) setTheme(chosen);
  render(<App store={store} />, home);
  // gone through once as soon as the first screen is drawn, so that the first letter typed filters at once
  setTimeout(() => void select(data, store.cells, { ...NO_FILTER, text: "no address is like this" }));
}

start().catch((error: unknown) => {
  const note = document.createElement("p");
  note.className = "note bad";
  note.setAttribute("role", "alert");
  note.textContent = `Cannot read the data in this file; it was perhaps cut off: ${String(error)}`;
  document.querySelector("main")?.append(note);
  throw error;
});
