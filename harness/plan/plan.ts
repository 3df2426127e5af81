// The plan: every cell that a matrix, its products and scenarios make, and what was left out. Reads nothing, runs nothing, knows no time.
import { address } from "../model/index.ts";
import type { Cell, EnvironmentFacts, LeftOut, Matrix, Plan, Product, Scenario, Selection, Tier } from "../model/index.ts";
import { compileFilter } from "./filter.ts";
import type { CompiledFilter, PlanFilter } from "./filter.ts";
import { reasonsToSkip } from "./needs.ts";
import { chainsOf, pairsOf, rankReleases } from "./pairs.ts";
import type { Pair } from "./pairs.ts";
import { dependsOnProduct, scriptsOf } from "./script.ts";
import type { PlannedScript } from "./script.ts";
import { haveTraits, select } from "./selection.ts";

export interface PlanInput {
  readonly matrix: Matrix;
  readonly products: Readonly<Record<string, Product>>;
  readonly scenarios: Readonly<Record<string, Scenario>>;
  /** The environments to plan for, in this order. */
  readonly environments: readonly EnvironmentFacts[];
  readonly tier: Tier;
  /** Overrides every selection of the matrix and the scenarios. */
  readonly pairs?: Selection;
  readonly filter?: PlanFilter;
}

const TIERS: readonly Tier[] = ["smoke", "gate", "full"];

/**
 * All cells, ordered by product (as in the matrix), pair (chains last), tier, scenario and environment. The same input gives the same plan.
 *
 * A filter only narrows the plan, with one exception: what is named exactly – a whole address, or one version each for `from` and `to` – is
 * planned even where the selection would leave it out; a whole address also where its tier is higher than the chosen one.
 * Throws `FilterError` for a filter that cannot be read.
 */
export function planCells(input: PlanInput): Plan {
  const filter = compileFilter(input.filter ?? {}, {
    products: Object.keys(input.matrix.products),
    scenarios: Object.keys(input.scenarios),
    environments: input.environments.map((environment) => environment.name),
  });
  const shared = new Map<string, readonly PlannedScript[]>();
  const cells: Cell[] = [];
  const leftOut: LeftOut[] = [];
  for (const [name, entry] of Object.entries(input.matrix.products)) {
    const product = input.products[name];
    if (product === undefined || !filter.product(name)) continue;
    const pairs = pairsOf(rankReleases(entry.releases), input.matrix.pairs);
    const chains = chainsOf(pairs, input.matrix.pairs);
    const tracks = tracksOf(input, filter, { product, pairs, chains, shared, instead: entry.instead });
    addCells(name, [...pairs, ...chains], tracks, filter, cells);
    leftOut.push(...countLeftOut(name, tracks));
  }
  return { cells, leftOut };
}

/** A script of one product in one environment, with the pairs it runs on; everything that is the same for all its cells. */
interface Track {
  readonly scenario: string;
  readonly planned: PlannedScript;
  readonly environment: EnvironmentFacts;
  readonly selection: Selection;
  /** Whether the chosen tier includes it; otherwise only cells that are named are planned. */
  readonly included: boolean;
  readonly eligible: ReadonlySet<Pair>;
  readonly selected: ReadonlySet<Pair>;
  readonly chain: boolean;
  readonly skip: string | undefined;
  readonly skipRebuild: string | undefined;
  leftOut: number;
}

interface ProductPlan {
  readonly product: Product;
  readonly pairs: readonly Pair[];
  readonly chains: readonly Pair[];
  /** The pairs it runs instead of those that a scenario chooses. */
  readonly instead: Matrix["products"][string]["instead"];
  /** Scripts that are the same for every product, by scenario. */
  readonly shared: Map<string, readonly PlannedScript[]>;
}

function tracksOf(input: PlanInput, filter: CompiledFilter, own: ProductPlan): Track[] {
  const tier = input.matrix.tiers[input.tier];
  const pairSets = new Map<string, Pick<Track, "eligible" | "selected">>();
  return scenariosInOrder(input.scenarios).flatMap(([id, scenario]) => {
    const included = TIERS.indexOf(scenario.tier) <= TIERS.indexOf(input.tier);
    if (!filter.scenario(id) || (filter.tier !== undefined && scenario.tier !== filter.tier)) return [];
    if (!included && filter.namesAddress === null) return [];
    const selection =
      input.pairs ?? (scenario.sweep === undefined ? tier?.pairs : tier?.sweeps) ?? own.instead?.[scenario.pairs] ?? scenario.pairs;
    const key = [...scenario.kinds.toSorted(), selection, scenario.chain, JSON.stringify(scenario.traits)].join("|");
    const sets = pairSets.get(key) ?? pairSetsOf(own, scenario, selection);
    pairSets.set(key, sets);
    const base = { scenario: id, selection, included, chain: scenario.chain, ...sets };
    const environments = input.environments.filter((environment) => filter.environment(environment.name));
    return plannedScripts(id, scenario, own).flatMap((planned) =>
      environments.map((environment): Track => ({
        ...base,
        planned,
        environment,
        ...skipsOf(own.product, planned, scenario, environment),
        leftOut: 0,
      })),
    );
  });
}

