// Which fresh install a cell is compared with: the same, whether its plan or its record asks; with as many hosts as it ever has.
import { expect, test } from "vitest";
import type { Cell, Script, Step } from "../model/index.ts";
import { artifactUses } from "./artifacts.ts";
import { referenceCell } from "./fresh.ts";

const script = (changes: Partial<Script> = {}, own: readonly Step[] = []): Script => ({
  scenario: "one",
  summary: "One",
  tier: "gate",
  steps: [{ kind: "install", role: "from" }, { kind: "upgrade", role: "to", faults: false }, ...own],
  faults: [],
  expect: ["upgraded"],
  settled: "strict",
  layout: { present: [], absent: [] },
  ...changes,
});

const cell = (own: Script): Cell => ({
  ...{ id: "fleet/1.0.0..2.0.0/one@host", product: "fleet", from: "1.0.0", to: "2.0.0", next: "3.0.0", kind: "upgrade" },
  ...{ inverted: false, scenario: "one", environment: "host", tier: "gate", script: own },
});

const ADD: Step = { kind: "fleet", do: { add: "server-3" } };

test.each([
  ["as many as the product says", script(), undefined],
  ["as many as the scenario says", script({ hosts: 4 }), 4],
  ["and those that are added", script({}, [ADD]), 3],
  ["one that comes back was there before", script({}, [{ kind: "fleet", do: { remove: "server-3" } }, ADD]), undefined],
  ["the most there ever are", script({ hosts: 4 }, [ADD]), 4],
])("hosts of a reference: %s", (_, own, hosts) => {
  const reference = referenceCell(cell(own), "to");
  expect(reference.script.hosts).toBe(hosts);
  expect(reference.id).toBe(`fleet/2.0.0/fresh-install${hosts === undefined ? "" : `.hosts-${hosts}`}@host`);
  const { script: _script, ...record } = cell(own);
  expect(referenceCell({ ...record, ...(hosts === undefined ? {} : { referenceHosts: hosts }) }, "to").id).toBe(reference.id);
});

test("a companion that is upgraded, by a step or a fault, needs the release", () => {
  const upgrade = (release: "to" | "next") => ({ companion: "api", do: "upgrade" as const, release });
  const step: Step = { kind: "fleet", do: upgrade("next") };
  expect(artifactUses(cell(script({}, [step]))).map(({ key }) => key)).toEqual(["from", "to", "next"]);
  const faults = [{ when: "start" as const, do: upgrade("next"), undo: "never" as const }];
  expect(artifactUses(cell(script({ faults }))).map(({ key }) => key)).toEqual(["from", "to", "next"]);
  expect(
    artifactUses(cell(script({}, [{ kind: "fleet", do: { companion: "api", do: "restart", release: "next" } }]))).map(({ key }) => key),
  ).toEqual(["from", "to"]);
});
