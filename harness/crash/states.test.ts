// Laws that hold for whatever a process does: random operations on a small tree, in memory and in a real directory.
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { crashVariants, type CrashVariant, type Recording } from "../model/index.ts";
import { candidateCount, crashStates, treeAt } from "./states.ts";
import { unfollowed } from "./story.ts";
import { digest, Script } from "./testing.ts";
import type { TreeFile } from "./tree.ts";

/** So few that many operations meet. */
const PLACES = ["d", "e", "f", "d/x", "d/y", "e/x", "e/y", "d/s", "e/s", "d/s/x", "e/s/x", "d/e", "e/d", "d/s/d"];
const SOME = ["kill", "ext4-nothing-unsynced", "metadata-auto-da-alloc", "metadata-only", "posix"] as const;

/** A step asked for; whether it can be done depends on the tree. */
interface Wish {
  readonly what:
    | "file"
    | "mkdir"
    | "write"
    | "truncate"
    | "append"
    | "rename"
    | "link"
    | "symlink"
    | "unlink"
    | "rmdir"
    | "chmod"
    | "fsync"
    | "sync";
  readonly path: string;
  readonly to: string;
  readonly text: string;
  readonly number: number;
}

const place = fc.constantFrom(...PLACES);
const wish: fc.Arbitrary<Wish> = fc.record({
  what: fc.constantFrom(
    ...([
      "file",
      "file",
      "mkdir",
      "mkdir",
      "write",
      "truncate",
      "append",
      "rename",
      "rename",
      "rename",
      "link",
      "symlink",
      "unlink",
      "rmdir",
      "chmod",
      "fsync",
      "fsync",
      "sync",
    ] as const),
  ),
  path: place,
  to: place,
  text: fc.string({ maxLength: 12 }),
  number: fc.nat(20),
});

