// What each variant of a crash leaves: the known ground truths of ext4 and xfs, and the strict reading of POSIX.
import { expect, test } from "vitest";
import type { CrashVariant } from "../model/index.ts";
import { crashStates, treeAt } from "./states.ts";
import { digest, left, Script } from "./testing.ts";

type Left = Record<string, string | null>;
const DISKS = ["kill", "ext4-nothing-unsynced", "metadata-auto-da-alloc", "metadata-only", "posix"] as const;
type Expected = Partial<Record<CrashVariant, Left>> & { readonly otherwise?: Left };

const R = { "/r": null };
const fresh = (content: string) => ({ ...R, "/r/x": content });
const OLD = fresh("old");

test.each<[string, Script, Expected]>([
  [
    "a new file, never synced",
    new Script().create("/r/x", "new"),
    { kill: fresh("new"), "ext4-nothing-unsynced": R, posix: R, otherwise: fresh("") },
  ],
  [
    "a new file, written and renamed without fsync, is empty on both",
    new Script().create("/r/tmp", "new").rename("/r/tmp", "/r/x"),
    { kill: fresh("new"), "metadata-auto-da-alloc": fresh(""), "metadata-only": fresh(""), otherwise: R },
  ],
  [
    "a replaced one is whole on ext4 and empty on xfs",
    new Script(OLD).create("/r/tmp", "new").rename("/r/tmp", "/r/x"),
    { kill: fresh("new"), "metadata-auto-da-alloc": fresh("new"), "metadata-only": fresh(""), otherwise: OLD },
  ],
  [
    "a replaced one with fsync of the file before is whole everywhere, old or new",
    new Script(OLD).create("/r/tmp", "new").fsync("/r/tmp").rename("/r/tmp", "/r/x"),
    { "ext4-nothing-unsynced": { ...OLD, "/r/tmp": "new" }, posix: OLD, otherwise: fresh("new") },
  ],
  [
    "everything synced is there everywhere",
    new Script(OLD).create("/r/tmp", "new").fsync("/r/tmp").rename("/r/tmp", "/r/x").fsync("/r"),
    { otherwise: fresh("new") },
  ],
  [
    "a name whose directory was synced, but not the file",
    new Script().create("/r/x", "new").fsync("/r"),
    { kill: fresh("new"), otherwise: fresh("") },
  ],
  [
    "a file that was synced, but not its name: ext4's journal brings the name along",
    new Script().create("/r/x", "new").fsync("/r/x"),
    { posix: R, otherwise: fresh("new") },
  ],
  [
    "one fsync commits all names before it, not the data of other files",
    new Script().mkdir("/r/d").create("/r/d/a", "a").create("/r/x", "x").fsync("/r/x"),
    {
      kill: { ...R, "/r/d": null, "/r/d/a": "a", "/r/x": "x" },
      posix: R,
      otherwise: { ...R, "/r/d": null, "/r/d/a": "", "/r/x": "x" },
    },
  ],
  [
    "a file cut to nothing and written anew, still open",
    new Script(OLD).do({ op: "truncate", path: "/r/x", size: 0 }).write("/r/x", "new"),
    { kill: fresh("new"), "ext4-nothing-unsynced": OLD, posix: OLD, otherwise: fresh("") },
  ],
  [
    "the same, closed: ext4 flushes it, xfs is not relied upon to",
    new Script(OLD).do({ op: "truncate", path: "/r/x", size: 0 }).write("/r/x", "new").mkdir("/r/d"),
    {
      kill: { ...fresh("new"), "/r/d": null },
      "metadata-auto-da-alloc": { ...fresh("new"), "/r/d": null },
      "metadata-only": { ...fresh(""), "/r/d": null },
      otherwise: OLD,
    },
  ],
  ["overwritten in place", new Script(OLD).write("/r/x", "new"), { kill: fresh("new"), otherwise: OLD }],
  [
    "a replaced one that was written in place before: it has its blocks already, so ext4 flushes nothing",
    new Script({ ...OLD, "/r/tmp": "tmp" }).write("/r/tmp", "new").rename("/r/tmp", "/r/x"),
    {
      kill: fresh("new"),
      "ext4-nothing-unsynced": { ...OLD, "/r/tmp": "tmp" },
      posix: { ...OLD, "/r/tmp": "tmp" },
      otherwise: fresh("tmp"),
    },
  ],
  [
    "overwritten in place and synced",
    new Script(OLD).write("/r/x", "new").do({ op: "fdatasync", path: "/r/x" }),
    { otherwise: fresh("new") },
  ],
  [
    "appended to: ext4 notes the new length before the bytes are there",
    new Script(OLD).write("/r/x", "er", 3),
    { kill: fresh("older"), "metadata-auto-da-alloc": fresh("old\0\0"), otherwise: OLD },
  ],
  [
    "appended to, and another file synced",
    new Script(OLD).write("/r/x", "er", 3).create("/r/y").fsync("/r/y"),
    {
      kill: { ...fresh("older"), "/r/y": "" },
      "metadata-only": { ...OLD, "/r/y": "" },
      posix: OLD,
      otherwise: { ...fresh("old\0\0"), "/r/y": "" },
    },
  ],
  [
    "appended to beyond its block: the length waits for the bytes",
    new Script(OLD).write("/r/x", "er".repeat(4096), 3),
    { kill: fresh(`old${"er".repeat(4096)}`), otherwise: OLD },
  ],
  ["removed", new Script(OLD).do({ op: "unlink", path: "/r/x" }), { "ext4-nothing-unsynced": OLD, posix: OLD, otherwise: R }],
  [
    "a link turned by rename, never synced",
    new Script({ ...R, "/r/current": "-> 1" }).do({ op: "symlink", path: "/r/next", target: "2" }).rename("/r/next", "/r/current"),
    {
      "ext4-nothing-unsynced": { ...R, "/r/current": "-> 1" },
      posix: { ...R, "/r/current": "-> 1" },
      otherwise: { ...R, "/r/current": "-> 2" },
    },
  ],
  [
    "a tree moved into its place: the name is synced, what is in it is not",
    new Script().mkdir("/r/new").create("/r/new/agent", "program").rename("/r/new", "/r/v2").fsync("/r"),
    {
      kill: { ...R, "/r/v2": null, "/r/v2/agent": "program" },
      posix: { ...R, "/r/v2": null },
      otherwise: { ...R, "/r/v2": null, "/r/v2/agent": "" },
    },
  ],
  ["sync", new Script().mkdir("/r/d").create("/r/d/x", "new").do({ op: "sync" }), { otherwise: { ...R, "/r/d": null, "/r/d/x": "new" } }],
  [
    "a synchronous write",
    new Script(OLD).write("/r/x", "newer", 0, true).create("/r/y"),
    { "ext4-nothing-unsynced": fresh("newer"), posix: fresh("newer"), otherwise: { ...fresh("newer"), "/r/y": "" } },
  ],
  [
    "an exchange is no replacement: nothing is flushed",
    new Script(OLD).create("/r/y", "new").do({ op: "rename", path: "/r/y", to: "/r/x", exchange: true }),
    { kill: { ...fresh("new"), "/r/y": "old" }, "ext4-nothing-unsynced": OLD, posix: OLD, otherwise: { ...fresh(""), "/r/y": "old" } },
  ],
  [
    "space set aside reads as zeros",
    new Script().create("/r/x").do({ op: "fallocate", path: "/r/x", offset: 0, size: 3 }).write("/r/x", "ab"),
    { kill: fresh("ab\0"), "ext4-nothing-unsynced": R, posix: R, otherwise: fresh("\0\0\0") },
  ],
])("%s", (_, script, expected) => {
  const recording = script.recording();
  const found = Object.fromEntries(DISKS.map((variant) => [variant, left(recording, variant)]));
  expect(found).toEqual(Object.fromEntries(DISKS.map((variant) => [variant, expected[variant] ?? expected.otherwise])));
});

