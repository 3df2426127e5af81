// From where people can upgrade to each release: the pairs of the upgrade graph as columns, and the chain where none leads straight.
import type { RunRecord } from "../../model/index.ts";
import { type GraphPair, graphProducts, pairLine, safePath, type UpgradeGraph, upgradeGraph, upwards } from "../graph/index.ts";
import { clip, oneLine } from "../text.ts";
import type { Edges, Words } from "./data.ts";

const REASON = 300;
/** A chain is looked for so often at most: it goes through all pairs of a product. */
const MOST_CHAINS = 2000;

/** @param words whose places the columns hold */
export function edgesOf(record: RunRecord, { products, versions }: Pick<Words, "products" | "versions">): Edges {
  const edges: Edges = { product: [], from: [], to: [], state: [], inverted: [], why: [], chain: [], whys: [] };
  const place = new Map(versions.map((version, index) => [version, index]));
  const whys = new Map<string, number>();
  let chains = MOST_CHAINS;
  for (const name of graphProducts(record)) {
    const graph = upwards(upgradeGraph(record, name));
    for (const pair of graph.pairs) {
      const why = clip(pairLine(pair), REASON);
      whys.set(why, whys.get(why) ?? whys.size);
      edges.product.push(products.indexOf(name));
      edges.from.push(place.get(pair.from) ?? -1);
      edges.to.push(place.get(pair.to) ?? -1);
      edges.state.push(pair.state.kind);
      edges.inverted.push(pair.inverted ? 1 : 0);
      edges.why.push(whys.get(why) ?? -1);
      edges.chain.push(pair.state.kind === "safe" || chains-- <= 0 ? "" : chainOf(graph, pair));
    }
  }
  return { ...edges, whys: [...whys.keys()] };
}

/** The releases between, `7.17.29 → 10.8.5`; empty: there is no safe way. */
function chainOf(graph: UpgradeGraph, { from, to }: GraphPair): string {
  const answer = safePath(graph, from, to);
  if (answer.kind !== "chain") return "";
  return answer.steps
    .slice(1)
    .map((step) => oneLine(step.from))
    .join(" → ");
}
