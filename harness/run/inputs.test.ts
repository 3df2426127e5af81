// Equal inputs, equal hash; and whatever a cell depends on changes it.
import { expect, test } from "vitest";
import type { StoredArtifact } from "../build/index.ts";
import type { Environment } from "../environment/index.ts";
import { type Cell, matrix, type Script } from "../model/index.ts";
import { type InputSource, inputsOf } from "./inputs.ts";

const SCRIPT: Script = {
  ...{ scenario: "clean", summary: "A sound upgrade", tier: "gate", expect: ["upgraded"], settled: "upgraded", layout: [], faults: [] },
  steps: [
    { kind: "install", role: "from" },
    { kind: "upgrade", role: "to", faults: false },
  ],
} as unknown as Script; // of a script only what is hashed matters here

const CELL: Cell = {
  ...{ id: "a/1.0.0..2.0.0/clean@host", product: "a", from: "1.0.0", to: "2.0.0", next: "2.0.0", kind: "upgrade", inverted: false },
  ...{ scenario: "clean", environment: "host", tier: "gate", script: SCRIPT },
};

const RELEASES = ["1.0.0", "2.0.0"].map((version) => ({ version, built: "2026-01-05T09:00:00Z" }));

function source(
  parts: { readonly digest?: string; readonly capabilities?: string[]; readonly limits?: object; readonly tool?: string } = {},
): InputSource {
  const { digest = "d", capabilities = ["reboot", "small-disk"], limits = {}, tool = "t" } = parts;
  return {
    project: { products: { a: { summary: "A" } }, matrix: matrix.parse({ products: { a: { releases: RELEASES } }, limits }) },
    artifacts: new Map(RELEASES.map(({ version }) => [`a/${version}`, { digest: version === "2.0.0" ? digest : "d" }])),
    environments: new Map([["host", { facts: { name: "host", platform: "linux", capabilities } }]]),
    tools: [tool, undefined],
  } as unknown as Omit<InputSource, "artifacts" | "environments"> & {
    artifacts: Map<string, StoredArtifact>;
    environments: Map<"host", Environment>;
  }; // of each only what is hashed
}

const hash = (parts: Parameters<typeof source>[0] = {}, cell: Cell = CELL): string | undefined => inputsOf(source(parts))(cell);

test("the same inputs have the same hash, in whatever order capabilities are told", () => {
  expect(hash()).toMatch(/^[0-9a-f]{16}$/);
  expect(hash({ capabilities: ["small-disk", "reboot"] })).toBe(hash());
  expect(hash({ limits: { parallel: 7 } })).toBe(hash());
});

test.each<[string, Parameters<typeof source>[0], Cell?]>([
  ["an artifact", { digest: "e" }],
  ["what the environment can do", { capabilities: ["reboot"] }],
  ["a limit", { limits: { step: "31s" } }],
  ["a tool of ours", { tool: "u" }],
  ["the scenario", {}, { ...CELL, script: { ...SCRIPT, downtime: "5s" } }],
  ["the next release", {}, { ...CELL, next: "3.0.0" }],
])("%s changes it", (_, parts, cell = CELL) => {
  expect(hash(parts, cell)).not.toBe(hash());
});

test("a cell that does not run has none", () => {
  expect(hash({}, { ...CELL, skip: "needs a small disk" })).toBeUndefined();
});
