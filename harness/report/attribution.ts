// Who is to blame, as far as the pattern of failing pairs tells: the updater of a release, its artifact, or something that an
// earlier build does not know. Named only where other pairs of the same scenario went well, so that chance names nobody.
import { compare, valid } from "semver";
import type { CellRecord, ReleaseRecord, RunRecord } from "../model/index.ts";
import { count, oneLine } from "./text.ts";

/** `updater`: all pairs from a release fail; `artifact`: all pairs to it; `inverted`: all inverted pairs, and no other one. */
export interface Attribution {
  readonly kind: "updater" | "artifact" | "inverted";
  readonly product: string;
  /** The release that is named; null for `inverted`. */
  readonly version: string | null;
  /** For `inverted`: what every failing `from` knows, its `to` does not, and no pair that went well is parted by. */
  readonly traits: readonly string[];
  readonly scenarios: readonly string[];
  readonly pairs: number;
  /** Cells that failed, known failures included. */
  readonly cells: readonly CellRecord[];
}

/** One pair in one scenario and environment is a case; fewer than this say nothing. */
const LEAST_PAIRS = 2;

/** Every pattern of a run, the one with most cells first. */
export function attributions(record: Pick<RunRecord, "cells" | "releases">): Attribution[] {
  const judged = record.cells.filter(
    ({ verdict }) => verdict === "passed" || verdict === "fixed" || verdict === "failed" || verdict === "known",
  );
  const groups = Map.groupBy(judged, ({ product, scenario, environment }) => [product, scenario, environment].join("\n"));
  const found = [...groups.values()].flatMap((cells) => (cells.some(fails) ? ofScenario(cells, record.releases ?? []) : []));
  return together(found)
    .filter(({ cells }) => cells.some(({ verdict }) => verdict === "failed"))
    .toSorted((one, other) => other.cells.length - one.cells.length || byName(one, other));
}

/** `10.8.5's updater: all 4 pairs from 10.8.5 fail in clean-upgrade, downgrade (8 cells)`. */
export function attributionLine(one: Attribution): string {
  const where = `in ${scenarioNames(one.scenarios)} (${count(one.cells.length, "cell")})`;
  const product = oneLine(one.product);
  const version = oneLine(one.version ?? "");
  switch (one.kind) {
    case "updater":
      return `${product}: the updater of ${version}; all ${count(one.pairs, "pair")} from ${version} fail ${where}`;
    case "artifact":
      return `${product}: the artifact of ${version}; all ${count(one.pairs, "pair")} to ${version} fail ${where}`;
    case "inverted":
      return `${product}: ${missing(one.traits)}; all ${count(one.pairs, "inverted pair")} fail and no other one does, ${where}`;
    default:
      return one.kind satisfies never;
  }
}

const MOST_SCENARIOS = 3;

function scenarioNames(names: readonly string[]): string {
  const rest = names.length - MOST_SCENARIOS;
  return `${names.slice(0, MOST_SCENARIOS).map(oneLine).join(", ")}${rest > 0 ? ` and ${count(rest, "more scenario")}` : ""}`;
}

function missing(traits: readonly string[]): string {
  if (traits.length === 0) return "releases that were built earlier than the one they replace";
  return `${traits.length === 1 ? "the trait" : "one of the traits"} ${traits.map(oneLine).join(", ")}, which the earlier build lacks`;
}

function fails({ verdict }: CellRecord): boolean {
  return verdict === "failed" || verdict === "known";
}

/** The patterns in the cells of one product, scenario and environment. */
function ofScenario(cells: readonly CellRecord[], releases: readonly ReleaseRecord[]): Attribution[] {
  const inverted = onlyInverted(cells, releases);
  return inverted === undefined ? [...named(cells, "updater"), ...named(cells, "artifact")] : [inverted];
}

/** Releases whose pairs all fail, while other releases go well with the same partners. */
function named(cells: readonly CellRecord[], kind: "updater" | "artifact"): Attribution[] {
  const [end, partner] = kind === "updater" ? (["from", "to"] as const) : (["to", "from"] as const);
  return [...Map.groupBy(cells, (cell) => cell[end])].flatMap(([version, own]): Attribution[] => {
    const partners = new Set(own.map((cell) => cell[partner]));
    if (partners.size < LEAST_PAIRS || !own.every(fails)) return [];
    const control = cells.some((cell) => cell[end] !== version && partners.has(cell[partner]) && !fails(cell));
    return control ? [attribution(kind, own, { version, traits: [] })] : [];
  });
}

/** All inverted pairs fail, and they alone. */
function onlyInverted(cells: readonly CellRecord[], releases: readonly ReleaseRecord[]): Attribution | undefined {
  const [bad, good] = [cells.filter(fails), cells.filter((cell) => !fails(cell))];
  const pattern = bad.every(({ inverted }) => inverted) && good.length > 0 && good.every(({ inverted }) => !inverted);
  if (!pattern || pairsOf(bad) < LEAST_PAIRS) return undefined;
  const traitsOf = new Map(releases.map(({ product, version, traits }) => [`${product}\n${version}`, traits]));
  const lost = ({ product, from, to }: CellRecord): string[] => {
    const kept = traitsOf.get(`${product}\n${to}`) ?? [];
    return (traitsOf.get(`${product}\n${from}`) ?? []).filter((trait) => !kept.includes(trait));
  };
  const [first, ...rest] = bad.map(lost);
  const harmless = new Set(good.flatMap(lost));
  const traits = (first ?? []).filter((trait) => !harmless.has(trait) && rest.every((others) => others.includes(trait)));
  return attribution("inverted", bad, { version: null, traits });
}

function attribution(kind: Attribution["kind"], cells: readonly CellRecord[], about: Pick<Attribution, "version" | "traits">): Attribution {
  const [{ product, scenario }] = cells as [CellRecord]; // callers have at least one
  return { kind, product, ...about, scenarios: [scenario], pairs: pairsOf(cells), cells };
}

function pairsOf(cells: readonly CellRecord[]): number {
  return new Set(cells.map(({ from, to }) => `${from}\n${to}`)).size;
}

/** The same culprit in several scenarios and environments is named once. */
function together(all: readonly Attribution[]): Attribution[] {
  const groups = Map.groupBy(all, ({ kind, product, version, traits }) => [kind, product, version, ...traits].join("\n"));
  return [...groups.values()].map((group) => {
    const cells = group.flatMap((one) => one.cells);
    const scenarios = [...new Set(group.flatMap((one) => one.scenarios))];
    return { ...(group[0] as Attribution), scenarios, cells, pairs: pairsOf(cells) }; // a group has at least one
  });
}

function byName(one: Attribution, other: Attribution): number {
  const [left, right] = [valid(one.version ?? ""), valid(other.version ?? "")];
  return one.product.localeCompare(other.product, "en") || (left !== null && right !== null ? compare(left, right) : 0);
}
