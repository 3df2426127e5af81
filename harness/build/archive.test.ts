// Packing and unpacking: the same bytes everywhere, readable by the tools people have, and nothing outside the folder.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Header, Pack, ReadEntry } from "tar";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ZipFile } from "yazl";
import { pack } from "./pack.ts";
import { permissions, scanTree } from "./tree.ts";
import { unpack } from "./unpack.ts";

const TIME = new Date("2026-03-29T01:30:00Z"); // does not exist in the local time of much of Europe
let root = "";
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), "upmatrix-archive-"))));
afterEach(() => rm(root, { recursive: true, force: true }));

/** Files that are written in another order, at another time, with other permissions, but mean the same. */
async function makeTree(name: string, order: "up" | "down"): Promise<string> {
  const tree = join(root, name);
  await mkdir(join(tree, "a-folder/deep"), { recursive: true });
  const files = ["b", "a-file", "a-folder/x", `a-folder/deep/${"long".repeat(60)}`, "ünï", "big"];
  for (const file of order === "up" ? files : files.toReversed()) {
    await writeFile(join(tree, file), file === "big" ? "0123456789".repeat(300_000) : file);
    await utimes(join(tree, file), order === "up" ? 1 : 2, 3);
  }
  await chmod(join(tree, "b"), order === "up" ? 0o700 : 0o775);
  await chmod(join(tree, "a-file"), order === "up" ? 0o600 : 0o664);
  await symlink("a-folder/x", join(tree, "link"));
  await symlink("/elsewhere/agent", join(tree, "outside"));
  return tree;
}

async function packTree(tree: string, archive: string): Promise<string> {
  await pack(await scanTree(tree), join(root, archive), TIME);
  return createHash("sha256")
    .update(await readFile(join(root, archive)))
    .digest("hex");
}

async function describeTree(tree: string): Promise<string[]> {
  const entries = await scanTree(tree);
  return Promise.all(
    entries.map(async (entry) => {
      const content =
        entry.kind === "file"
          ? createHash("sha1")
              .update(await readFile(entry.absolute))
              .digest("hex")
          : entry.kind === "link"
            ? entry.target
            : "";
      return [entry.kind, entry.path, permissions(entry).toString(8), content].join(" ");
    }),
  );
}

describe.each(["x.tar.gz", "x.zip"])("packing %s", (archive) => {
  test("gives the same bytes whatever the order, times, permissions and time zone", async () => {
    const zone = process.env.TZ;
    try {
      process.env.TZ = "Europe/Berlin";
      const first = await packTree(await makeTree("one", "up"), `1-${archive}`);
      process.env.TZ = "America/Los_Angeles";
      const second = await packTree(await makeTree("two", "down"), `2-${archive}`);
      expect(second).toBe(first);
      await writeFile(join(root, "two/b"), "c");
      expect(await packTree(join(root, "two"), `3-${archive}`)).not.toBe(first);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  test("keeps files, folders, permissions and links", async () => {
    const tree = await makeTree("tree", "up");
    await mkdir(join(tree, "empty"));
    await packTree(tree, archive);
    await mkdir(join(root, "unpacked"));
    await unpack(join(root, archive), join(root, "unpacked"));
    expect(await describeTree(join(root, "unpacked"))).toEqual(await describeTree(tree));
    expect(await readlink(join(root, "unpacked/outside"))).toBe("/elsewhere/agent");
  });
});

test("a .tar.gz belongs to root and has the given time, as tar sees it", async () => {
  await packTree(await makeTree("tree", "up"), "x.tar.gz");
  const listing = execFileSync("tar", ["--utc", "--full-time", "--numeric-owner", "-tvzf", join(root, "x.tar.gz")], { encoding: "utf8" });
  const lines = listing.trim().split("\n");
  expect(lines).toHaveLength(10);
  for (const line of lines) expect(line).toMatch(/^\S+ 0\/0 +\d+ 2026-03-29 01:30:00 /);
});

describe("a hostile or broken archive is refused", () => {
  const escapes: [string, { path: string; type?: "File" | "Link" | "SymbolicLink"; linkpath?: string }[], RegExp][] = [
    ["a path with ..", [{ path: "../escaped" }], /its entry "\.\.\/escaped" leaves the folder/],
    ["a path with .. inside", [{ path: "a/../../escaped" }], /leaves the folder/],
    ["an absolute path", [{ path: "/tmp/escaped" }], /its entry "\/tmp\/escaped" leaves the folder/],
    ["a drive letter", [{ path: "C:\\escaped" }], /leaves the folder/],
    ["a hard link to outside", [{ path: "x", type: "Link", linkpath: "../secret" }], /its entry "\.\.\/secret" leaves the folder/],
    ["a file behind a link", [{ path: "out", type: "SymbolicLink", linkpath: ".." }, { path: "out/escaped" }], /EEXIST/],
  ];
  test.each(escapes)("%s", async (_, entries, message) => {
    await writeTar(join(root, "x.tar.gz"), entries);
    await mkdir(join(root, "box/inner"), { recursive: true });
    await expect(unpack(join(root, "x.tar.gz"), join(root, "box/inner"))).rejects.toThrow(message);
    expect((await readdir(root)).sort()).toEqual(["box", "x.tar.gz"]);
    expect(await readdir(join(root, "box"))).toEqual(["inner"]);
  });

  test("a zip with ..", async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from("escaped"), "xx/escaped");
    zip.end();
    await pipeline(zip.outputStream, createWriteStream(join(root, "x.zip")));
    const bytes = await readFile(join(root, "x.zip"));
    for (let at = bytes.indexOf("xx/escaped"); at >= 0; at = bytes.indexOf("xx/escaped", at)) bytes.write("../escaped", at);
    await writeFile(join(root, "x.zip"), bytes);
    await mkdir(join(root, "box"));
    await expect(unpack(join(root, "x.zip"), join(root, "box"))).rejects.toThrow(/Cannot unpack x.zip: .*\.\.\/escaped/);
    expect((await readdir(root)).sort()).toEqual(["box", "x.zip"]);
  });

  test.each(["x.tar.gz", "x.zip", "x.tar"])("%s that is no archive, or only half", async (archive) => {
    await mkdir(join(root, "box"));
    await writeFile(join(root, archive), "this is a page that says: not found");
    await expect(unpack(join(root, archive), join(root, "box"))).rejects.toThrow(/^Cannot unpack x\./);
    await packTree(await makeTree("tree", "up"), archive === "x.tar" ? "whole.tar.gz" : archive);
    const whole = await readFile(join(root, archive === "x.tar" ? "whole.tar.gz" : archive));
    await writeFile(join(root, archive), whole.subarray(0, whole.length / 2));
    await expect(unpack(join(root, archive), join(root, "box"))).rejects.toThrow(/^Cannot unpack x\./);
  });
});

async function writeTar(
  file: string,
  entries: readonly { path: string; type?: "File" | "Link" | "SymbolicLink"; linkpath?: string }[],
): Promise<void> {
  const archive = new Pack({ gzip: true, preservePaths: true });
  for (const entry of entries) {
    const packed = new ReadEntry(new Header({ type: "File", mode: 0o644, mtime: TIME, ...entry, size: entry.type === undefined ? 4 : 0 }));
    archive.add(packed);
    if (entry.type === undefined) packed.write(Buffer.from("evil"));
    packed.end();
  }
  archive.end();
  await pipeline(Readable.from(archive), createWriteStream(file));
}
