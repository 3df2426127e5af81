// Patterns of failing pairs: each kind is found where it is there, and nobody is named where it is not.
import { describe, expect, test } from "vitest";
import type { CellRecord, ReleaseRecord } from "../model/index.ts";
import { attributionLine, attributions } from "./attribution.ts";
import { sampleCell } from "./sample.ts";

const VERSIONS = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];

/** All pairs of four versions in one scenario. */
function grid(verdict: (from: string, to: string) => CellRecord["verdict"], parts: Partial<CellRecord> = {}): CellRecord[] {
  return VERSIONS.flatMap((from) =>
    VERSIONS.filter((to) => to !== from).map((to) => sampleCell({ from, to, verdict: verdict(from, to), ...parts })),
  );
}

const lines = (cells: readonly CellRecord[], releases: ReleaseRecord[] = []): string[] =>
  attributions({ cells: [...cells], releases }).map(attributionLine);

describe("updater and artifact", () => {
  test("all pairs from a release: its updater", () => {
    expect(lines(grid((from) => (from === "1.1.0" ? "failed" : "passed")))).toEqual([
      "sample: the updater of 1.1.0; all 3 pairs from 1.1.0 fail in clean (3 cells)",
    ]);
  });

  test("all pairs to a release: its artifact", () => {
    expect(lines(grid((_, to) => (to === "1.3.0" ? "failed" : "passed")))).toEqual([
      "sample: the artifact of 1.3.0; all 3 pairs to 1.3.0 fail in clean (3 cells)",
    ]);
  });

  test("both at once, the same culprit of several scenarios once", () => {
    const verdict = (from: string, to: string): CellRecord["verdict"] => (from === "1.0.0" || to === "1.3.0" ? "failed" : "passed");
    const cells = [...grid(verdict), ...grid((from) => (from === "1.0.0" ? "failed" : "passed"), { scenario: "crash" })];
    expect(lines(cells)).toEqual([
      "sample: the updater of 1.0.0; all 3 pairs from 1.0.0 fail in clean, crash (6 cells)",
      "sample: the artifact of 1.3.0; all 3 pairs to 1.3.0 fail in clean (3 cells)",
    ]);
  });

  test.each<[string, CellRecord[]]>([
    ["one pair that goes well", grid((from, to) => (from === "1.1.0" && to !== "1.0.0" ? "failed" : "passed"))],
    ["everything failing", grid(() => "failed")],
    ["a single pair", [sampleCell({ verdict: "failed" }), sampleCell({ from: "1.3.0", to: "2.1.0" })]],
    ["no control to the same partners", grid((from) => (from === "1.1.0" ? "failed" : "passed")).filter(({ from }) => from === "1.1.0")],
    ["what could not be judged", grid((from) => (from === "1.1.0" ? "errored" : "passed"))],
    ["known failures alone", grid((from) => (from === "1.1.0" ? "known" : "passed"))],
  ])("%s names nobody", (_, cells) => {
    expect(lines(cells)).toEqual([]);
  });

  test("a known failure among failed ones counts as failing", () => {
    const verdict = (from: string, to: string): CellRecord["verdict"] =>
      from !== "1.1.0" ? "passed" : to === "1.0.0" ? "known" : "failed";
    expect(attributions({ cells: grid(verdict) }).map(({ pairs }) => pairs)).toEqual([3]);
  });
});

describe("inverted", () => {
  const release = (version: string, traits: string[]): ReleaseRecord => ({
    product: "sample",
    version,
    built: "2026-01-05T09:00:00Z",
    traits,
  });
  const inverted = [
    sampleCell({ from: "1.0.9", to: "1.1.0", inverted: true, verdict: "failed" }),
    sampleCell({ from: "1.0.9", to: "1.2.0", inverted: true, verdict: "failed" }),
  ];
  const sound = [sampleCell({ from: "1.0.0", to: "1.1.0" }), sampleCell({ from: "1.1.0", to: "1.2.0" })];
  const releases = [release("1.0.0", ["old"]), release("1.0.9", ["checks-space", "old"]), release("1.1.0", []), release("1.2.0", [])];

  test("the trait that the earlier build lacks is named, one that harms nobody is not", () => {
    expect(lines([...inverted, ...sound], releases)).toEqual([
      "sample: the trait checks-space, which the earlier build lacks; all 2 inverted pairs fail and no other one does, in clean (2 cells)",
    ]);
  });

  test("without a trait that explains it, the inversion itself is", () => {
    expect(lines([...inverted, ...sound])[0]).toMatch(/^sample: releases that were built earlier than the one they replace;/);
  });

  test("an inverted pair that goes well clears inversion", () => {
    const cells = [
      ...inverted,
      ...sound,
      sampleCell({ from: "1.0.8", to: "1.1.0", inverted: true }),
      sampleCell({ from: "1.0.8", to: "1.2.0", inverted: true }),
    ];
    expect(attributions({ cells, releases }).map(({ kind, version }) => [kind, version])).toEqual([["updater", "1.0.9"]]);
  });
});
