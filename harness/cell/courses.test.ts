// Boots that are told of each other, from what the recorder and a snapshot saw of them.
import { expect, test } from "vitest";
import { type FileTree, storyOf, treeOf } from "../crash/index.ts";
import { Script } from "../crash/testing.ts";
import type { Cell } from "./cell.ts";
import { Courses, type Foreseen } from "./courses.ts";
import { Sameness } from "./sameness.ts";

const PRODUCT = {
  ...{ companions: [], facts: {}, consistency: [], services: [], state: [], upgrade: { busy: [] } },
  layout: { preserved: [], volatile: [], contents: [], allowed: [] },
  logs: { agent: [], updater: [] },
  version: { file: "none" },
  health: { file: "none" },
};

const { operations: events, data } = new Script({}).create("/r/noted", "seen").recording();

/** Only what courses need of a cell. */
function cell(): Cell {
  const recorder = { since: async () => ({ events, notes: [], data }) };
  const place = { root: "/r", units: "/units", ground: { limited: (argv: unknown) => argv }, job: { product: PRODUCT, script: {} } };
  return { recorder, place } as unknown as Cell;
}

function treeWith(files: Readonly<Record<string, string | null>>): FileTree {
  return treeOf(storyOf(new Script({ "/r": null, ...files }).recording()), 0, "kill");
}

/** What is told of another state after one that was booted. */
async function foretoldAfter(seen: Foreseen): Promise<readonly string[] | undefined> {
  const courses = new Courses(cell(), new Sameness(PRODUCT));
  await courses.booted("a", treeWith({ "/r/a": "1" }), seen, undefined);
  const known = courses.foretell(treeWith({ "/r/other": "2" }), () => undefined);
  return known?.rebooted.snapshot.tree.map(({ path }) => path);
}

function sight(...files: (readonly [name: string, content: string])[]): Foreseen {
  const told = Object.fromEntries(files.map(([name, content]) => [`/r/${name}`, content]));
  const courses = new Courses(cell(), new Sameness(PRODUCT));
  const snapshot = { tree: [], processes: [], members: [], active: null, healthy: true } as unknown as Foreseen["snapshot"];
  return courses.foreseen(snapshot, treeWith(told));
}

test("a boot whose operations lead to what was seen is told of a state that differs where nobody looked", async () => {
  expect(await foretoldAfter(sight(["a", "1"], ["noted", "seen"]))).toEqual([".", "noted", "other"]);
});

test.each([
  ["less", sight(["a", "1"])],
  ["something else", sight(["a", "2"], ["noted", "seen"])],
  ["more", sight(["a", "1"], ["noted", "seen"], ["unnoted", ""])],
])("nothing is told of a boot of which %s was seen than its operations lead to", async (_, seen) => {
  expect(await foretoldAfter(seen)).toBeUndefined();
});
