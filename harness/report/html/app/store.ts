// What all views share: the data, the filter, the place in the report, and what is computed of them.
import { type ReadonlySignal, type Signal, computed, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { DetailData, ReportData } from "../data.ts";
import { Cells } from "./cells.ts";
import { type Filter, NO_FILTER, select } from "./filter.ts";
import { unpack } from "./unpack.ts";

export type Place =
  | { readonly view: "overview" }
  | { readonly view: "pair"; readonly product: number; readonly environment: number; readonly from: number; readonly to: number }
  | { readonly view: "release"; readonly product: number; readonly version: number }
  | { readonly view: "cell"; readonly cell: number }
  | { readonly view: "nowhere"; readonly what: string };

export interface Store {
  readonly data: ReportData;
  readonly cells: Cells;
  readonly filter: Signal<Filter>;
  readonly place: Signal<Place>;
  /** Cells that the filter lets through. */
  readonly chosen: ReadonlySignal<Int32Array>;
  /** Cells of each field and verdict among them, as `field * verdicts + verdict`. */
  readonly counts: ReadonlySignal<Int32Array>;
  /** The same of all cells. */
  readonly unfiltered: Int32Array;
  /** Cells of each verdict, whatever the filter says. */
  readonly totals: readonly number[];
  /** The cells that are told at length; read when the first of them is looked at. */
  readonly details: () => Promise<readonly DetailData[]>;
}

const Context = createContext<Store | undefined>(undefined);
export const StoreProvider = Context.Provider;

export function useStore(): Store {
  const store = useContext(Context);
  if (store === undefined) throw new Error("Cannot show this: it stands outside of the report");
  return store;
}

export function createStore(data: ReportData): Store {
  const cells = new Cells(data);
  const filter = signal(NO_FILTER);
  const chosen = computed(() => select(data, cells, filter.value));
  const counts = computed(() => countsOf(data, cells, chosen.value));
  const totals = data.words.verdicts.map(() => 0);
  for (const verdict of data.columns.verdict) totals[verdict] = (totals[verdict] ?? 0) + 1;
  let details: Promise<readonly DetailData[]> | undefined;
  return {
    data,
    cells,
    filter,
    place: signal(placeOf(location.hash, data, cells)),
    chosen,
    counts,
    unfiltered: countsOf(data, cells, chosen.peek()),
    totals,
    details: () => (details ??= unpack("details")),
  };
}

function countsOf({ columns, words }: ReportData, { fields, fieldOf }: Cells, chosen: Int32Array): Int32Array {
  const verdicts = words.verdicts.length;
  const sums = new Int32Array(fields * verdicts);
  for (const cell of chosen) {
    const at = (fieldOf[cell] ?? 0) * verdicts + (columns.verdict[cell] ?? 0);
    sums[at] = (sums[at] ?? 0) + 1;
  }
  return sums;
}

/** The address of a place within the report, and back. */
export function hashOf(place: Place, { data, cells }: Pick<Store, "data" | "cells">): string {
  const part = encodeURIComponent;
  switch (place.view) {
    case "pair": {
      const { products, environments, versions } = data.words;
      return `#/pair/${[products[place.product], environments[place.environment], versions[place.from], versions[place.to]].map((word) => part(word ?? "")).join("/")}`;
    }
    case "release":
      return `#/release/${part(data.words.products[place.product] ?? "")}/${part(data.words.versions[place.version] ?? "")}`;
    case "cell":
      return `#/cell/${part(cells.id(place.cell))}`;
    default:
      return "#/";
  }
}

export function placeOf(hash: string, { words }: ReportData, cells: Cells): Place {
  const [, view = "", ...parts] = hash.split("/").map((part) => decodeURIComponent(part));
  if (view === "cell") {
    const cell = cells.find(parts[0] ?? "");
    return cell < 0 ? { view: "nowhere", what: parts[0] ?? "" } : { view: "cell", cell };
  }
  if (view === "release") {
    const [product, version] = [words.products.indexOf(parts[0] ?? ""), words.versions.indexOf(parts[1] ?? "")];
    return product < 0 || version < 0 ? { view: "nowhere", what: parts.join(" ") } : { view: "release", product, version };
  }
  if (view !== "pair") return { view: "overview" };
  const [product = "", environment = "", from = "", to = ""] = parts;
  const place = {
    view: "pair",
    product: words.products.indexOf(product),
    environment: words.environments.indexOf(environment),
    from: words.versions.indexOf(from),
    to: words.versions.indexOf(to),
  } as const;
  return Object.values(place).includes(-1) ? { view: "nowhere", what: `${product} ${from} → ${to}` } : place;
}
