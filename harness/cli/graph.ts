// `upmatrix graph` and `upmatrix path`: which upgrades the results of a run allow, and the way from one release to another.
import type { Command } from "commander";
import { closestMatch } from "leven";
import type { RunRecord } from "../model/index.ts";
import {
  cincinnatiGraph,
  graphProducts,
  mermaidGraph,
  painter,
  pathText,
  safePath,
  svgGraph,
  upgradeGraph,
  upwards,
} from "../report/index.ts";
import { readRecord } from "../run/index.ts";
import { UsageError } from "./errors.ts";
import { foldersOf } from "./session.ts";
import { colored } from "./terminal.ts";

export interface GraphOptions {
  readonly format: "cincinnati" | "mermaid" | "svg";
  readonly product?: string;
  readonly downgrades?: boolean;
  readonly linkBase?: string;
}

export async function graphCommand(run: string, options: GraphOptions, command: Command): Promise<void> {
  const { record } = await readRecord(foldersOf(command).reports, run);
  const whole = upgradeGraph(record, productOf(record, options.product));
  const graph = options.downgrades === true ? whole : upwards(whole);
  if (options.linkBase !== undefined && !URL.canParse(options.linkBase))
    throw new UsageError(`Cannot use the link base ${JSON.stringify(options.linkBase)}: expected a URL such as https://example.com/agent/`);
  switch (options.format) {
    case "cincinnati":
      process.stdout.write(`${JSON.stringify(cincinnatiGraph(graph, options.linkBase), null, 2)}\n`);
      break;
    case "mermaid":
      process.stdout.write(mermaidGraph(graph));
      break;
    case "svg":
      process.stdout.write(svgGraph(graph));
      break;
    default:
      options.format satisfies never;
  }
}

/** Exit code 1: there is no safe way. */
export async function pathCommand(
  product: string,
  from: string,
  to: string,
  { run }: { readonly run: string },
  command: Command,
): Promise<void> {
  const { record } = await readRecord(foldersOf(command).reports, run);
  const graph = upgradeGraph(record, productOf(record, product));
  const versions = graph.nodes.map(({ version }) => version);
  for (const version of [from, to]) {
    if (versions.includes(version)) continue;
    throw new UsageError(`Cannot find the release ${JSON.stringify(version)}: the run ${record.run} has ${versions.join(", ")}`);
  }
  const answer = safePath(graph, from, to);
  process.stdout.write(pathText(graph, [from, to], answer, painter(colored())));
  process.exitCode = answer.kind === "none" ? 1 : 0;
}

function productOf(record: RunRecord, wanted: string | undefined): string {
  const products = graphProducts(record);
  const [only, another] = products;
  if (wanted === undefined && only !== undefined && another === undefined) return only;
  if (wanted !== undefined && products.includes(wanted)) return wanted;
  if (only === undefined) throw new UsageError(`Cannot make a graph: the run ${record.run} has no cell`);
  if (wanted === undefined)
    throw new UsageError(`Cannot choose a product: the run ${record.run} has ${products.join(", ")}; name one with --product`);
  const near = closestMatch(wanted, products, { maxDistance: 3 });
  throw new UsageError(
    `Cannot find the product ${JSON.stringify(wanted)}: the run ${record.run} has ${products.join(", ")}${near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`}`,
  );
}
