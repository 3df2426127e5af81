// The promise that crash states are computed from: what a kill at any operation leaves is what replaying the recording up to
// there gives. Checked with real updaters and real kills, against the crash model.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { treeAt } from "../../crash/index.ts";
import type { Recording } from "../../model/index.ts";
import {
  baseOf,
  filesBelow,
  Ground,
  program,
  PROGRAMS,
  processesWith,
  recorder,
  recordingOf,
  isRoot,
  treeLines,
} from "./testing/recorded.ts";

const made = await recorder();
const FILES = 30;
const SAMPLES = 6;

interface Updater {
  readonly name: string;
  argv(): Promise<readonly string[]> | readonly string[];
  /** What lies there before. */
  prepare?(folder: string): void;
}

describe.skipIf("unavailable" in made)("a kill at an operation leaves what the recording says", { timeout: 120_000 }, () => {
  const ground = new Ground("file" in made ? made.file : "");
  const at = (name: string): string => path.join(ground.path, name);
  afterAll(() => ground[Symbol.dispose]());

  beforeAll(() => {
    const files = Object.fromEntries(
      Array.from({ length: FILES }, (_, i) => [`${i % 3 ? "lib" : "bin"}/file-${i}`, "content of it\n".repeat(50 * i)]),
    );
    writeFileSync(
      at("artifact.json"),
      JSON.stringify(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text).toString("base64")]))),
    );
    for (const [name, text] of Object.entries(files)) {
      for (const folder of ["tree", "flat"]) mkdirSync(path.dirname(at(`${folder}/${name}`)), { recursive: true });
      writeFileSync(at(`tree/${name}`), text);
      writeFileSync(at(`flat/${path.basename(name)}`), text);
    }
    for (const folder of ["bin", "lib"]) rmSync(at(`flat/${folder}`), { recursive: true });
    execFileSync("tar", ["-czf", at("artifact.tar.gz"), "-C", at("tree"), "."]);
  });

  const updaters: Updater[] = [
    { name: "Node", argv: () => [process.execPath, path.join(PROGRAMS, "updater.cjs"), at("artifact.json")], prepare: oldVersion },
    { name: "shell", argv: () => ["sh", path.join(PROGRAMS, "updater.sh"), at("artifact.tar.gz")] },
    { name: "static", argv: async () => [await program("updater"), at("flat")] },
    ...(isRoot && hasDpkg()
      ? [{ name: "dpkg", argv: () => ["dpkg", "--root", ground.root, "-i", debianPackage()], prepare: packageDatabase }]
      : []),
  ];

  test.each(updaters)("$name", async ({ argv, prepare }) => {
    const reset = (): void => {
      ground.fresh();
      prepare?.(ground.root);
    };
    reset();
    const { base, data } = baseOf(ground.root);
    const whole = await ground.run(await argv());
    expect(whole).toMatchObject({ code: 0 });
    const recording = recordingOf(base, data, whole);
    const count = whole.operations.length;
    expect(whole.notes.filter(({ note }) => note === "unseen")).toEqual([]);
    expect(replayed(recording, count)).toEqual(treeLines(filesBelow(ground.root)));

    for (const k of sampleOf(count)) {
      const [after, before] = [`do=kill-after,k=${k}`, `do=kill-before,k=${k + 1}`];
      for (const spec of k < count ? [after, before] : [after]) {
        reset();
        const killed = await ground.run(await argv(), { inject: [spec] });
        expect(killed.events.find(({ event }) => event === "fired")).toMatchObject({ k: spec === after ? k : k + 1 });
        expect(killed.operations).toHaveLength(k);
        expect({ spec, tree: treeLines(filesBelow(ground.root)) }).toEqual({ spec, tree: replayed(recordingOf(base, data, killed), k) });
        if (spec === after) expect(treeLines(filesBelow(ground.root)).map(steady)).toEqual(replayed(recording, k).map(steady));
        expect(processesWith(ground.root)).toEqual([]);
      }
    }
  });

  function oldVersion(folder: string): void {
    mkdirSync(path.join(folder, "old"));
    writeFileSync(path.join(folder, "old", "config"), "edited by the user\n");
    writeFileSync(path.join(folder, "state.json"), "{}");
  }

  function packageDatabase(folder: string): void {
    for (const name of ["updates", "info", "triggers"]) mkdirSync(path.join(folder, "var/lib/dpkg", name), { recursive: true });
    for (const name of ["status", "available"]) writeFileSync(path.join(folder, "var/lib/dpkg", name), "");
  }

  function debianPackage(): string {
    const file = at("tiny.deb");
    if (readdirSync(ground.path).includes("tiny.deb")) return file;
    mkdirSync(at("package/DEBIAN"), { recursive: true });
    mkdirSync(at("package/opt/tiny"), { recursive: true });
    writeFileSync(
      at("package/DEBIAN/control"),
      "Package: tiny\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.com>\nDescription: tiny\n",
    );
    writeFileSync(at("package/opt/tiny/agent"), "agent\n", { mode: 0o755 });
    execFileSync("dpkg-deb", ["--root-owner-group", "-b", at("package"), file], { stdio: "ignore" });
    return file;
  }
});

function replayed(recording: Recording, k: number): string[] {
  return treeLines(treeAt(recording, k, "kill"));
}

/** Temporary names are chosen anew in each run. */
function steady(line: string): string {
  return line.replace(/\/(?:sed|Cu)\w{6}\b/g, "/TEMPORARY");
}

/** First, last, and some in between, the same in every run. */
function sampleOf(count: number): number[] {
  return [...new Set([1, count, ...Array.from({ length: SAMPLES }, (_, i) => 1 + ((i * 7919 + 104_729) % count))])].sort((a, b) => a - b);
}

function hasDpkg(): boolean {
  try {
    execFileSync("dpkg-deb", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
