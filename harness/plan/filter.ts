// Narrows a plan to what a person asked for. Hides how patterns, ranges and names are told apart.
import { closestMatch } from "leven";
import semver from "semver";
import type { Cell, EnvironmentName, Tier } from "../model/index.ts";
import { addressMatcher, isExactAddress, partMatcher } from "./address.ts";
import { FilterError } from "./error.ts";

/** Every given field must match. Names may hold wildcards. */
export interface PlanFilter {
  /** Patterns of addresses; one of them must match. */
  readonly patterns?: readonly string[];
  /** A version or a range such as `8.x`. */
  readonly from?: string;
  readonly to?: string;
  /** Of several names one must match. */
  readonly product?: string | readonly string[];
  /** A scenario, all its points included. */
  readonly scenario?: string | readonly string[];
  /** Only scenarios of exactly this tier. */
  readonly tier?: Tier;
  readonly environment?: EnvironmentName;
  readonly inverted?: boolean;
}

/** What there is, to find out that a filter names nothing. */
export interface Names {
  readonly products: readonly string[];
  readonly scenarios: readonly string[];
  readonly environments: readonly string[];
}

export interface CompiledFilter {
  readonly product: (name: string) => boolean;
  readonly scenario: (id: string) => boolean;
  readonly environment: (name: string) => boolean;
  readonly tier: Tier | undefined;
  readonly pair: (pair: Pick<Cell, "from" | "to" | "inverted">) => boolean;
  /** null: every address matches. */
  readonly address: ((address: string) => boolean) | null;
  /** Whether the points of the sweep with this address may be among what is asked for. */
  readonly sweep: (address: string) => boolean;
  /** Whether an address was written out; null when none was. A sweep counts when one of its points was. */
  readonly namesAddress: ((address: string) => boolean) | null;
  /** Whether one pair was written out. */
  readonly namesPair: boolean;
}

/** Reads a filter. Throws `FilterError` when it cannot be read or names a product, scenario or environment that is not there. */
export function compileFilter(filter: PlanFilter, names: Names): CompiledFilter {
  const patterns = filter.patterns ?? [];
  const matchers = patterns.map(addressMatcher);
  const cut = patterns.flatMap(sweepPattern);
  const sweeps = cut.map(addressMatcher);
  const exact = [...patterns, ...cut].filter(isExactAddress).map(addressMatcher);
  const from = versionMatcher("from", filter.from);
  const to = versionMatcher("to", filter.to);
  return {
    product: nameMatcher("product", filter.product, names.products),
    scenario: nameMatcher("scenario", filter.scenario, names.scenarios),
    environment: nameMatcher("environment", filter.environment, names.environments),
    tier: filter.tier,
    pair: (pair) => from(pair.from) && to(pair.to) && (filter.inverted === undefined || pair.inverted === filter.inverted),
    address: matchers.length === 0 ? null : (address) => matchers.some((matches) => matches(address)),
    sweep: (address) => sweeps.some((matches) => matches(address)),
    namesAddress: exact.length === 0 ? null : (address) => exact.some((matches) => matches(address)),
    namesPair: isVersion(filter.from) && isVersion(filter.to),
  };
}

/** Of a pattern of points the one of their sweeps, if it is one: the scenario without what follows its first dot. */
function sweepPattern(pattern: string): string[] {
  const [product, pair, last] = pattern.split("/");
  const [scenario = "", environment] = (last ?? "").split("@");
  const [sweep = "", ...point] = scenario.split(".");
  return point.length === 0 ? [] : [`${product}/${pair}/${sweep}${environment === undefined ? "" : `@${environment}`}`];
}

function nameMatcher(what: string, wanted: string | readonly string[] | undefined, names: readonly string[]): (name: string) => boolean {
  if (wanted === undefined) return () => true;
  const matchers = [wanted].flat().map((one) => oneNameMatcher(what, one, names));
  return (name) => matchers.some((matches) => matches(name));
}

function oneNameMatcher(what: string, wanted: string, names: readonly string[]): (name: string) => boolean {
  const matches = partMatcher(wanted);
  if (!names.some(matches)) {
    const near = closestMatch(wanted, names, { maxDistance: 3 });
    const known = names.length === 0 ? "there is none" : `there is ${names.join(", ")}`;
    throw new FilterError(
      `Cannot find the ${what} ${JSON.stringify(wanted)}: ${known}${near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`}`,
    );
  }
  return matches;
}

function versionMatcher(what: string, wanted: string | undefined): (version: string) => boolean {
  if (wanted === undefined) return () => true;
  const range = semver.validRange(wanted);
  if (range === null)
    throw new FilterError(
      `Cannot read the ${what} version ${JSON.stringify(wanted)}: expected a version such as 8.1.0 or a range such as 8.x`,
    );
  if (isVersion(wanted)) return (version) => version === wanted;
  return (version) => semver.satisfies(version, range, { includePrerelease: true });
}

function isVersion(text: string | undefined): boolean {
  return text !== undefined && semver.valid(text) !== null;
}
