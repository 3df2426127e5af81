// The upgrade graph that the results of a run allow: for each pair whether people may take it, take it at a known risk, or not.
import type { CellRecord, ReleaseRecord, RunRecord } from "../../model/index.ts";
import { byVersion } from "../overview.ts";
import { risksOf, type Risk, RiskNames } from "./risks.ts";

/**
 * `safe`: nothing failed, and at least one cell ended on the new version. `conditional`: all that failed is known, or failed
 * only because the pair is inverted. `failed`, `errored`: a cell that says so. `untested`: nothing shows that it works.
 */
export type PairState =
  | { readonly kind: "safe" }
  | { readonly kind: "conditional"; readonly risks: readonly Risk[] }
  | { readonly kind: "failed" | "errored"; readonly cell: CellRecord }
  | { readonly kind: "untested"; readonly why: string };

export interface GraphPair {
  readonly from: string;
  readonly to: string;
  readonly kind: "upgrade" | "downgrade";
  readonly inverted: boolean;
  readonly state: PairState;
  readonly passed: number;
  readonly cells: number;
}

export interface GraphNode extends Partial<Pick<ReleaseRecord, "built" | "channel" | "withdrawn">> {
  readonly version: string;
}

export interface UpgradeGraph {
  readonly run: string;
  readonly product: string;
  /** By ascending version. */
  readonly nodes: readonly GraphNode[];
  /** By ascending `from`, then `to`; rebuilds of one version are no edge. */
  readonly pairs: readonly GraphPair[];
}

/** The products a graph can be made of. */
export function graphProducts(record: RunRecord): string[] {
  return [...new Set(record.cells.map(({ product }) => product))];
}

/** The graph of one product. All environments count: a pair that failed in one of them is not safe. */
export function upgradeGraph(record: RunRecord, product: string): UpgradeGraph {
  const cells = record.cells.filter((cell) => cell.product === product);
  const groups = Map.groupBy(
    cells.filter(({ kind }) => kind !== "rebuild"),
    ({ from, to }) => `${from}\n${to}`,
  );
  const names = new RiskNames(record.run);
  const broken = brokenAnyway(cells);
  const pairs = [...groups.values()].flatMap((own): GraphPair[] => {
    const [first] = own;
    if (first === undefined || first.kind === "rebuild") return [];
    const { from, to, kind } = first;
    const inverted = own.every((cell) => cell.inverted); // a chain is inverted for the pair after this one, too
    const passed = own.filter(passes).length;
    return [{ from, to, kind, inverted, state: stateOf(own, broken, names), passed, cells: own.length }];
  });
  return {
    run: record.run,
    product,
    nodes: nodesOf(
      cells,
      (record.releases ?? []).filter((release) => release.product === product),
    ),
    pairs: pairs.toSorted((a, b) => byVersion(a.from, b.from) || byVersion(a.to, b.to)),
  };
}

/** Only what leads to higher versions. */
export function upwards(graph: UpgradeGraph): UpgradeGraph {
  return { ...graph, pairs: graph.pairs.filter(({ kind }) => kind === "upgrade") };
}

function nodesOf(cells: readonly CellRecord[], releases: readonly ReleaseRecord[]): GraphNode[] {
  const known = new Map(releases.map((release) => [release.version, release]));
  const versions = new Set([...known.keys(), ...cells.flatMap(({ from, to }) => [from, to])]);
  return [...versions].toSorted(byVersion).map((version) => {
    const { built, channel, withdrawn } = known.get(version) ?? {};
    return {
      version,
      ...(built === undefined ? {} : { built }),
      ...(channel === undefined ? {} : { channel }),
      ...(withdrawn === undefined ? {} : { withdrawn }),
    };
  });
}

/** Releases that fail in a pair which is not inverted: there the inversion explains nothing. */
function brokenAnyway(cells: readonly CellRecord[]): ReadonlySet<string> {
  const failed = cells.filter(({ verdict, inverted }) => verdict === "failed" && !inverted);
  return new Set(failed.flatMap(({ from, to }) => [`from ${from}`, `to ${to}`]));
}

function stateOf(cells: readonly CellRecord[], broken: ReadonlySet<string>, names: RiskNames): PairState {
  const failed = cells
    .filter(({ verdict }) => verdict === "failed")
    .find(({ from, to, inverted }) => !inverted || broken.has(`from ${from}`) || broken.has(`to ${to}`));
  if (failed !== undefined) return { kind: "failed", cell: failed };
  const errored = cells.find(({ verdict }) => verdict === "errored");
  if (errored !== undefined) return { kind: "errored", cell: errored };
  const risks = risksOf(cells, names);
  if (risks.length > 0) return { kind: "conditional", risks };
  if (cells.some((cell) => passes(cell) && cell.outcome === "upgraded")) return { kind: "safe" };
  return { kind: "untested", why: whyUntested(cells) };
}

/** A fixed cell passes: that its entry must be removed is no risk for who upgrades. */
function passes({ verdict }: CellRecord): boolean {
  return verdict === "passed" || verdict === "fixed";
}

function whyUntested(cells: readonly CellRecord[]): string {
  const outcomes = [...new Set(cells.filter(passes).flatMap(({ outcome }) => (outcome === null ? [] : [outcome])))];
  if (outcomes.length > 0) return `no cell ended on the new version, only ${outcomes.join(", ")}`;
  return `skipped: ${cells[0]?.reason ?? ""}`;
}