test("fsync of what the journal has already commits nothing new", () => {
  const recording = new Script().create("/r/a", "a").fsync("/r/a").create("/r/b").fsync("/r/a").recording();
  expect(left(recording, "ext4-nothing-unsynced")).toEqual({ ...R, "/r/a": "a" });
});

test("fdatasync of a file that grew within its block commits all names, too", () => {
  const script = new Script(OLD).write("/r/x", "er", 3).create("/r/y").do({ op: "fdatasync", path: "/r/x" });
  expect(left(script.recording(), "ext4-nothing-unsynced")).toEqual({ ...fresh("older"), "/r/y": "" });
});

test("fsync of a file that was renamed since commits the rename", () => {
  const script = new Script(OLD).create("/r/tmp", "new").fsync("/r/tmp").rename("/r/tmp", "/r/x").fsync("/r/x");
  expect(left(script.recording(), "ext4-nothing-unsynced")).toEqual(fresh("new"));
});

test("fsync of data that has no place on the disk yet commits all names, too", () => {
  const script = new Script().create("/r/a", "a").create("/r/b", "b").fsync("/r/b").create("/r/c").fsync("/r/a");
  expect(left(script.recording(), "ext4-nothing-unsynced")).toEqual({ ...R, "/r/a": "a", "/r/b": "b", "/r/c": "" });
});

test("fsync of a file that was flushed and committed with others commits nothing new", () => {
  const script = new Script(OLD).do({ op: "truncate", path: "/r/x", size: 0 }).write("/r/x", "new").create("/r/b").fsync("/r/b");
  const after = script.create("/r/c").fsync("/r/x").recording();
  expect(left(after, "ext4-nothing-unsynced")).toEqual({ ...fresh("new"), "/r/b": "" });
});

test("data written before another file's fsync is synced by its own", () => {
  const script = new Script().create("/r/a", "a").create("/r/b", "b").fsync("/r/b");
  expect(left(script.recording(), "ext4-nothing-unsynced")).toEqual({ ...R, "/r/a": "", "/r/b": "b" });
  expect(left(script.fsync("/r/a").recording(), "ext4-nothing-unsynced")).toEqual({ ...R, "/r/a": "a", "/r/b": "b" });
  const all = new Script().create("/r/a", "a").create("/r/b", "b").fsync("/r/b").do({ op: "sync" });
  expect(left(all.recording(), "ext4-nothing-unsynced")).toEqual({ ...R, "/r/a": "a", "/r/b": "b" });
});