function scenariosInOrder(scenarios: Readonly<Record<string, Scenario>>): [string, Scenario][] {
  const rank = (tier: Tier): number => TIERS.indexOf(tier);
  return Object.entries(scenarios).toSorted(([a, one], [b, other]) => rank(one.tier) - rank(other.tier) || (a < b ? -1 : 1));
}

function plannedScripts(id: string, scenario: Scenario, own: ProductPlan): readonly PlannedScript[] {
  if (dependsOnProduct(scenario, own.product)) return scriptsOf(id, scenario, own.product);
  const scripts = own.shared.get(id) ?? scriptsOf(id, scenario, own.product);
  own.shared.set(id, scripts);
  return scripts;
}

function pairSetsOf(own: ProductPlan, scenario: Scenario, selection: Selection): Pick<Track, "eligible" | "selected"> {
  const { kinds, traits, chain } = scenario;
  const eligible = (chain ? own.chains : own.pairs).filter((pair) => kinds.includes(pair.kind) && haveTraits(pair, traits));
  return { eligible: new Set(eligible), selected: select(eligible, selection, scenario.chain) };
}

function skipsOf(
  product: Product,
  planned: PlannedScript,
  scenario: Scenario,
  environment: EnvironmentFacts,
): Pick<Track, "skip" | "skipRebuild"> {
  const reasons = [...reasonsToSkip(product, planned.script, scenario.needs, environment), ...planned.problems];
  const rebuild = product.artifact.build === undefined ? ["the product's artifacts are fetched: a release cannot be built once more"] : [];
  return { skip: joined(reasons), skipRebuild: joined([...reasons, ...rebuild]) };
}

function joined(reasons: readonly string[]): string | undefined {
  return reasons.length === 0 ? undefined : reasons.join("; ");
}

function addCells(product: string, pairs: readonly Pair[], tracks: readonly Track[], filter: CompiledFilter, cells: Cell[]): void {
  for (const pair of pairs) {
    if (!filter.pair({ from: pair.from.version, to: pair.to.version, inverted: pair.inverted })) continue;
    for (const track of tracks) {
      if (!track.eligible.has(pair)) continue;
      const cell = cellOf(product, pair, track);
      const asked = filter.address?.(cell.id) ?? true;
      if (!asked && !(cell.script.sweep !== undefined && filter.sweep(cell.id))) continue;
      const named = filter.namesAddress?.(cell.id) ?? false;
      if (named || (track.included && (filter.namesPair || track.selected.has(pair)))) cells.push(cell);
      else if (track.included) track.leftOut += 1;
    }
  }
}

function cellOf(product: string, pair: Pair, track: Track): Cell {
  const { script } = track.planned;
  const from = pair.from.version;
  const to = pair.to.version;
  const next = pair.next.version;
  const environment = track.environment.name;
  const skip = pair.kind === "rebuild" ? track.skipRebuild : track.skip;
  const cell = {
    id: address({ product, from, to, scenario: script.scenario, environment, chain: track.chain ? next : undefined }),
    product,
    from,
    to,
    next,
    kind: pair.kind,
    inverted: pair.inverted,
    scenario: script.scenario,
    environment,
    tier: script.tier,
    script,
  };
  return skip === undefined ? cell : { ...cell, skip };
}

function countLeftOut(product: string, tracks: readonly Track[]): LeftOut[] {
  const groups = new Map<string, LeftOut>();
  for (const { scenario, environment, selection, leftOut } of tracks) {
    if (leftOut === 0) continue;
    const key = `${scenario}@${environment.name}`;
    const cells = (groups.get(key)?.cells ?? 0) + leftOut;
    groups.set(key, { product, scenario, environment: environment.name, selection, cells });
  }
  return [...groups.values()];
}
