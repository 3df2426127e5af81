// Which differences of two trees are told, and how.
import { expect, test } from "vitest";
import { treeDiffText } from "./index.ts";
import type { Tree, TreeEntry } from "../model/index.ts";

const file = (path: string, text: string, more: Partial<TreeEntry> = {}): TreeEntry => ({
  path,
  type: "file",
  mode: "644",
  owner: "0:0",
  size: text.length,
  digest: `digest of ${text}`,
  text,
  ...more,
});
const directory = (path: string): TreeEntry => ({ path, type: "directory", mode: "755", owner: "0:0" });
const link = (path: string, target: string): TreeEntry => ({ path, type: "link", target });

test("equal trees have no difference", () => {
  const tree: Tree = [directory("a"), file("a/b", "x"), link("c", "a")];
  expect(treeDiffText(tree, structuredClone(tree))).toBe("");
});

test.each<[name: string, expected: Tree, actual: Tree, lines: string[]]>([
  ["missing", [file("a", "xy")], [], ["- a  file, 2 B"]],
  ["unexpected and empty", [], [file("a", "")], ["+ a  file, empty"]],
  ["mode", [file("a", "x")], [file("a", "x", { mode: "600" })], ["- a  file, 1 B, mode 644", "+ a  file, 1 B, mode 600"]],
  ["owner", [file("a", "x")], [file("a", "x", { owner: "7:7" })], ["- a  file, 1 B, owner 0:0", "+ a  file, 1 B, owner 7:7"]],
  ["link target", [link("a", "v1")], [link("a", "v2")], ["- a  link → v1", "+ a  link → v2"]],
  ["kind", [directory("a")], [link("a", "b")], ["- a/  directory", "+ a  link → b"]],
  [
    "content of text",
    [file("a", "1\n2\n")],
    [file("a", "1\n3\n")],
    ["- a  file, 4 B", "+ a  file, 4 B", "@     @ line 1 @", "      1", "-     2", "+     3"],
  ],
  [
    "content of the same size that is no text",
    [{ path: "a", type: "file", size: 9, digest: "1".repeat(64) }],
    [{ path: "a", type: "file", size: 9, digest: "2".repeat(64) }],
    ["- a  file, 9 B, sha256 111111111111", "+ a  file, 9 B, sha256 222222222222"],
  ],
])("%s", (_name, expected, actual, lines) => {
  expect(treeDiffText(expected, actual)).toBe(lines.map((line) => `${line}\n`).join(""));
});

test("a whole folder is one line, its neighbours are told", () => {
  const inside = Array.from({ length: 9 }, (_, index) => file(`a/${index}`, "x"));
  const tree: Tree = [directory("a"), ...inside, file("a-b", "x"), file("b", "x")];
  expect(treeDiffText([], tree)).toBe("+ a/  directory with 9 entries\n+ a-b  file, 1 B\n+ b  file, 1 B\n");
  expect(treeDiffText([file("a/3", "x")], tree.slice(0, 1))).toBe("+ a/  directory\n- a/3  file, 1 B\n");
});

test("a path with a line break stays on its line", () => {
  expect(treeDiffText([], [file("a\n- b\u001b[2J", "x")])).toBe("+ a⏎- b  file, 1 B\n");
});
