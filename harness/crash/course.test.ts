// What was seen to happen from one state, foretold of another: what nobody looked at may differ, and nothing else may.
import { expect, test } from "vitest";
import type { Look, Operation } from "../model/index.ts";
import { Hasher } from "./content.ts";
import { Course, type CourseOptions, leaveAlike } from "./course.ts";
import { treeOf } from "./states.ts";
import { storyOf } from "./story.ts";
import { digest, Script } from "./testing.ts";
import type { FileTree } from "./tree.ts";

type Files = Readonly<Record<string, string | null>>;

const BASE: Files = {
  "/r": null,
  "/r/config": "one",
  "/r/other": "of no account",
  "/r/log": "begins\n",
  "/r/tmp": null,
  "/r/tmp/part": "half",
};
const options: CourseOptions = { hasher: new Hasher(digest), watched: () => "" };

function treeWith(files: Files): FileTree {
  return treeOf(storyOf(new Script(files).recording()), 0, "kill");
}

function contents(tree: FileTree | undefined): Files | undefined {
  return (
    tree &&
    Object.fromEntries(
      tree
        .files()
        .map(({ path, type, target, content }) => [
          path,
          type === "link" ? `-> ${target}` : content === undefined ? null : new TextDecoder().decode(content),
        ]),
    )
  );
}

/** Looks stand between the operations of a script: at the place given by how many came before. */
function course(
  files: Files,
  script: Script,
  looks: readonly (readonly [after: number, look: Look])[],
  more: Partial<CourseOptions> = {},
): Course {
  const { operations, data } = script.recording();
  const events: (Operation | Look)[] = [];
  for (let at = 0; at <= operations.length; at++) {
    events.push(...looks.flatMap(([after, look]) => (after === at ? [look] : [])));
    const operation = operations[at];
    if (operation !== undefined) events.push(operation);
  }
  return new Course(treeWith(files), { events, data }, { ...options, ...more });
}

const noted = (): Script => new Script({}).create("/r/noted", "seen");
const config: Look = { look: "content", path: "/r/config" };

test("what nobody looked at may differ, and stays as it is", () => {
  const other = { ...BASE, "/r/other": "something else", "/r/more": "" };
  expect(contents(course(BASE, noted(), [[0, config]]).from(treeWith(other)))).toEqual({ ...other, "/r/noted": "seen" });
});

const differing: readonly (readonly [what: string, look: Look, other: Files])[] = [
  ["a content", config, { ...BASE, "/r/config": "two" }],
  ["a file that is missing", config, Object.fromEntries(Object.entries(BASE).filter(([path]) => path !== "/r/config"))],
  ["a file that is there", { look: "entry", path: "/r/flag" }, { ...BASE, "/r/flag": "" }],
  ["a size", { look: "stat", path: "/r/config" }, { ...BASE, "/r/config": "longer" }],
  ["a directory in place of a file", { look: "entry", path: "/r/config" }, { ...BASE, "/r/config": null }],
  ["names in a directory", { look: "names", path: "/r/tmp" }, { ...BASE, "/r/tmp/rest": "" }],
  ["where a link leads", { look: "entry", path: "/r/link", stay: true }, { ...BASE, "/r/link": "-> other" }],
  ["a link on the way", { look: "content", path: "/r/config" }, { ...BASE, "/r/config": "-> copy", "/r/copy": "one" }],
  ["a program", { look: "exec", path: "/r/config" }, { ...BASE, "/r/config": "#!/r/other" }],
];

test.each(differing)("not foretold where somebody would see another thing: %s", (_, look, other) => {
  const known = course(BASE, noted(), [[0, look]]);
  expect(known.from(treeWith(BASE))).toBeDefined();
  expect(known.from(treeWith(other))).toBeUndefined();
});

test("a size alone says nothing of what a file holds, nor does its being there of its size", () => {
  const same = course(BASE, noted(), [[0, { look: "stat", path: "/r/config" }]]);
  expect(same.from(treeWith({ ...BASE, "/r/config": "two" }))).toBeDefined();
  const there = course(BASE, noted(), [[0, { look: "entry", path: "/r/config" }]]);
  expect(there.from(treeWith({ ...BASE, "/r/config": "longer" }))).toBeDefined();
});

test("rights of a directory on the way are looked at, too", () => {
  const closed = treeWith(BASE);
  const [directory] = closed.files().flatMap(({ path }) => (path === "/r" ? [path] : []));
  const { operations, data } = new Script({}).do({ op: "chmod", path: directory ?? "", mode: "700" }).recording();
  const other = new Course(closed, { events: operations, data }, options).end;
  expect(course(BASE, noted(), [[0, config]]).from(other)).toBeUndefined();
});

