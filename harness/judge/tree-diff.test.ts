// Comparing trees: what counts as a difference, and laws that hold for any two trees.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tree, TreeEntry } from "../model/index.ts";
import { layoutRules } from "./rules.ts";
import { directory, file, link, PRODUCT, productOf, treeOf, withEntries, without } from "./testing.ts";
import { treeDiff } from "./tree-diff.ts";

const rules = layoutRules(PRODUCT);
const all = layoutRules(productOf({ layout: {}, user: [] }));
const tree = treeOf("2.0.0");
const agent = "v2.0.0/agent";

test.each<[string, Tree, string[]]>([
  ["nothing", tree, []],
  ["a missing file", without(tree, agent), [`${agent}: missing`]],
  ["an unexpected file", withEntries(tree, [file("new", "x")]), ["new: unexpected"]],
  ["another content", withEntries(tree, [file(agent, "other", { mode: "755" })]), [`${agent}: content`]],
  ["other rights", withEntries(tree, [file(agent, "program 2.0.0", { mode: "600" })]), [`${agent}: mode`]],
  ["another owner", withEntries(tree, [{ ...directory("."), owner: "5:5" }]), [".: owner"]],
  ["another target", withEntries(tree, [link("current", "v1.0.0")]), ["current: link"]],
  ["a file in place of a link", withEntries(tree, [file("current", "v2.0.0")]), ["current: type"]],
  ["volatile: content and presence", withEntries(without(tree, "run/pid"), [file("run/socket", "")]), []],
  ["contents: another content", withEntries(tree, [file("state.json", "{}")]), []],
  ["contents: presence", without(tree, "state.json"), ["state.json: missing"]],
  ["preserved is judged elsewhere", withEntries(tree, [file("config.yaml", "mine"), file("mine/more", "x")]), []],
  ["allowed extras and the folders around them", withEntries(tree, [directory("v1"), directory("v1/logs"), file("v1/logs/a", "x")]), []],
  [
    "what lies beside allowed extras",
    withEntries(tree, [directory("v1"), file("v1/logs/a", "x"), file("v1/b", "x")]),
    ["v1/b: unexpected"],
  ],
])("%s", (_, actual, expected) => {
  expect(treeDiff(tree, actual, rules).map(({ path, kind }) => `${path}: ${kind}`)).toEqual(expected);
});

test("differences are told in short words, several of one path together", () => {
  const [difference] = treeDiff(tree, withEntries(tree, [file(agent, "", { mode: "600" })]), rules);
  expect(difference).toMatchObject({ kind: "content", actual: "empty, mode 600" });
  expect(difference?.expected).toMatch(/^13 bytes, sha256 [0-9a-f]{8}, mode 755$/);
});

test("rights that one side does not know are not compared", () => {
  const bare = tree.map(({ mode: _mode, owner: _owner, ...entry }): TreeEntry => entry);
  expect(treeDiff(tree, bare, all)).toEqual([]);
});

test("a wrapped file may have another content now, and leave its original behind", () => {
  const wrapped = withEntries(tree, [file(agent, "wrapper", { mode: "755" }), file(`${agent}.real`, "program 2.0.0")]);
  const now = layoutRules(PRODUCT, { now: "slow-but-healthy", ever: ["slow-but-healthy"] });
  const ever = layoutRules(PRODUCT, { now: undefined, ever: ["slow-but-healthy"] });
  expect(treeDiff(tree, wrapped, now)).toEqual([]);
  expect(treeDiff(tree, wrapped, ever).map(({ path }) => path)).toEqual([agent]);
  expect(treeDiff(tree, wrapped, rules).map(({ path }) => path)).toEqual([agent, `${agent}.real`]);
});

test("a variant that wraps all files of a folder excuses only those", () => {
  const product = productOf({ variants: { all: { wrap: "bin/*", then: "hang" } } });
  const some = withEntries([], [file("bin/a", "x"), file("other", "x")]);
  const changed = withEntries([], [file("bin/a", "y"), file("other", "y")]);
  expect(treeDiff(some, changed, layoutRules(product, { now: "all", ever: ["all"] })).map(({ path }) => path)).toEqual(["other"]);
});

const entries = fc.uniqueArray(
  fc.record({
    path: fc.stringMatching(/^[a-c](\/[a-c]){0,2}$/),
    content: fc.stringMatching(/^[xy]{0,2}$/),
    kind: fc.nat(2),
    mode: fc.constantFrom("644", "755"),
  }),
  { selector: ({ path }) => path },
);
const anyTree = entries.map((list) =>
  withEntries(
    [],
    list.map(
      ({ path, content, kind, mode }) => [file(path, content, { mode }), directory(path), link(path, content)][kind] ?? directory(path),
    ),
  ),
);

test("a tree does not differ from itself", () => {
  fc.assert(fc.property(anyTree, (one) => treeDiff(one, [...one], all).length === 0));
});

test("what is missing one way is unexpected the other way, and the rest differs both ways", () => {
  const paths = (one: Tree, other: Tree, kinds: readonly string[]): string[] =>
    treeDiff(one, other, all).flatMap(({ path, kind }) => (kinds.includes(kind) ? [path] : []));
  const rest = ["type", "content", "link", "mode", "owner"];
  fc.assert(
    fc.property(anyTree, anyTree, (one, other) => {
      expect(paths(one, other, ["missing"])).toEqual(paths(other, one, ["unexpected"]));
      expect(paths(one, other, rest)).toEqual(paths(other, one, rest));
    }),
  );
});
