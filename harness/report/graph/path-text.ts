// The answer to "how do I get from here to there" in words.
import { cellLine } from "../cell-detail.ts";
import type { Paint } from "../marks.ts";
import { clip, count, oneLine } from "../text.ts";
import type { GraphPair, UpgradeGraph } from "./graph.ts";
import type { PathAnswer } from "./path.ts";

const MOST_BETWEEN = 10;
const REASON = 300;

/** A chain with what vouches for each step; without one, what is missing for it. */
export function pathText(graph: UpgradeGraph, ends: readonly [from: string, to: string], answer: PathAnswer, paint: Paint): string {
  const [from, to] = ends;
  switch (answer.kind) {
    case "there":
      return `${from} is where it should be\n`;
    case "chain":
      return `${[paint("good", chain(answer.steps)), ...answer.steps.map(stepLine)].join("\n")}\n`;
    case "none":
      return `${[paint("bad", `There is no safe way from ${from} to ${to}`), ...gap(graph, ends, answer, paint)].join("\n")}\n`;
    default:
      return answer satisfies never;
  }
}

function chain(steps: readonly GraphPair[]): string {
  return [steps[0]?.from ?? "", ...steps.map(({ to }) => to)].join(" → ");
}

function stepLine(pair: GraphPair): string {
  return `  ${pair.from} → ${pair.to}${pair.inverted ? " (inverted)" : ""}: ${pairLine(pair)}`;
}

function gap(
  graph: UpgradeGraph,
  [from, to]: readonly [string, string],
  { reachable, leading, between, risky }: Extract<PathAnswer, { kind: "none" }>,
  paint: Paint,
): string[] {
  const others = (versions: readonly string[], self: string): string =>
    versions.filter((version) => version !== self).join(", ") || "nowhere else";
  const direct = graph.pairs.some((pair) => pair.from === from && pair.to === to);
  const shown = between.slice(0, MOST_BETWEEN);
  const withdrawn = graph.nodes.find(({ version }) => version === to)?.withdrawn;
  return [
    ...(withdrawn === undefined ? [] : [`  ${to} is withdrawn: ${oneLine(withdrawn)}`]),
    ...(direct ? [] : [`  ${from} → ${to}: the run has no cell of it`]),
    ...shown.map(stepLine),
    ...(between.length > shown.length ? [paint("dim", `  … and ${count(between.length - shown.length, "more pair")}`)] : []),
    `  From ${from} people safely get to: ${others(reachable, from)}`,
    `  To ${to} people safely get from: ${others(leading, to)}`,
    ...(risky === null ? [] : [paint("odd", `  At a known risk: ${chain(risky)}`)]),
  ];
}

/** Why people may take a pair, may take it at a risk, or may not. */
export function pairLine({ state, passed }: GraphPair): string {
  switch (state.kind) {
    case "safe":
      return `${count(passed, "cell")} passed`;
    case "conditional":
      return `at a known risk: ${state.risks.map(({ message, url }) => `${clip(message, REASON)} (${url})`).join("; ")}`;
    case "failed":
    case "errored":
      return `${state.kind}: ${clip(cellLine(state.cell), REASON)}; ${state.cell.id}`;
    case "untested":
      return `not tested: ${clip(oneLine(state.why), REASON)}`;
    default:
      return state satisfies never;
  }
}
