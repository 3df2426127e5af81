// Small updaters of four kinds, as the recorder's own tests have them, and what each installs: 30 files of 1.2 MB together, the
// package manager a small package.
import { execFile } from "node:child_process";
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { compileOnce } from "../build/index.ts";
import { randomBytes } from "./random.ts";

const PROGRAMS = path.join(import.meta.dirname, "..", "faults", "recorder", "testing");
const FILES = 30;
const FILE_BYTES = 40_000;
const PACKAGE_FILES = 6;
const execute = promisify(execFile);

export interface Updater {
  readonly name: string;
  /** Run in the folder it updates. */
  argv(root: string): readonly string[];
  /** Puts there what an updater finds. */
  prepare(root: string): Promise<void>;
}

/** One of a kind that this machine cannot run, and why. */
export interface Missing {
  readonly name: string;
  readonly unavailable: string;
}

/** @param folder where their artifacts are made */
export async function makeUpdaters(folder: string, cache: string): Promise<(Updater | Missing)[]> {
  await makeArtifacts(folder);
  const nothing = (): Promise<void> => Promise.resolve();
  return [
    {
      name: "node",
      argv: () => [process.execPath, path.join(PROGRAMS, "updater.cjs"), path.join(folder, "artifact.json")],
      prepare: oldVersion,
    },
    { name: "shell", argv: () => ["sh", path.join(PROGRAMS, "updater.sh"), path.join(folder, "artifact.tar.gz")], prepare: nothing },
    await staticUpdater(folder, cache),
    await packageManager(folder),
  ];
}

async function makeArtifacts(folder: string): Promise<void> {
  const tree = path.join(folder, "tree");
  const flat = path.join(folder, "flat");
  for (const directory of [path.join(tree, "bin"), path.join(tree, "lib"), flat]) await mkdir(directory, { recursive: true });
  const packed: Record<string, string> = {};
  for (let index = 0; index < FILES; index++) {
    const name = `${index % 3 === 0 ? "bin" : "lib"}/file-${index}`;
    const content = randomBytes(FILE_BYTES, index);
    packed[name] = Buffer.from(content).toString("base64");
    await writeFile(path.join(tree, name), content);
    await writeFile(path.join(flat, path.basename(name)), content);
  }
  await writeFile(path.join(folder, "artifact.json"), JSON.stringify(packed));
  await execute("tar", ["-czf", path.join(folder, "artifact.tar.gz"), "-C", tree, "."]);
}

async function oldVersion(root: string): Promise<void> {
  await mkdir(path.join(root, "old"));
  await writeFile(path.join(root, "old", "config"), "edited by the user\n");
  await writeFile(path.join(root, "state.json"), "{}");
}

async function staticUpdater(folder: string, cache: string): Promise<Updater | Missing> {
  const flags = ["-O2", "-static", "-std=gnu11", "-D_GNU_SOURCE"];
  const made = await compileOnce({ name: "updater", sources: [path.join(PROGRAMS, "updater.c")], flags }, cache);
  if ("unavailable" in made) return { name: "static", unavailable: made.unavailable };
  return { name: "static", argv: () => [made.file, path.join(folder, "flat")], prepare: () => Promise.resolve() };
}

async function packageManager(folder: string): Promise<Updater | Missing> {
  const name = "dpkg";
  if (process.getuid?.() !== 0) return { name, unavailable: "dpkg --root needs root" };
  const file = path.join(folder, "small.deb");
  const source = path.join(folder, "package");
  await mkdir(path.join(source, "DEBIAN"), { recursive: true });
  await mkdir(path.join(source, "opt/small"), { recursive: true });
  const control = [
    "Package: small",
    "Version: 1",
    "Architecture: all",
    "Maintainer: Nobody <nobody@example.com>",
    "Description: small",
    "",
  ];
  await writeFile(path.join(source, "DEBIAN/control"), control.join("\n"));
  for (let index = 0; index < PACKAGE_FILES; index++)
    await writeFile(path.join(source, `opt/small/file-${index}`), randomBytes(4000, index));
  const made = await execute("dpkg-deb", ["--root-owner-group", "-b", source, `${file}.part`]).catch(
    (error: NodeJS.ErrnoException) => error,
  );
  if (made instanceof Error && made.code === "ENOENT") return { name, unavailable: "there is no dpkg-deb" };
  if (made instanceof Error) throw made;
  await rename(`${file}.part`, file);
  return { name, argv: (root) => ["dpkg", "--root", root, "-i", file], prepare: packageDatabase };
}

async function packageDatabase(root: string): Promise<void> {
  const home = path.join(root, "var/lib/dpkg");
  for (const name of ["updates", "info", "triggers"]) await mkdir(path.join(home, name), { recursive: true });
  for (const name of ["status", "available"]) await writeFile(path.join(home, name), "");
}
