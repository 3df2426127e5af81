// The model of a power loss against a real ext4: the same operations are carried out on a disk image, which is then taken down.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CrashVariant } from "../model/index.ts";
import type { Ext4Job, Ext4Left } from "./testing/ext4.ts";
import { left, Script } from "./testing.ts";

const PROGRAM = path.join(import.meta.dirname, "testing", "ext4.ts");
const SOURCE = path.join(import.meta.dirname, "testing", "ext4.c");
const required = process.env["UPMATRIX_REQUIRE_EXT4"] === "1";
/** What the two ways of taking a disk down leave, by the model. */
const VARIANT = { nolog: "ext4-nothing-unsynced", log: "metadata-auto-da-alloc" } as const satisfies Record<Ext4Job["how"], CrashVariant>;

/** A disk image, and the program that takes it down. */
class Disk implements Disposable {
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), "upmatrix-ext4-"));
  readonly #places: readonly string[];

  constructor() {
    const [image, mount, tool] = ["disk.img", "mount", "tool"].map((name) => path.join(this.#folder, name)) as [string, string, string];
    this.#places = [image, mount, tool];
    try {
      mkdirSync(mount);
      quietly("cc", ["-O1", "-o", tool, SOURCE]);
      quietly("truncate", ["-s", "32M", image]);
      quietly("mkfs.ext4", ["-q", image]);
      quietly("unshare", ["--mount", "sh", "-c", `mount -o loop "$0" "$1" && umount "$1"`, image, mount]);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** What is left of each script: without its journal, and with it. */
  take(scripts: readonly Script[]): Ext4Left[] {
    const jobs = scripts.flatMap((script) => {
      const { data, ...recording } = script.recording();
      return (["nolog", "log"] as const).map((how): Ext4Job => ({
        recording: { ...recording, data: Buffer.from(data).toString("base64") },
        how,
      }));
    });
    const words = ["--mount", process.execPath, PROGRAM, ...this.#places];
    const said = execFileSync("unshare", words, { input: JSON.stringify(jobs), encoding: "utf8", stdio: "pipe", maxBuffer: 64e6 });
    return JSON.parse(said) as Ext4Left[]; // written by the program
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function quietly(command: string, words: readonly string[]): void {
  execFileSync(command, words, { stdio: "pipe" });
}

/** The disk, or why there can be none here. */
function open(): Disk | string {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root, to mount an image";
  try {
    return new Disk();
  } catch (error) {
    return `cannot mount an image of ext4: ${String(error).split("\n").slice(0, 2).join(" ")}`;
  }
}

const opened = open();
if (typeof opened === "string") console.warn(`The model of a power loss is not compared with a real ext4: ${opened}`);

describe.skipIf(typeof opened === "string" && !required)("on a real ext4", () => {
  let disk: Disk;
  beforeAll(() => {
    if (typeof opened === "string") throw new Error(opened);
    disk = opened;
  });
  afterAll(() => disk[Symbol.dispose]());

  const expected = (script: Script): Ext4Left[] => [left(script.recording(), VARIANT.nolog), left(script.recording(), VARIANT.log)];

  test("what the model knows of files, names and syncs", () => {
    const scripts = Object.entries(KNOWN);
    const found = disk.take(scripts.map(([, script]) => script));
    const told = (trees: readonly Ext4Left[]) =>
      Object.fromEntries(scripts.map(([name], index) => [name, trees.slice(index * 2, index * 2 + 2)]));
    expect(told(found)).toEqual(told(scripts.flatMap(([, script]) => expected(script))));
  });

  test("a sync of a folder that has nothing to write: newer kernels commit everything, the model takes an older one's word", () => {
    const script = new Script({ ...OLD, "/r/d": null }).do({ op: "unlink", path: "/r/x" }).fsync("/r/d");
    const [nolog] = disk.take([script]);
    expect([
      { ...OLD, "/r/d": null },
      { ...R, "/r/d": null },
    ]).toContainEqual(nolog);
    expect(expected(script)[0]).toEqual({ ...OLD, "/r/d": null });
  });

  test("whatever an updater does with a few files", () => {
    const scripts = fc.sample(fc.array(wish, { minLength: 1, maxLength: 9 }), { seed: 7, numRuns: 40 }).map(scriptOf);
    const found = disk.take(scripts);
    scripts.forEach((script, index) => {
      const operations = script
        .recording()
        .operations.map((one) => JSON.stringify(one))
        .join("\n");
      expect(found.slice(index * 2, index * 2 + 2), operations).toEqual(expected(script));
    });
  });
});

const R = { "/r": null };
const OLD = { ...R, "/r/x": "old" };
const KNOWN: Readonly<Record<string, Script>> = {
  "a new file, never synced": new Script().create("/r/x", "new"),
  "written and renamed without fsync": new Script().create("/r/tmp", "new").rename("/r/tmp", "/r/x"),
  "a replaced one": new Script(OLD).create("/r/tmp", "new").rename("/r/tmp", "/r/x"),
  "a replaced one, synced before": new Script(OLD).create("/r/tmp", "new").fsync("/r/tmp").rename("/r/tmp", "/r/x"),
  "everything synced": new Script(OLD).create("/r/tmp", "new").fsync("/r/tmp").rename("/r/tmp", "/r/x").fsync("/r"),
  "a name whose directory was synced, but not the file": new Script().create("/r/x", "new").fsync("/r"),
  "one fsync commits all names before it": new Script().mkdir("/r/d").create("/r/d/a", "a").create("/r/x", "x").fsync("/r/x"),
  "cut to nothing and written anew, still open": new Script(OLD).do({ op: "truncate", path: "/r/x", size: 0 }).write("/r/x", "new"),
  "the same, closed": new Script(OLD).do({ op: "truncate", path: "/r/x", size: 0 }).write("/r/x", "new").mkdir("/r/d"),
  "a replaced one that was written in place before": new Script({ ...OLD, "/r/tmp": "tmp" })
    .write("/r/tmp", "new")
    .rename("/r/tmp", "/r/x"),
  "overwritten in place": new Script(OLD).write("/r/x", "new"),
  "overwritten in place and synced": new Script(OLD).write("/r/x", "new").do({ op: "fdatasync", path: "/r/x" }),
  "appended to": new Script(OLD).write("/r/x", "er", 3),
  "appended to, and another file synced": new Script(OLD).write("/r/x", "er", 3).create("/r/y").fsync("/r/y"),
  "appended to beyond its block": new Script(OLD).write("/r/x", "er".repeat(4096), 3),
  removed: new Script(OLD).do({ op: "unlink", path: "/r/x" }),
  "a link turned by rename": new Script({ ...R, "/r/current": "-> 1" })
    .do({ op: "symlink", path: "/r/next", target: "2" })
    .rename("/r/next", "/r/current"),
  "a tree moved into its place": new Script().mkdir("/r/new").create("/r/new/agent", "program").rename("/r/new", "/r/v2").fsync("/r"),
  sync: new Script().mkdir("/r/d").create("/r/d/x", "new").do({ op: "sync" }),
  "fsync of what the journal has already": new Script().create("/r/a", "a").fsync("/r/a").create("/r/b").fsync("/r/a"),
  "fdatasync of a file that grew within its block": new Script(OLD)
    .write("/r/x", "er", 3)
    .create("/r/y")
    .do({ op: "fdatasync", path: "/r/x" }),
  "fsync of a file that was renamed since": new Script(OLD).create("/r/tmp", "new").fsync("/r/tmp").rename("/r/tmp", "/r/x").fsync("/r/x"),
  "fsync of data that has no place yet": new Script().create("/r/a", "a").create("/r/b", "b").fsync("/r/b").create("/r/c").fsync("/r/a"),
};

/** What an updater could do next, given what is there; whatever of it makes no sense is left out. */
const wish = fc.record({
  what: fc.constantFrom("create", "write", "append", "rewrite", "rename", "unlink", "mkdir", "fsync", "fdatasync", "fsync-folder", "sync"),
  file: fc.constantFrom("/r/a", "/r/b", "/r/d/a", "/r/d/b"),
  other: fc.constantFrom("/r/a", "/r/b", "/r/d/a", "/r/d/b"),
  text: fc.constantFrom("one", "twelve", "t".repeat(5000)),
});
type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

/** A script of those wishes that can be carried out. */
function scriptOf(wishes: readonly Wish[]): Script {
  const there = new Map([
    ["/r/a", 3],
    ["/r/d/a", 3],
  ]); // sizes
  const script = new Script({ ...R, "/r/a": "old", "/r/d": null, "/r/d/a": "old" });
  let changed: string | undefined; // a folder of which a sync has something to write
  for (const { what, file, other, text } of wishes) {
    const size = there.get(file);
    if (what === "create" ? size !== undefined : size === undefined && !["sync", "fsync-folder"].includes(what)) continue;
    if (what === "fsync-folder" && changed !== undefined) script.fsync(changed);
    if (["fsync", "fdatasync", "fsync-folder", "sync"].includes(what)) changed = undefined;
    if (["create", "unlink"].includes(what)) changed = path.posix.dirname(file);
    if (what === "rename" && file !== other) changed = path.posix.dirname(other);
    if (what === "create") script.create(file, text);
    if (what === "write") script.write(file, text);
    if (what === "append") script.write(file, text, size);
    if (what === "rewrite") script.do({ op: "truncate", path: file, size: 0 }).write(file, text);
    if (what === "rename" && file !== other) script.rename(file, other);
    if (what === "unlink") script.do({ op: "unlink", path: file });
    if (what === "fsync") script.fsync(file);
    if (what === "fdatasync") script.do({ op: "fdatasync", path: file });
    if (what === "sync") script.do({ op: "sync" });
    if (what === "create" || what === "rewrite") there.set(file, text.length);
    if (what === "write") there.set(file, Math.max(size ?? 0, text.length));
    if (what === "append") there.set(file, (size ?? 0) + text.length);
    if (what === "unlink" || (what === "rename" && file !== other)) there.delete(file);
    if (what === "rename" && file !== other) there.set(other, size ?? 0);
  }
  return script;
}
