// What the results of a run allow: read the golden files to see a graph in its three shapes. Laws hold for any results.
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type CellRecord, outcome, type RunRecord, type Verdict, verdict } from "../../model/index.ts";
import { painter } from "../marks.ts";
import { SAMPLE, sampleCell } from "../sample.ts";
import { cincinnatiGraph, mermaidGraph, pathText, safePath, svgGraph, upgradeGraph } from "./index.ts";

const OLD_LAYOUT = { pattern: "sample/1.0.0..*", reason: 'Assumes the old layout: "current" leads nowhere', link: "docs/layout.md#old" };

function recordOf(cells: readonly CellRecord[], releases: RunRecord["releases"] = []): RunRecord {
  return { ...SAMPLE, cells: [...cells], releases };
}

const cell = (from: string, to: string, parts: Partial<CellRecord> = {}): CellRecord =>
  sampleCell({ from, to, kind: from < to ? "upgrade" : "downgrade", ...parts });

/** 1.0.0 must go by 1.1.0; 1.2.0, built after 2.0.0, fails into it; 2.1.0 is known to fail from 1.0.0. */
const GRAPH_CELLS = [
  cell("1.0.0", "1.1.0"),
  cell("1.0.0", "1.1.0", { scenario: "crash-on-start", outcome: "rolled-back" }),
  cell("1.0.0", "1.2.0", { verdict: "errored", outcome: null, reason: "lost: the container ended" }),
  cell("1.0.0", "2.0.0", { verdict: "known", known: OLD_LAYOUT, reason: "shortened" }),
  cell("1.0.0", "2.1.0", { verdict: "known", known: OLD_LAYOUT, reason: "shortened" }),
  cell("1.1.0", "1.2.0", { outcome: "refused" }),
  cell("1.1.0", "2.0.0"),
  cell("1.1.0", "2.1.0", { verdict: "skipped", outcome: null, reason: "needs a small disk" }),
  cell("1.2.0", "2.0.0", { inverted: true, verdict: "failed", outcome: "bricked" }),
  cell("2.0.0", "2.1.0", { verdict: "fixed" }),
  cell("2.0.0", "2.0.0", { kind: "rebuild" }),
  cell("2.0.0", "1.0.0", { kind: "downgrade" }),
  sampleCell({ product: "another", from: "1.0.0", to: "2.1.0" }),
];
const RELEASES = ["1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0"].map((version) => ({
  ...{ product: "sample", version, built: "2026-01-05T09:00:00Z", traits: [], channel: "stable" },
  ...(version === "1.2.0" ? { withdrawn: "Forgets <settings>" } : {}),
}));
const GRAPH = upgradeGraph(recordOf(GRAPH_CELLS, RELEASES), "sample");

const stateOf = (from: string, to: string): string | undefined =>
  GRAPH.pairs.find((pair) => pair.from === from && pair.to === to)?.state.kind;

test.each([
  ["what passed is safe", "1.0.0", "1.1.0", "safe"],
  ["what could not be told is not", "1.0.0", "1.2.0", "errored"],
  ["a known failure is a risk", "1.0.0", "2.0.0", "conditional"],
  ["what only ever was refused is not tested", "1.1.0", "1.2.0", "untested"],
  ["what was skipped is not tested", "1.1.0", "2.1.0", "untested"],
  ["what fails for its inversion alone is a risk", "1.2.0", "2.0.0", "conditional"],
  ["a known failure that passes is safe", "2.0.0", "2.1.0", "safe"],
  ["a rebuild is no edge", "2.0.0", "2.0.0", undefined],
])("%s", (_, from, to, state) => {
  expect(stateOf(from, to)).toBe(state);
});

test("an inverted pair does not fail for its inversion when its release fails elsewhere, too", () => {
  for (const other of [cell("1.1.0", "2.0.0", { verdict: "failed" }), cell("1.2.0", "2.1.0", { verdict: "failed" })]) {
    const { pairs } = upgradeGraph(recordOf([...GRAPH_CELLS, other]), "sample");
    expect(pairs.find(({ from, to }) => from === "1.2.0" && to === "2.0.0")?.state.kind).toBe("failed");
  }
});

