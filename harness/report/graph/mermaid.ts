// The graph as Mermaid, which GitHub and GitLab draw where it stands in Markdown.
import { oneLine } from "../text.ts";
import type { UpgradeGraph } from "./graph.ts";
import type { Risk } from "./risks.ts";

/** Solid arrows are safe, dotted ones carry the name of their risk; what the names mean stands in comments at the end. */
export function mermaidGraph(graph: UpgradeGraph): string {
  const names = new Map(graph.nodes.map(({ version }, place) => [version, `v${place}`]));
  const name = (version: string): string => names.get(version) ?? ""; // every version of a pair is a node
  const risks = new Map<string, Risk>();
  const nodes = graph.nodes.map(
    ({ version, withdrawn }) => `  ${name(version)}["${text(version)}"]${withdrawn === undefined ? "" : ":::withdrawn"}`,
  );
  const edges = graph.pairs.flatMap(({ from, to, state }) => {
    if (state.kind === "safe") return [`  ${name(from)} --> ${name(to)}`];
    if (state.kind !== "conditional") return [];
    for (const risk of state.risks) risks.set(risk.name, risk);
    return [`  ${name(from)} -. "${text(state.risks.map((risk) => risk.name).join(", "))}" .-> ${name(to)}`];
  });
  const legend = [...risks.values()].map((risk) => `  %% ${risk.name}: ${comment(risk.message)} (${comment(risk.url)})`);
  const style = graph.nodes.some(({ withdrawn }) => withdrawn !== undefined) ? ["  classDef withdrawn stroke-dasharray: 4"] : [];
  return `${["flowchart LR", ...nodes, ...edges, ...style, ...legend].join("\n")}\n`;
}

/** Nothing in it can end the quotes or start markup. */
function text(value: string): string {
  return oneLine(value).replace(/["#%;<>{}&`\\]/g, (character) => `#${character.charCodeAt(0)};`);
}

/** A comment ends with its line; braces would be read as a directive. */
function comment(value: string): string {
  return oneLine(value).replace(/[{}]/g, "");
}