test("the process that rewrote a file may end instead of doing more", () => {
  const script = new Script(OLD)
    .do({ op: "truncate", path: "/r/x", size: 0 })
    .write("/r/x", "new")
    .note({ note: "exit", pid: 40, status: 0 });
  script.pid = 41;
  expect(left(script.mkdir("/r/d").recording(), "metadata-auto-da-alloc")).toEqual({ ...fresh("new"), "/r/d": null });
  const other = new Script(OLD).do({ op: "truncate", path: "/r/x", size: 0 }).write("/r/x", "new");
  other.pid = 41;
  expect(left(other.mkdir("/r/d").recording(), "metadata-auto-da-alloc")).toEqual({ ...fresh(""), "/r/d": null });
});

const TWO = { "/r": null, "/r/a": null, "/r/b": null };

test("strict: a rename between directories is never half there", () => {
  const moved = () => new Script({ ...TWO, "/r/a/x": "x" }).rename("/r/a/x", "/r/b/x");
  expect(left(moved().recording(), "posix")).toEqual({ ...TWO, "/r/a/x": "x" });
  for (const directory of ["/r/a", "/r/b"]) expect(left(moved().fsync(directory).recording(), "posix")).toEqual({ ...TWO, "/r/b/x": "x" });
});

test("strict: what is durable of a directory is a beginning of what happened in it", () => {
  const script = new Script({ ...TWO, "/r/a/x": "x" }).create("/r/a/early").rename("/r/a/x", "/r/b/x").create("/r/a/late").fsync("/r/b");
  expect(left(script.recording(), "posix")).toEqual({ ...TWO, "/r/a/early": "", "/r/b/x": "x" });
});

test("strict: directories moved into each other never vanish", () => {
  const script = new Script({ ...TWO, "/r/a/x": null, "/r/a/x/file": "f", "/r/c": null })
    .rename("/r/a/x", "/r/c/x")
    .rename("/r/a", "/r/c/x/a")
    .fsync("/r");
  expect(left(script.recording(), "posix")).toEqual({
    "/r": null,
    "/r/b": null,
    "/r/c": null,
    "/r/c/x": null,
    "/r/c/x/a": null,
    "/r/c/x/file": "f",
  });
});

test("strict: rights are durable by fsync, not by fdatasync", () => {
  const script = () => new Script(OLD).do({ op: "chmod", path: "/r/x", mode: "600" });
  const mode = (synced: Script) => treeMode(synced);
  expect(mode(script())).toBe("644");
  expect(mode(script().do({ op: "fdatasync", path: "/r/x" }))).toBe("644");
  expect(mode(script().fsync("/r/x"))).toBe("600");
});

test.each([
  ["4755", "755"],
  ["2755", "755"],
  ["2744", "2744"],
])("with its owner a file of mode %s changes to %s", (mode, after) => {
  const script = new Script(OLD)
    .do({ op: "chmod", path: "/r/x", mode })
    .do({ op: "chown", path: "/r/x", uid: 5, gid: 6 })
    .do({ op: "sync" });
  expect(treeMode(script)).toBe(after);
});

test("drop-one: an operation is lost, later ones are not", () => {
  const recording = new Script(OLD)
    .create("/r/tmp", "new")
    .do({ op: "chmod", path: "/r/tmp", mode: "755" })
    .rename("/r/tmp", "/r/x")
    .recording();
  expect(left(recording, "drop-one", 4, 2)).toEqual(fresh(""));
  expect(left(recording, "drop-one", 4, 1)).toEqual(fresh("new"));
  expect(left(recording, "drop-one", 4, 4)).toEqual({ ...OLD, "/r/tmp": "new" });
});

test("drop-one: a directory has one place, also when the rename that brought it away was lost", () => {
  const script = new Script({ ...TWO, "/r/c": null, "/r/a/x": null }).rename("/r/a/x", "/r/b/x").rename("/r/b/x", "/r/c/x");
  expect(left(script.recording(), "drop-one", 2, 1)).toEqual({ ...TWO, "/r/c": null, "/r/c/x": null });
});

test("drop-one: what is durable is never lost", () => {
  const states = (script: Script) =>
    crashStates(script.recording(), { variants: ["drop-one"], digest }).flatMap(({ name, alike }) => [name, ...alike.names]);
  expect(states(new Script().create("/r/a").create("/r/b"))).toEqual([
    "0001-after-create-a.drop-one-0001",
    "0002-after-create-b.drop-one-0001",
    "0002-after-create-b.drop-one-0002",
  ]);
  expect(states(new Script().create("/r/a").fsync("/r").create("/r/b"))).toEqual([
    "0001-after-create-a.drop-one-0001",
    "0003-after-create-b.drop-one-0003",
  ]);
});

function treeMode(script: Script): string | undefined {
  const recording = script.recording();
  return treeAt(recording, recording.operations.length, "posix").find(({ path }) => path === "/r/x")?.mode;
}