describe("shapes", () => {
  /** As Cincinnati's clients read it: see its documentation of graph and conditional edges. */
  const cincinnati = z.strictObject({
    version: z.literal(1),
    nodes: z.array(z.strictObject({ version: z.string().min(1), payload: z.string().min(1), metadata: z.record(z.string(), z.string()) })),
    edges: z.array(z.tuple([z.int().min(0), z.int().min(0)])),
    conditionalEdges: z.array(
      z.strictObject({
        edges: z.array(z.strictObject({ from: z.string(), to: z.string() })).min(1),
        risks: z
          .array(
            z.strictObject({
              url: z.url(),
              name: z.string().regex(/^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/),
              message: z.string().min(1),
              matchingRules: z.array(z.strictObject({ type: z.literal("Always") })).min(1),
            }),
          )
          .min(1),
      }),
    ),
  });

  test("Cincinnati", async () => {
    const graph = cincinnatiGraph(GRAPH, "https://example.org/agent");
    expect(cincinnati.parse(graph)).toEqual(graph);
    expect(graph.conditionalEdges[0]?.risks[0]?.url).toBe("https://example.org/agent/docs/layout.md#old");
    await expect(`${JSON.stringify(graph, null, 2)}\n`).toMatchFileSnapshot("../golden/graph.golden.json");
  });

  test("Mermaid", async () => {
    await expect(mermaidGraph(GRAPH)).toMatchFileSnapshot("../golden/graph.golden.mmd");
  });

  test("SVG is well-formed, with an arc for each edge that may be taken", async () => {
    const svg = svgGraph(GRAPH);
    const classes: string[] = [];
    const parser = new SaxesParser();
    parser.on("error", (error) => {
      throw error;
    });
    parser.on("opentag", ({ name, attributes }) => void (name === "path" && classes.push(String(attributes["class"]))));
    parser.write(svg).close();
    expect(classes.filter((name) => name.startsWith("edge")).toSorted()).toEqual([
      ...["edge conditional", "edge conditional", "edge conditional inverted"],
      ...Array.from({ length: 4 }, () => "edge safe"),
    ]);
    await expect(svg).toMatchFileSnapshot("../golden/graph.golden.svg");
  });

  test("two reasons that begin alike are two risks", () => {
    const cells = ["a", "b"].map((last) =>
      cell("1.0.0", last === "a" ? "2.0.0" : "2.1.0", {
        verdict: "known",
        known: { pattern: "*", reason: `One two three four five six ${last}`, link: "x" },
      }),
    );
    const { conditionalEdges } = cincinnatiGraph(upgradeGraph(recordOf(cells), "sample"));
    expect(conditionalEdges.map(({ risks }) => risks[0]?.name)).toEqual(["OneTwoThreeFourFiveSix", "OneTwoThreeFourFiveSix2"]);
  });
});

describe("a path", () => {
  const ask = (from: string, to: string): string => pathText(GRAPH, [from, to], safePath(GRAPH, from, to), painter(false));

  test("leads by what is safe, not by what is shorter and known to fail", () => {
    expect(ask("1.0.0", "2.1.0")).toMatch(/^1\.0\.0 → 1\.1\.0 → 2\.0\.0 → 2\.1\.0\n {2}1\.0\.0 → 1\.1\.0: 2 cells passed\n/);
  });

  test("down is made of downgrades only", () => {
    expect(ask("2.0.0", "1.0.0")).toMatch(/^2\.0\.0 → 1\.0\.0\n/);
    expect(ask("2.1.0", "1.0.0")).toMatch(/^There is no safe way/);
  });

  test("that is not there is explained", async () => {
    await expect(["1.2.0", "1.1.0"].map((from) => ask(from, from === "1.1.0" ? "1.2.0" : "2.1.0")).join("\n")).toMatchFileSnapshot(
      "../golden/path.golden.txt",
    );
  });
});

