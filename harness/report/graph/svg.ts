// The graph as a picture: releases in a column, newest on top; safe upgrades as arcs on the right, those at a risk on the left.
import { count } from "../text.ts";
import { xmlElement, xmlText } from "../xml.ts";
import type { GraphPair, UpgradeGraph } from "./graph.ts";

const ROW = 34;
const MARGIN = 24;
const CHARACTER = 8;
const WIDEST_ARC = 360;

const STYLE = `
  text { font: 13px ui-monospace, monospace; fill: #1f2328; text-anchor: middle; dominant-baseline: central; }
  .box { fill: #f6f8fa; stroke: #59636e; } .withdrawn { stroke-dasharray: 4; }
  path.edge { fill: none; stroke-width: 1.5; } .safe { stroke: #1a7f37; } .conditional { stroke: #9a6700; stroke-dasharray: 5 4; }
  .inverted { stroke-width: 2.5; } .head-safe { fill: #1a7f37; } .head-conditional { fill: #9a6700; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .box { fill: #151b23; stroke: #9198a1; }
    .safe { stroke: #3fb950; } .conditional { stroke: #d29922; } .head-safe { fill: #3fb950; } .head-conditional { fill: #d29922; }
  }`;

/** One SVG document, light and dark, with what each arc means as its tooltip. */
export function svgGraph(graph: UpgradeGraph): string {
  const rows = graph.nodes.toReversed();
  const place = new Map(rows.map(({ version }, row) => [version, MARGIN + ROW * (row + 0.5)]));
  const y = (version: string): number => place.get(version) ?? 0; // every version of a pair is a node
  const drawn = graph.pairs.filter(({ state }) => state.kind === "safe" || state.kind === "conditional");
  const column = Math.max(6, ...rows.map(({ version }) => version.length)) * CHARACTER + 20;
  const reach = Math.max(0, ...drawn.map((pair) => bulge(y(pair.from), y(pair.to))));
  const [left, right] = [MARGIN + reach, MARGIN + reach + column];
  const width = 2 * (MARGIN + reach) + column;
  const height = 2 * MARGIN + ROW * rows.length;
  const arcs = drawn.map((pair) => arc(pair, pair.state.kind === "safe" ? right : left, y(pair.from), y(pair.to)));
  const boxes = rows.map(({ version, withdrawn }) => {
    const shape = {
      x: left,
      y: y(version) - 12,
      width: column,
      height: 24,
      rx: 6,
      class: `box${withdrawn === undefined ? "" : " withdrawn"}`,
    };
    const title = withdrawn === undefined ? "" : xmlElement("title", {}, xmlText(`Withdrawn: ${withdrawn}`));
    return xmlElement("rect", shape, title) + xmlElement("text", { x: left + column / 2, y: y(version) }, xmlText(version));
  });
  const title = `Upgrade graph of ${graph.product}, run ${graph.run}`;
  const content = [xmlElement("title", {}, xmlText(title)), xmlElement("style", {}, xmlText(STYLE)), heads(), ...arcs, ...boxes];
  const size = { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title };
  return `${xmlElement("svg", { xmlns: "http://www.w3.org/2000/svg", ...size }, `\n${content.join("\n")}\n`)}\n`;
}

/** Half an ellipse: away from the column and back, the farther the more releases lie between. */
function arc(pair: GraphPair, x: number, fromY: number, toY: number): string {
  const safe = pair.state.kind === "safe";
  const sweep = safe === toY > fromY ? 1 : 0;
  const d = `M${x} ${fromY} A${bulge(fromY, toY)} ${Math.abs(toY - fromY) / 2} 0 0 ${sweep} ${x} ${toY}`;
  const kind = safe ? "safe" : "conditional";
  const attributes = { class: `edge ${kind}${pair.inverted ? " inverted" : ""}`, d, "marker-end": `url(#head-${kind})` };
  return xmlElement("path", attributes, xmlElement("title", {}, xmlText(tooltip(pair))));
}

function bulge(fromY: number, toY: number): number {
  return Math.min(WIDEST_ARC, 16 + Math.abs(toY - fromY) * 0.4);
}

function tooltip({ from, to, inverted, passed, state }: GraphPair): string {
  const head = `${from} → ${to}${inverted ? " (inverted)" : ""}`;
  if (state.kind !== "conditional") return `${head}: ${count(passed, "cell")} passed`;
  return `${head}: ${state.risks.map(({ name, message, url }) => `${name}: ${message} (${url})`).join("; ")}`;
}

function heads(): string {
  const head = (kind: string): string => {
    const marker = { id: `head-${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" };
    return xmlElement("marker", marker, xmlElement("path", { d: "M0 0 L8 4 L0 8 z", class: `head-${kind}` }));
  };
  return xmlElement("defs", {}, head("safe") + head("conditional"));
}