test("what was written before it was read is the same, whatever lay there", () => {
  const rewritten = new Script({}).do({ op: "truncate", path: "/r/config", size: 0 }).write("/r/config", "new");
  const known = course(BASE, rewritten, [[2, config]]);
  expect(contents(known.from(treeWith({ ...BASE, "/r/config": "quite another" })))).toMatchObject({ "/r/config": "new" });
});

test("what was moved to a place that is read then differs there", () => {
  const moved = course(BASE, new Script({}).rename("/r/other", "/r/config"), [[1, config]]);
  expect(moved.from(treeWith({ ...BASE, "/r/log": "more" }))).toBeDefined();
  expect(moved.from(treeWith({ ...BASE, "/r/other": "something else" }))).toBeUndefined();
});

test("what is appended goes to the end, wherever that is", () => {
  const script = new Script({});
  script.do({ op: "write", path: "/r/log", offset: 7, append: true, data: script.bytes("boots\n") });
  const known = course(BASE, script, [[0, { look: "entry", path: "/r/log" }]]);
  expect(contents(known.from(treeWith({ ...BASE, "/r/log": "long before\n" })))).toMatchObject({ "/r/log": "long before\nboots\n" });
});

test("a script's interpreter is looked at by the kernel", () => {
  const scripted = { ...BASE, "/r/run": "#!/r/other\n" };
  const known = course(scripted, noted(), [[0, { look: "exec", path: "/r/run" }]]);
  expect(known.from(treeWith({ ...scripted, "/r/log": "" }))).toBeDefined();
  expect(known.from(treeWith({ ...scripted, "/r/other": "another interpreter" }))).toBeUndefined();
});

test("what is watched from outside counts when something comes there by a new name", () => {
  const watched = (tree: FileTree): string => JSON.stringify(contents(tree)?.["/r/config"]);
  const moved = course(BASE, new Script({}).rename("/r/other", "/r/config"), [], { watched });
  expect(moved.from(treeWith({ ...BASE, "/r/log": "more" }))).toBeDefined();
  expect(moved.from(treeWith({ ...BASE, "/r/other": "something else" }))).toBeUndefined();
});

test.each([
  ["emptied first", { anew: true }, "new"],
  ["appended to", {}, "old\nnew"],
])("who makes a file in order to write it is not told whether there is one: %s", (_, how, expected) => {
  const script = new Script({}).do({ op: "create", path: "/r/made", mode: "644", uid: 0, gid: 0 });
  script.do({ op: "write", path: "/r/made", offset: 0, append: true, data: script.bytes("new") });
  const opened: Look = { look: "entry", path: "/r/made", pid: script.pid, ...how };
  const known = course(BASE, script, [[0, opened]]);
  const other = treeWith({ ...BASE, "/r/made": "old\n" });
  expect(contents(known.from(treeWith(BASE)))).toMatchObject({ "/r/made": "new" });
  expect(contents(known.from(other))).toMatchObject({ "/r/made": expected });
  const closed = new Script({}).do({ op: "chmod", path: "/r/made", mode: "400" }).recording();
  const others = new Course(other, { events: closed.operations, data: closed.data }, options).end;
  expect(known.from(others)).toBeUndefined();
  expect(known.from(treeWith({ ...BASE, "/r/made": null }))).toBeUndefined();
  expect(course(BASE, script, [[0, { ...opened, stay: true }]]).from(other)).toBeUndefined(); // it had to be a new one
  expect(course(BASE, script, [[0, { ...opened, look: "stat" }]]).from(other)).toBeUndefined();
});

test("operations that the state does not explain make a course useless", () => {
  const lost = course(BASE, new Script({}).rename("/elsewhere", "/r/config"), []);
  expect(lost.problem).toContain("/elsewhere");
  expect(lost.from(treeWith(BASE))).toBeUndefined();
});

test("the state it begins with is left as it is", () => {
  const start = treeWith(BASE);
  course(BASE, new Script({}).rename("/r/other", "/r/config"), []).from(start);
  expect(contents(start)).toEqual(BASE);
});

test("processes remember the same after two courses where nothing that either looked at is different then", () => {
  const [one, other] = [
    course(BASE, noted(), [[0, config]]),
    course({ ...BASE, "/r/other": "x" }, noted(), [[0, { look: "entry", path: "/r/log" }]]),
  ];
  const alike = (files: Files): boolean => leaveAlike(one, other, treeWith(BASE), treeWith(files), options.hasher);
  expect(alike({ ...BASE, "/r/other": "something else", "/r/log": "more" })).toBe(true);
  expect(alike({ ...BASE, "/r/config": "two" })).toBe(false);
  expect(alike({ ...BASE, "/r/log": null })).toBe(false);
});
