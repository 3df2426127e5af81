// What belongs to the removal of a directory, and what only looks like it.
import { expect, test } from "vitest";
import type { Look, Operation } from "../model/index.ts";
import { Hasher } from "./content.ts";
import { Course } from "./course.ts";
import { withRemovals } from "./removal.ts";
import { treeOf } from "./states.ts";
import { storyOf } from "./story.ts";
import { digest, Script } from "./testing.ts";
import type { FileTree } from "./tree.ts";

type Event = Operation | Look;

const WHO = 7;
const OTHER = 8;
const look = (kind: Look["look"], path: string, pid = WHO): Look => ({ look: kind, path, stay: true, pid });
const gone = (op: "unlink" | "rmdir", path: string, more: { readonly pid?: number; readonly error?: string } = {}): Operation => ({
  ...{ k: 1, pid: WHO, op, path },
  ...more,
});
const FILES = { "/r": null, "/r/log": "", "/r/tmp": null, "/r/tmp/part": "half", "/r/tmp/deep": null, "/r/tmp/deep/rest": "" };
/** As a recorder sees Node do it. */
const REMOVAL: readonly Event[] = [
  look("content", "/r/tmp"),
  look("stat", "/r/tmp"),
  look("names", "/r/tmp"),
  look("entry", "/r/tmp/part"),
  gone("unlink", "/r/tmp/part"),
  look("content", "/r/tmp/deep"),
  look("names", "/r/tmp/deep"),
  look("entry", "/r/tmp/deep/rest"),
  gone("unlink", "/r/tmp/deep/rest"),
  look("names", "/r/tmp/deep"),
  gone("rmdir", "/r/tmp/deep"),
  look("entry", "/r/tmp"),
  gone("unlink", "/r/tmp", { error: "EISDIR" }),
  look("names", "/r/tmp"),
  gone("rmdir", "/r/tmp"),
];

function treeWith(files: Readonly<Record<string, string | null>>): FileTree {
  return treeOf(storyOf(new Script(files).recording()), 0, "kill");
}

/** The paths that are there when the same has happened elsewhere; undefined: that is not known. */
function pathsAfter(events: readonly Event[], files: Readonly<Record<string, string | null>>): string[] | undefined {
  const course = new Course(treeWith(FILES), { events, data: new Uint8Array() }, { hasher: new Hasher(digest), watched: () => "" });
  expect(course.problem).toBeUndefined();
  return course
    .from(treeWith(files))
    ?.files()
    .map(({ path }) => path);
}

/** With something more between the calls. */
function between(event: Event, at: number): Event[] {
  return REMOVAL.toSpliced(at, 0, event);
}

test("a removal is one thing, told at its end", () => {
  expect(withRemovals([look("stat", "/r/tmp"), ...REMOVAL, look("entry", "/r/log")])).toEqual([
    look("stat", "/r/tmp"),
    { removal: "/r/tmp", last: REMOVAL.at(-1) },
    look("entry", "/r/log"),
  ]);
});

test.each([
  ["nothing in it", { "/r": null, "/r/log": "", "/r/tmp": null }],
  ["other names and contents", { ...FILES, "/r/tmp/part": "whole", "/r/tmp/more": "x", "/r/tmp/deep/deeper": null }],
  ["links", { ...FILES, "/r/tmp/link": "-> part" }],
])("elsewhere all goes as well: %s", (_, files) => {
  expect(pathsAfter(REMOVAL, files)).toEqual(["/r", "/r/log"]);
});

test.each([
  ["there is no such directory", { "/r": null, "/r/log": "" }],
  ["there is a file in its place", { "/r": null, "/r/log": "", "/r/tmp": "x" }],
])("not known elsewhere: %s", (_, files) => expect(pathsAfter(REMOVAL, files)).toBeUndefined());

test("who was only seen to remove files may stop at a directory", () => {
  const flat = REMOVAL.filter(({ path = "" }) => !path.startsWith("/r/tmp/deep"));
  const files = { "/r": null, "/r/log": "", "/r/tmp": null, "/r/tmp/part": "half" };
  const course = new Course(treeWith(files), { events: flat, data: new Uint8Array() }, { hasher: new Hasher(digest), watched: () => "" });
  expect(course.from(treeWith({ ...files, "/r/tmp/more": "" }))).toBeDefined();
  expect(course.from(treeWith(FILES))).toBeUndefined();
});

const MORE = { ...FILES, "/r/tmp/more": "x" };
test.each([
  ["listed before, for whatever reason", [look("content", "/r/tmp"), look("names", "/r/tmp"), ...REMOVAL]],
  ["a file in it was read meanwhile", between(look("content", "/r/tmp/part"), 3)],
  ["something was started from it", between(look("exec", "/r/tmp/part"), 3)],
  ["something was written elsewhere after the list was read", between({ k: 1, pid: WHO, op: "mkdir", path: "/r/seen" }, 3)],
  ["somebody else looks into it meanwhile", between(look("entry", "/r/tmp/deep", OTHER), 3)],
  ["it was never opened", REMOVAL.filter((event) => !("look" in event && event.look === "content" && event.path === "/r/tmp"))],
])("what lay there counts: %s", (_, events) => {
  expect(pathsAfter(events, FILES)).toBeDefined();
  expect(pathsAfter(events, MORE)).toBeUndefined();
});

test("others may be at work elsewhere meanwhile", () => {
  expect(pathsAfter(between(look("entry", "/r/log", OTHER), 3), MORE)).toEqual(["/r", "/r/log"]);
});

test("the size of a file that is looked at and removed at once does not count; of one that stays it does", () => {
  const size = look("stat", "/r/log");
  const longer = { ...FILES, "/r/log": "longer" };
  expect(pathsAfter([size, look("entry", "/r/log"), gone("unlink", "/r/log")], longer)).toBeDefined();
  expect(pathsAfter([size, look("entry", "/r/log")], longer)).toBeUndefined();
  expect(pathsAfter([size, { k: 1, pid: WHO, op: "mkdir", path: "/r/seen" }, gone("unlink", "/r/log")], longer)).toBeUndefined();
});