const scratch = mkdtempSync(path.join(tmpdir(), "crash-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Does in a real directory what can be done, and writes down what was done, as a recorder would. */
function carryOut(wishes: readonly Wish[]): { recording: Recording; looks: TreeFile[][] } {
  const root = mkdtempSync(path.join(scratch, "run-"));
  for (const name of ["d", "e", "d/s"]) mkdirSync(path.join(root, name));
  for (const name of ["f", "d/x"]) appendFileSync(path.join(root, name), `${name} of before`);
  const script = new Script({});
  const base = readTree(root).map(({ content, mode = "777", ...entry }) => ({
    ...entry,
    mode,
    ...(content === undefined ? {} : { data: script.bytes(content) }),
  }));
  const looks = [readTree(root)];
  for (const one of wishes) {
    try {
      act(root, one, script);
    } catch (error) {
      if (
        !["ENOENT", "EEXIST", "ENOTDIR", "EISDIR", "ENOTEMPTY", "EINVAL", "ELOOP", "EPERM", "EBUSY"].includes(
          (error as NodeJS.ErrnoException).code ?? "",
        )
      )
        throw error; // node:fs throws only such errors
      continue;
    }
    looks.push(readTree(root));
  }
  return { recording: { ...script.recording(), base }, looks };
}

function act(root: string, { what, path: relative, to, text, number }: Wish, script: Script): void {
  const at = path.join(root, relative);
  const other = path.join(root, to);
  const owner = (): { uid: number; gid: number; mode: string } => {
    const { uid, gid, mode } = lstatSync(at);
    return { uid, gid, mode: (mode & 0o7777).toString(8) };
  };
  const regular = (): string => {
    if (!lstatSync(at).isFile()) throw Object.assign(new Error("no file"), { code: "EINVAL" });
    return at;
  };
  switch (what) {
    case "file": {
      closeSync(openSync(at, "wx"));
      return void script.do({ op: "create", path: at, ...owner() }).write(at, write(at, text, 0));
    }
    case "write":
      return void script.write(at, write(regular(), text, number), number);
    case "append": {
      const { size } = lstatSync(regular());
      appendFileSync(at, text);
      return void script.write(at, text, size);
    }
    case "truncate":
      truncateSync(regular(), number);
      return void script.do({ op: "truncate", path: at, size: number });
    case "mkdir":
      mkdirSync(at);
      return void script.do({ op: "mkdir", path: at, ...owner() });
    case "rename":
      renameSync(at, other);
      return void script.rename(at, other);
    case "link":
      linkSync(regular(), other);
      return void script.do({ op: "link", path: at, to: other });
    case "symlink": {
      symlinkSync(`${text}x`, at);
      return void script.do({ op: "symlink", path: at, target: `${text}x`, ...owner() });
    }
    case "unlink":
      unlinkSync(at);
      return void script.do({ op: "unlink", path: at });
    case "rmdir":
      rmdirSync(at);
      return void script.do({ op: "rmdir", path: at });
    case "chmod": {
      const mode = (0o700 + number).toString(8);
      chmodSync(lstatSync(at).isSymbolicLink() ? "/nowhere" : at, mode);
      return void script.do({ op: "chmod", path: at, mode });
    }
    case "fsync":
      lstatSync(at);
      return void script.fsync(at);
    case "sync":
      return void script.do({ op: "sync" });
    default:
      return what satisfies never;
  }
}

function write(file: string, text: string, at: number): string {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, text, at);
  closeSync(descriptor);
  return text;
}

function readTree(at: string): TreeFile[] {
  const { mode, uid, gid, ...stat } = lstatSync(at);
  const kind = mode & 0o170000;
  const rights = { mode: (mode & 0o7777).toString(8), uid, gid };
  if (kind === 0o120000) return [{ path: at, type: "link", uid, gid, target: readlinkSync(at) }];
  if (kind === 0o100000) return [{ path: at, type: "file", ...rights, content: new Uint8Array(readFileSync(at)).subarray(0, stat.size) }];
  const below = readdirSync(at).flatMap((name) => readTree(path.join(at, name)));
  return [{ path: at, type: "directory" as const, ...rights }, ...below].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** Independent of how the digest of a tree is computed. */
function flat(files: readonly TreeFile[]): string {
  return files
    .map(({ path: at, type, mode, uid, gid, target, content }) =>
      [at, type, mode, uid, gid, target, content && Buffer.from(content).toString("hex")].join(" "),
    )
    .join("\n");
}

const runs = fc.array(wish, { minLength: 10, maxLength: 60, size: "max" });

test("replaying every prefix gives what the real directory was", () => {
  fc.assert(
    fc.property(runs, (wishes) => {
      const { recording, looks } = carryOut(wishes);
      expect(unfollowed(recording)).toEqual([]);
      let k = 0;
      for (const look of looks.slice(1)) {
        k = nextK(recording, k);
        expect(flat(treeAt(recording, k, "kill"))).toBe(flat(look));
      }
    }),
    { numRuns: 60 },
  );
});

/** Making a file is two operations: create and write. */
function nextK({ operations }: Recording, k: number): number {
  return operations[k]?.op === "create" ? k + 2 : k + 1;
}

test("digests are equal exactly where trees are, over all variants", () => {
  fc.assert(
    fc.property(runs, (wishes) => {
      const { recording } = carryOut(wishes);
      const states = crashStates(recording, { variants: crashVariants, digest });
      const trees = states.map(({ k, variant, drop }) => flat(treeAt(recording, k, variant, drop)));
      expect(new Set(trees).size).toBe(states.length);
      expect(new Set(states.map(({ name }) => name)).size).toBe(states.length);
      const treeOf = new Map(
        states.flatMap(({ name, alike }, index) => [name, ...alike.names].map((each) => [each, trees[index]] as const)),
      );
      expect(treeOf.size).toBe(candidateCount(states));
      for (const variant of SOME)
        for (const { k } of [{ k: 0 }, ...recording.operations]) {
          const name = [...treeOf.keys()].find((each) => isNameOf(each, k, variant));
          expect(treeOf.get(name ?? "")).toBe(flat(treeAt(recording, k, variant)));
        }
    }),
    { numRuns: 40 },
  );
});

function isNameOf(name: string, k: number, variant: CrashVariant): boolean {
  return name.startsWith(String(k).padStart(4, "0")) && (variant === "kill" ? !name.includes(".") : name.endsWith(`.${variant}`));
}

test("a power loss leaves nothing that never was: each path and its kind, and no content but old, new, cut or zeros", () => {
  fc.assert(
    fc.property(runs, (wishes) => {
      const { recording } = carryOut(wishes);
      const { length } = recording.operations;
      const ever = new Set<string>();
      for (let k = 0; k <= length; k++) for (const { path: at, type } of treeAt(recording, k, "kill")) ever.add(`${at} ${type}`);
      for (const variant of ["ext4-nothing-unsynced", "metadata-auto-da-alloc", "metadata-only"] as const)
        for (const { path: at, type } of treeAt(recording, length, variant)) expect(ever).toContain(`${at} ${type}`);
      const contents = new Set<string>();
      for (let k = 0; k <= length; k++)
        for (const { content } of treeAt(recording, k, "kill")) if (content !== undefined) contents.add(Buffer.from(content).toString());
      for (const { content } of treeAt(recording, length, "posix"))
        if (content !== undefined && content.length > 0) expect(contents).toContain(Buffer.from(content).toString());
    }),
    { numRuns: 40 },
  );
});

test("after sync every variant has what a kill leaves; without any sync the harshest have what was there before", () => {
  fc.assert(
    fc.property(runs, (wishes) => {
      const unsynced = carryOut(wishes.filter(({ what }) => what !== "fsync" && what !== "sync")).recording;
      const n = unsynced.operations.length;
      for (const variant of ["posix", "ext4-nothing-unsynced"] as const)
        expect(flat(treeAt(unsynced, n, variant))).toBe(flat(treeAt(unsynced, 0, "kill")));
      const { recording } = carryOut([...wishes, { what: "sync", path: "f", to: "f", text: "", number: 0 }]);
      const { length } = recording.operations;
      for (const variant of SOME) expect(flat(treeAt(recording, length, variant))).toBe(flat(treeAt(recording, length, "kill")));
    }),
    { numRuns: 40 },
  );
});

test("where nothing is removed, strict POSIX keeps no name that the journal of ext4 does not", () => {
  const adding = wish.filter(({ what }) => ["file", "mkdir", "write", "append", "fsync", "sync", "symlink"].includes(what));
  fc.assert(
    fc.property(fc.array(adding, { maxLength: 60, size: "max" }), (wishes) => {
      const { recording } = carryOut(wishes);
      const paths = (variant: CrashVariant): string[] => treeAt(recording, recording.operations.length, variant).map((file) => file.path);
      expect(paths("ext4-nothing-unsynced")).toEqual(expect.arrayContaining(paths("posix")));
    }),
    { numRuns: 60 },
  );
});

test("states of a range are those of all that lie in it", () => {
  const recording = new Script().create("/r/a", "one").create("/r/b", "two").rename("/r/a", "/r/b").recording();
  const states = crashStates(recording, { variants: ["kill"], digest, from: 2, to: 4 });
  expect(states.map(({ name }) => name)).toEqual(["0002-after-write-a", "0003-after-create-b", "0004-after-write-b"]);
  expect(states[0]).toMatchObject({
    k: 2,
    variant: "kill",
    sentence: "after operation 2, write of 3 bytes to …/a",
    signature: "write /r",
    alike: { count: 1, names: [] },
  });
});

test("equal trees are taken together, and counted", () => {
  const recording = new Script({ "/r": null, "/r/a": "old" }).do({ op: "unlink", path: "/r/a", error: "EACCES" }).fsync("/r/a").recording();
  const states = crashStates(recording, { variants: SOME, digest });
  expect(states).toHaveLength(1);
  expect(candidateCount(states)).toBe(15);
  expect(states[0]?.name).toBe("0000-before-anything");
  expect(states[0]?.alike.names).toContain("0002-after-fsync-a.posix");
});

test("what the recording does not explain is said", () => {
  const script = new Script().rename("/elsewhere/x", "/r/x").write("/r/gone", "x").rename("/r", "/other/place/r");
  expect(unfollowed(script.recording())).toEqual([
    "operation 1, rename of …/x to …/x: /elsewhere/x is not in the tree",
    "operation 2, write of 1 bytes to …/gone: it is not in the tree",
    "operation 3, rename of /r to …/r: /other/place/r is outside of the tree",
  ]);
  const linked = new Script({ "/r": null, "/r/a": "x" }).do({ op: "link", path: "/r/a", to: "/r/b" }).do({ op: "unlink", path: "/r/a" });
  expect(unfollowed(linked.recording())).toEqual([]);
  expect(unfollowed(linked.do({ op: "write", path: "", deleted: true, offset: 0, data: linked.bytes("y") }).recording())).toHaveLength(1);
});
