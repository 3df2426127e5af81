import { readFile } from "node:fs/promises";
import fc from "fast-check";
import semver from "semver";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { matrix, product, scenario, tier } from "../model/index.ts";
import type { EnvironmentFacts, Plan } from "../model/index.ts";
import { FilterError, formatCell, formatPlan, planCells, planJson } from "./index.ts";
import type { PlanFilter, PlanInput } from "./index.ts";
import { docker, sampleInput, sampleProduct, sampleRelease, sampleScenario } from "./sample.ts";

const ids = (plan: Plan): string[] => plan.cells.map((cell) => cell.id);
const pairs = (plan: Plan): string[] => plan.cells.map((cell) => `${cell.from}..${cell.to}`);

async function goldenInput(): Promise<PlanInput> {
  const text = await readFile(new URL("testdata/small.yaml", import.meta.url), "utf8");
  const data = z
    .strictObject({
      tier,
      environments: z.array(z.custom<EnvironmentFacts>()),
      matrix,
      products: z.record(z.string(), product),
      scenarios: z.record(z.string(), scenario),
    })
    .parse(parse(text, { merge: true }));
  return data;
}

test("the plan of testdata/small.yaml is testdata/small.golden.txt", async () => {
  const plan = planCells(await goldenInput());
  const byScript = new Map(plan.cells.map((cell) => [`${cell.product}/${cell.scenario}`, cell]));
  const text = [formatPlan(plan), ...[...byScript.values()].map(formatCell)].join("\n");
  await expect(text).toMatchFileSnapshot("testdata/small.golden.txt");
});

test("the same input gives the same plan", async () => {
  const once = JSON.stringify(planCells(await goldenInput()));
  expect(JSON.stringify(planCells(await goldenInput()))).toBe(once);
});

const version = fc.tuple(fc.nat(12), fc.nat(12), fc.nat(2)).map((parts) => parts.join("."));
const release = fc.record({ version, day: fc.integer({ min: 1, max: 28 }), withdrawn: fc.boolean(), traits: fc.subarray(["one", "two"]) });
const releases = fc.uniqueArray(release, { minLength: 1, maxLength: 12, selector: (item) => item.version });

test("with all pairs, every ordered pair into an offered release is planned once, of the right kind", () => {
  fc.assert(
    fc.property(releases, (drawn) => {
      const input = sampleInput({
        releases: drawn.map((item) =>
          sampleRelease(item.version, item.day, { traits: item.traits, ...(item.withdrawn ? { withdrawn: "bad" } : {}) }),
        ),
      });
      const { cells, leftOut } = planCells(input);
      const expected = drawn.flatMap((to) =>
        to.withdrawn ? [] : drawn.map((from) => `agent/${from.version}..${to.version}/clean@docker`),
      );
      expect(cells.map((cell) => cell.id).toSorted()).toEqual(expected.toSorted());
      expect(leftOut).toEqual([]);
      const day = new Map(drawn.map((item) => [item.version, item.day]));
      for (const cell of cells) {
        const order = semver.compare(cell.from, cell.to);
        expect(cell.kind).toBe(order === 0 ? "rebuild" : order < 0 ? "upgrade" : "downgrade");
        const built = (day.get(cell.from) ?? 0) - (day.get(cell.to) ?? 0);
        expect(cell.inverted).toBe(order * built < 0);
      }
    }),
    { numRuns: 60 },
  );
});

test("whatever is selected, cells and what is left out add up to all pairs", () => {
  fc.assert(
    fc.property(releases, fc.constantFrom("traits" as const, "newest" as const), (drawn, selection) => {
      const input = sampleInput({ releases: drawn.map((item) => sampleRelease(item.version, item.day, { traits: item.traits })) });
      const { cells, leftOut } = planCells({ ...input, pairs: selection });
      expect(cells.length + leftOut.reduce((sum, group) => sum + group.cells, 0)).toBe(drawn.length ** 2);
      const of = (name: string) =>
        drawn
          .find((item) => item.version === name)
          ?.traits.toSorted()
          .join();
      const keys = cells.map((cell) => [of(cell.from), of(cell.to), cell.kind, cell.inverted].join("|"));
      if (selection === "traits") expect(new Set(keys).size).toBe(keys.length);
      else expect(new Set(cells.map((cell) => cell.to)).size).toBe(1);
    }),
    { numRuns: 60 },
  );
});

