// The promise that a sweep's foretelling is made from: where nothing that was looked at differs, a program does in another tree what
// the course of the first says. Checked with real programs on random trees: each course against all other trees.
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Course, type FileTree, Hasher, storyOf, treeOf } from "../../crash/index.ts";
import { digest } from "../../crash/testing.ts";
import { baseOf, filesBelow, Ground, recorder, treeLines } from "./testing/recorded.ts";

const made = await recorder();
const TREES = 24;
/** Each of them is there in some form or other, or not at all. */
const NAMES = ["config", "current", "journal", "journal.new", "log", "old/deep/part", "old/part", "tmp/part", "tmp/rest", "unread"];

/** What agents do when they start: read, look, tidy up, replace, append. */
const SHELL = `
echo starts >> log
[ -e journal.new ] && rm -f journal.new
if [ -s journal ]; then cat journal > report; mv journal done; fi
[ -d tmp ] && rm -rf tmp
ls -l current > /dev/null 2>&1 && cp -P current active
grep -q one config && echo "it is one" > answer
chmod 600 log
exit 0
`;
const NODE = `
const fs = require("node:fs");
fs.appendFileSync("log", "starts\\n");
if (fs.existsSync("journal.new")) fs.rmSync("journal.new", { recursive: true });
if (!(fs.existsSync("old") && fs.readdirSync("old").includes("part"))) fs.rmSync("old", { recursive: true, force: true });
fs.rmSync("tmp", { recursive: true, force: true });
let text = "none";
try { text = fs.readFileSync("journal", "utf8"); } catch (error) { text = error.code; }
fs.writeFileSync("state.new", text);
fs.renameSync("state.new", "state");
try { fs.renameSync("current", "previous"); } catch (error) { fs.writeFileSync("problem", error.code); }
if (fs.lstatSync("config", { throwIfNoEntry: false })?.size > 3) fs.writeFileSync("long", "");
`;

describe.skipIf("unavailable" in made)("a course foretells what a program does elsewhere", { timeout: 120_000 }, () => {
  const ground = new Ground("file" in made ? made.file : "");
  const hasher = new Hasher(digest);
  afterAll(() => ground[Symbol.dispose]());

  test.each([
    ["shell", ["sh", "-c", SHELL]],
    ["Node", [process.execPath, "-e", NODE]],
  ])("%s", async (_, argv) => {
    const seen: { readonly start: FileTree; readonly course: Course; readonly left: readonly string[] }[] = [];
    for (let number = 0; number < TREES; number++) {
      ground.fresh();
      plant(ground.root, number);
      const { base, data } = baseOf(ground.root);
      const start = treeOf(storyOf({ base, operations: [], notes: [], data }), 0, "kill");
      const ran = await ground.run(argv, { looks: true });
      expect(ran).toMatchObject({ code: 0 });
      const course = new Course(start, { events: ran.course, data: ran.data }, { hasher, watched: () => "" });
      expect(course.problem).toBeUndefined();
      const left = treeLines(filesBelow(ground.root));
      expect(treeLines(course.end.files())).toEqual(left);
      seen.push({ start, course, left });
    }
    let foretold = 0;
    for (const [index, { course }] of seen.entries()) {
      for (const [other, { start, left }] of seen.entries()) {
        const end = course.from(start);
        if (index === other) expect(end).toBeDefined();
        if (end === undefined || index === other) continue;
        foretold++;
        expect({ index, other, tree: treeLines(end.files()) }).toEqual({ index, other, tree: left });
      }
    }
    // of the pairs some are alike to the program and most are not: else this test would show nothing
    expect(foretold).toBeGreaterThan(10);
    expect(foretold).toBeLessThan((TREES * TREES) / 2);
  });
});

/** A tree of its own for each number; many differ only in what the programs never look at. */
function plant(root: string, number: number): void {
  let state = Math.floor(number / 3) + 1; // three are alike but for what is not read
  const chance = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (const name of NAMES) {
    const file = path.join(root, name);
    const kind = name === "unread" ? 1 : chance(4);
    if (kind === 0) continue;
    mkdirSync(path.dirname(file), { recursive: true });
    if (kind === 3 && name !== "log" && name !== "config" && name !== "journal") symlinkSync("config", file);
    else writeFileSync(file, name === "unread" || name === "log" ? `${number}` : (["one", "another", ""][chance(3)] ?? ""));
    if (kind === 2) chmodSync(file, 0o640);
  }
  rmSync(path.join(root, "nothing"), { force: true });
}
