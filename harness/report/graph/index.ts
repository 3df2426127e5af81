// Upgrade graphs, as other files of report and its door see them.
export { type CincinnatiGraph, cincinnatiGraph } from "./cincinnati.ts";
export { type GraphNode, type GraphPair, graphProducts, type PairState, type UpgradeGraph, upgradeGraph, upwards } from "./graph.ts";
export { mermaidGraph } from "./mermaid.ts";
export { type PathAnswer, safePath } from "./path.ts";
export { pairLine, pathText } from "./path-text.ts";
export { svgGraph } from "./svg.ts";
