// The graph as Cincinnati's JSON, which update clients such as OpenShift's and Zincati's read.
import type { GraphNode, UpgradeGraph } from "./graph.ts";
import type { Risk } from "./risks.ts";

export interface CincinnatiGraph {
  readonly version: 1;
  readonly nodes: readonly { readonly version: string; readonly payload: string; readonly metadata: Readonly<Record<string, string>> }[];
  /** Places in `nodes`: from, to. */
  readonly edges: readonly (readonly [number, number])[];
  readonly conditionalEdges: readonly {
    readonly edges: readonly { readonly from: string; readonly to: string }[];
    readonly risks: readonly (Risk & { readonly matchingRules: readonly { readonly type: "Always" }[] })[];
  }[];
}

/** Only safe pairs are edges. A pair at a known risk is a conditional edge whose risk always applies: no client takes it unasked. */
export function cincinnatiGraph(graph: UpgradeGraph, linkBase?: string): CincinnatiGraph {
  const places = new Map(graph.nodes.map(({ version }, place) => [version, place]));
  const place = (version: string): number => places.get(version) ?? -1; // every version of a pair is a node
  const conditional = new Map<string, { edges: { from: string; to: string }[]; risks: readonly Risk[] }>();
  for (const { from, to, state } of graph.pairs) {
    if (state.kind !== "conditional") continue;
    const risks = state.risks.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const key = risks.map(({ name }) => name).join("\n");
    const group = conditional.get(key) ?? { edges: [], risks };
    group.edges.push({ from, to });
    conditional.set(key, group);
  }
  return {
    version: 1,
    nodes: graph.nodes.map((node) => ({ version: node.version, payload: `${graph.product}/${node.version}`, metadata: metadataOf(node) })),
    edges: graph.pairs.filter(({ state }) => state.kind === "safe").map(({ from, to }) => [place(from), place(to)] as const),
    conditionalEdges: [...conditional.values()].map(({ edges, risks }) => ({
      edges,
      risks: risks.map(({ name, message, url }) => ({
        ...{ url: absolute(url, linkBase), name, message },
        matchingRules: [{ type: "Always" as const }],
      })),
    })),
  };
}

function metadataOf({ built, channel, withdrawn }: GraphNode): Record<string, string> {
  const facts = { built, channel, withdrawn };
  return Object.fromEntries(Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** A link that is relative to the project, made absolute where it is known how. */
function absolute(url: string, base: string | undefined): string {
  return base === undefined ? url : (URL.parse(url, base.endsWith("/") ? base : `${base}/`)?.href ?? url);
}