test("the order of releases in the matrix does not matter", () => {
  const list = [sampleRelease("1.10.0", 3), sampleRelease("1.9.0", 5), sampleRelease("2.0.0-rc.1", 7), sampleRelease("2.0.0", 8)];
  const forwards = planCells({ ...sampleInput({ releases: list }), pairs: "traits" });
  const backwards = planCells({ ...sampleInput({ releases: list.toReversed() }), pairs: "traits" });
  expect(backwards).toEqual(forwards);
});

test("the rules of the matrix keep kinds and inverted pairs out", () => {
  const list = [sampleRelease("1.0.0", 3), sampleRelease("1.1.0", 1), sampleRelease("1.2.0", 5)];
  const plan = planCells(sampleInput({ releases: list, matrix: { pairs: { kinds: ["upgrade"], inverted: false } } }));
  expect(pairs(plan)).toEqual(["1.0.0..1.2.0", "1.1.0..1.2.0"]);
});

test("traits: one pair for each combination, the one built last", () => {
  const list = [
    sampleRelease("1.0.0", 1),
    sampleRelease("1.1.0", 2),
    sampleRelease("2.0.0", 3, { traits: ["b", "a"] }),
    sampleRelease("2.1.0", 4, { traits: ["a", "b"] }),
  ];
  const plan = planCells({ ...sampleInput({ releases: list, scenarios: { clean: sampleScenario({ pairs: "traits" }) } }) });
  expect(pairs(plan)).toEqual(["1.0.0..1.1.0", "1.1.0..2.1.0", "2.0.0..2.1.0"]);
  expect(plan.leftOut).toEqual([{ product: "agent", scenario: "clean", environment: "docker", selection: "traits", cells: 3 }]);
});

test("a scenario about some releases runs on no other pair, in any tier", () => {
  const list = [
    sampleRelease("1.0.0", 1),
    sampleRelease("1.1.0", 2, { traits: ["barrier"] }),
    sampleRelease("2.0.0", 3, { traits: ["barrier", "schema-2"] }),
    sampleRelease("2.1.0", 4, { traits: ["barrier", "schema-2"] }),
  ];
  const traits = { from: { has: ["barrier"], lacks: ["schema-2"] }, to: { has: ["schema-2"] } };
  const input = sampleInput({ releases: list, scenarios: { major: sampleScenario({ pairs: "latest", traits }) } });
  expect(pairs(planCells(input))).toEqual(["1.1.0..2.1.0"]);
  expect(pairs(planCells({ ...input, tier: "full", pairs: "all" }))).toEqual(["1.1.0..2.0.0", "1.1.0..2.1.0"]);
});

test("updaters: one pair for each traits of `from` and kind, into the release most like it, the one built last", () => {
  const list = [
    sampleRelease("1.0.0", 1),
    sampleRelease("1.1.0", 2),
    sampleRelease("1.2.0", 3),
    sampleRelease("2.0.0", 4, { traits: ["a"] }),
    sampleRelease("3.0.0", 5, { traits: ["a", "b", "c"] }),
  ];
  const plan = planCells(sampleInput({ releases: list, scenarios: { clean: sampleScenario({ pairs: "updaters" }) } }));
  expect(pairs(plan)).toEqual(["1.1.0..1.2.0", "2.0.0..3.0.0"]);
  expect(plan.leftOut).toEqual([{ product: "agent", scenario: "clean", environment: "docker", selection: "updaters", cells: 8 }]);
});

test("a costly product takes other pairs instead of those a scenario chooses; a tier has the last word, and what is left out is told", () => {
  const list = [sampleRelease("1.0.0", 1), sampleRelease("2.0.0", 2, { traits: ["a"] }), sampleRelease("3.0.0", 3, { traits: ["a", "b"] })];
  const scenarios = {
    faulty: sampleScenario({ pairs: "updaters" }),
    clean: sampleScenario({ pairs: "traits" }),
  };
  const products = { agent: { releases: list, instead: { updaters: "latest" } } };
  const plan = planCells(sampleInput({ releases: list, scenarios, matrix: { products } }));
  const of = (id: string): string[] => pairs({ ...plan, cells: plan.cells.filter((cell) => cell.scenario === id) });
  expect(of("faulty")).toEqual(["2.0.0..3.0.0"]);
  expect(of("clean")).toEqual(["1.0.0..2.0.0", "1.0.0..3.0.0", "2.0.0..3.0.0"]);
  expect(plan.leftOut).toEqual([{ product: "agent", scenario: "faulty", environment: "docker", selection: "latest", cells: 2 }]);
  const full = planCells(sampleInput({ releases: list, scenarios, matrix: { products, tiers: { gate: { pairs: "all" } } } }));
  expect(full.cells.filter((cell) => cell.scenario === "faulty")).toHaveLength(3);
});