const VERSIONS = ["1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0", "10.0.0"];
const anyCell = fc
  .record({
    ends: fc.uniqueArray(fc.nat(VERSIONS.length - 1), { minLength: 2, maxLength: 2 }),
    verdict: fc.oneof(
      { weight: 4, arbitrary: fc.constant<Verdict>("passed") },
      { weight: 1, arbitrary: fc.constantFrom(...verdict.options) },
    ),
    outcome: fc.oneof(
      { weight: 4, arbitrary: fc.constant("upgraded" as const) },
      { weight: 1, arbitrary: fc.constantFrom(...outcome.options) },
    ),
    inverted: fc.boolean(),
  })
  .map(({ ends: [a = 0, b = 0], ...parts }) =>
    sampleCell({ from: VERSIONS[a] ?? "", to: VERSIONS[b] ?? "", kind: a < b ? "upgrade" : "downgrade", ...parts }),
  );
const anyCells = fc.array(anyCell, { maxLength: 40 });

describe("laws", () => {
  test("an edge is a pair in which something came up on the new version and nothing else is wrong", () => {
    fc.assert(
      fc.property(anyCells, (cells) => {
        const graph = cincinnatiGraph(upgradeGraph(recordOf(cells), "sample"));
        const edges = new Set(graph.edges.map(([from, to]) => `${graph.nodes[from]?.version} ${graph.nodes[to]?.version}`));
        const may = Map.groupBy(cells, ({ from, to }) => `${from} ${to}`);
        const good = [...may].filter(
          ([, own]) =>
            own.every((one) => ["passed", "fixed", "skipped"].includes(one.verdict)) &&
            own.some((one) => ["passed", "fixed"].includes(one.verdict) && one.outcome === "upgraded"),
        );
        expect([...edges].toSorted()).toEqual(good.map(([ends]) => ends).toSorted());
        for (const { edges: risky } of graph.conditionalEdges)
          for (const { from, to } of risky) {
            expect(edges.has(`${from} ${to}`)).toBe(false);
            expect(may.get(`${from} ${to}`)?.some((one) => one.verdict === "known" || (one.verdict === "failed" && one.inverted))).toBe(
              true,
            );
          }
      }),
      { numRuns: 300 },
    );
  });

  test("a path is the shortest walk over edges, and is found whenever there is one", () => {
    fc.assert(
      fc.property(anyCells, fc.nat(5), fc.nat(5), (cells, a, b) => {
        const graph = upgradeGraph(recordOf(cells), "sample");
        const safe = graph.pairs.filter(({ state, kind }) => state.kind === "safe" && (kind === "upgrade") === a < b);
        const answer = safePath(graph, VERSIONS[a] ?? "", VERSIONS[b] ?? "");
        // by relaxing every edge as often as there are versions: slow, and plainly right
        const steps = VERSIONS.map((_, index) => (index === a ? 0 : Infinity));
        const at = (version: string): number => VERSIONS.indexOf(version);
        for (const _ of VERSIONS)
          for (const { from, to } of safe) steps[at(to)] = Math.min(steps[at(to)] ?? Infinity, (steps[at(from)] ?? Infinity) + 1);
        const chain = answer.kind === "chain" ? answer.steps : [];
        expect(answer.kind === "none" ? Infinity : chain.length).toBe(steps[b]);
        if (answer.kind === "none") return;
        expect([VERSIONS[a], ...chain.map(({ to }) => to)]).toEqual([...chain.map(({ from }) => from), VERSIONS[b]]);
        for (const step of chain) expect(safe).toContain(step);
      }),
      { numRuns: 300 },
    );
  });

  test("a failure more never makes an edge more", () => {
    fc.assert(
      fc.property(anyCells, anyCell, (cells, more) => {
        const edges = (all: readonly CellRecord[]): string[] =>
          upgradeGraph(recordOf(all), "sample").pairs.flatMap(({ from, to, state }) => (state.kind === "safe" ? [`${from} ${to}`] : []));
        const before = edges(cells);
        for (const edge of edges([...cells, { ...more, verdict: "failed" }])) expect(before).toContain(edge);
      }),
    );
  });
});