test("newest: into the release built last, also when its version is not the highest; a tier overrides the scenario", () => {
  const list = [
    sampleRelease("1.0.0", 1),
    sampleRelease("1.0.1", 9),
    sampleRelease("2.0.0", 5),
    sampleRelease("3.0.0", 12, { withdrawn: "bad" }),
  ];
  const plan = planCells(sampleInput({ releases: list, matrix: { tiers: { gate: { pairs: "newest" } } } }));
  expect(pairs(plan)).toEqual(["1.0.0..1.0.1", "1.0.1..1.0.1", "2.0.0..1.0.1", "3.0.0..1.0.1"]);
});

test("next: the lowest release above with the same traits, else the lowest above, else a rebuild; never a withdrawn one", () => {
  const list = [
    sampleRelease("1.0.0", 1, { traits: ["a"] }),
    sampleRelease("1.1.0", 2),
    sampleRelease("1.2.0", 3, { traits: ["a"], withdrawn: "bad" }),
    sampleRelease("1.3.0", 4, { traits: ["a"] }),
    sampleRelease("1.4.0", 5, { traits: ["b"] }),
  ];
  const next = new Map(planCells(sampleInput({ releases: list })).cells.map((cell) => [cell.to, cell.next]));
  expect(Object.fromEntries(next)).toEqual({ "1.0.0": "1.3.0", "1.1.0": "1.3.0", "1.3.0": "1.4.0", "1.4.0": "1.4.0" });
});

test("a chain goes up twice, carries all three in its address, and is inverted when either step is", () => {
  const list = [sampleRelease("1.0.0", 1), sampleRelease("1.1.0", 9), sampleRelease("1.2.0", 3)];
  const plan = planCells(sampleInput({ releases: list, scenarios: { hop: sampleScenario({ chain: true }) } }));
  expect(plan.cells.map(({ id, inverted }) => ({ id, inverted }))).toEqual([
    { id: "agent/1.0.0..1.1.0..1.2.0/hop@docker", inverted: true },
  ]);
  expect(formatPlan(plan)).toContain("1.0.0 → 1.1.0 → 1.2.0 · upgrade, inverted");
});

test("tiers: smoke ⊂ gate ⊂ full", () => {
  const scenarios = { a: sampleScenario({ tier: "full" }), b: sampleScenario({ tier: "smoke" }), c: sampleScenario() };
  const input = sampleInput({ releases: [sampleRelease("1.0.0", 1), sampleRelease("1.1.0", 2)], scenarios });
  const of = (chosen: PlanInput["tier"]) => planCells({ ...input, tier: chosen }).cells.map((cell) => cell.scenario);
  expect([of("smoke"), of("gate"), of("full")]).toEqual([["b"], ["b", "c"], ["b", "c", "a"]]);
});

test("cells of one scenario share one script, across products too", () => {
  const input = sampleInput({ releases: [sampleRelease("1.0.0", 1), sampleRelease("1.1.0", 2)] });
  const twice = {
    ...input,
    matrix: matrix.parse({ products: { one: input.matrix.products["agent"], two: input.matrix.products["agent"] } }),
    products: { one: sampleProduct(), two: sampleProduct() },
  };
  expect(new Set(planCells(twice).cells.map((cell) => cell.script)).size).toBe(1);
});

const three = sampleInput({ releases: [sampleRelease("1.0.0", 1), sampleRelease("1.1.0", 2), sampleRelease("2.0.0", 3)] });

test.each<[string, PlanFilter, string[]]>([
  ["a range", { from: "1.x", to: "2.x" }, ["1.0.0..2.0.0", "1.1.0..2.0.0"]],
  ["an exact version", { from: "1.0.0", to: ">1.0.0" }, ["1.0.0..1.1.0", "1.0.0..2.0.0"]],
  ["a pattern", { patterns: ["agent/1.*..2.*/cl*@docker"] }, ["1.0.0..2.0.0", "1.1.0..2.0.0"]],
  ["two patterns", { patterns: ["agent/1.0.0..1.0.0", "agent/2.0.0..2.0.0/*"] }, ["1.0.0..1.0.0", "2.0.0..2.0.0"]],
  ["not inverted", { inverted: true }, []],
  ["another tier", { tier: "smoke" }, []],
])("filter: %s", (_, filter, expected) => {
  expect(pairs(planCells({ ...three, filter }))).toEqual(expected);
});

test("filter: several products and scenarios, of which one must match", () => {
  const scenarios = { clean: sampleScenario(), soak: sampleScenario(), crash: sampleScenario() };
  const input = sampleInput({ releases: [sampleRelease("1.0.0", 1), sampleRelease("1.1.0", 2)], scenarios });
  const agent = input.matrix.products["agent"];
  const several = {
    ...input,
    matrix: matrix.parse({ products: { one: agent, two: agent, three: agent } }),
    products: { one: sampleProduct(), two: sampleProduct(), three: sampleProduct() },
  };
  const planned = planCells({ ...several, filter: { product: ["one", "th*"], scenario: ["soak", "clean"] } }).cells;
  expect(new Set(planned.map((cell) => `${cell.product} ${cell.scenario}`))).toEqual(
    new Set(["one clean", "one soak", "three clean", "three soak"]),
  );
});

test.each<[string, PlanFilter]>([
  ["a whole address", { patterns: ["agent/1.0.0..1.1.0/clean@docker"] }],
  ["both versions", { from: "1.0.0", to: "1.1.0" }],
])("what is named exactly is planned although the selection leaves it out: %s", (_, filter) => {
  expect(pairs(planCells({ ...three, pairs: "newest" }))).not.toContain("1.0.0..1.1.0");
  expect(pairs(planCells({ ...three, pairs: "newest", filter }))).toEqual(["1.0.0..1.1.0"]);
});

test("a whole address is planned although its tier is higher, a pattern with wildcards is not", () => {
  const input = sampleInput({
    releases: [sampleRelease("1.0.0", 1), sampleRelease("1.1.0", 2)],
    scenarios: { soak: sampleScenario({ tier: "full" }) },
  });
  expect(ids(planCells({ ...input, filter: { patterns: ["agent/1.0.0..1.1.0/soak@docker"] } }))).toHaveLength(1);
  expect(ids(planCells({ ...input, filter: { patterns: ["agent/*/soak@docker"] } }))).toEqual([]);
});

test.each<[PlanFilter, RegExp]>([
  [{ product: "agnet" }, /Cannot find the product "agnet": there is agent; did you mean "agent"\?/],
  [{ product: ["agent", "agnet"] }, /Cannot find the product "agnet": there is agent; did you mean "agent"\?/],
  [{ scenario: "crash" }, /Cannot find the scenario "crash"/],
  [{ from: "newest" }, /Cannot read the from version "newest"/],
  [{ patterns: ["a/b/c/d"] }, /Cannot read the pattern "a\/b\/c\/d"/],
])("a filter that names nothing is refused: %j", (filter, message) => {
  expect(() => planCells({ ...three, filter })).toThrow(FilterError);
  expect(() => planCells({ ...three, filter })).toThrow(message);
});

test("planJson holds plain fields, and sentences only when asked", () => {
  const plan = planCells({ ...three, filter: { from: "1.0.0", to: "1.1.0" } });
  expect(planJson(plan).cells[0]).toEqual({
    id: "agent/1.0.0..1.1.0/clean@docker",
    product: "agent",
    from: "1.0.0",
    to: "1.1.0",
    next: "2.0.0",
    kind: "upgrade",
    inverted: false,
    scenario: "clean",
    environment: "docker",
    tier: "gate",
    skip: null,
  });
  expect(planJson(plan, { steps: true }).cells[0]?.steps?.[0]).toBe("Install 1.0.0");
});

test("100 releases × 30 scenarios, all pairs: 300,000 cells that share 30 scripts", () => {
  const list = Array.from({ length: 100 }, (_, index) =>
    sampleRelease(`${Math.floor(index / 10)}.${index % 10}.0`, 1 + ((index * 7) % 28)),
  );
  const every = sampleScenario({ kinds: ["upgrade", "downgrade", "rebuild"] });
  const scenarios = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`scenario-${index}`, every]));
  const plan = planCells(sampleInput({ releases: list, scenarios }));
  expect(plan.cells).toHaveLength(300_000);
  expect(new Set(plan.cells.map((cell) => cell.script)).size).toBe(30);
});

test("an environment that is not asked for has no cells", () => {
  expect(ids(planCells({ ...three, environments: [] }))).toEqual([]);
  expect(
    ids(planCells({ ...three, environments: [docker, { ...docker, name: "host" }], filter: { environment: "host" } })).every((id) =>
      id.endsWith("@host"),
    ),
  ).toBe(true);
});
