// What is done to files and processes for real: only what was meant is changed, and what is told is what happened.
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { CLOCK_LIBRARY } from "./conditions.ts";
import { damaged, followersOf } from "./harm.ts";
import { type ScratchCell, scratchCell } from "./testing/scratch-cell.ts";

let cell: ScratchCell;
beforeAll(() => {
  cell = scratchCell();
});
afterAll(() => cell[Symbol.asyncDispose]());

describe("a damaged file", () => {
  const put = (text: string): string => {
    const file = path.join(cell.folder, "state.json");
    writeFileSync(file, text);
    chmodSync(file, 0o640);
    return file;
  };

  test.each([
    ["corrupt", 'ab\ncd"', "byte 3 of state.json was changed from 99 to 156"],
    ["truncate", "ab\n", "state.json was cut from 6 to 3 bytes"],
    ["empty", "", "state.json was cut from 6 to 0 bytes"],
  ] as const)("%s: told as it is; mode and file stay", (how, left, told) => {
    const file = put('ab\ncd"');
    const { ino, mode } = statSync(file);
    expect(damaged(cell.folder, "state.json", how)).toEqual([told]);
    const bytes = readFileSync(file);
    if (how === "corrupt") bytes[3] = (bytes[3] ?? 0) ^ 0xff; // changed once more it is as it was
    expect(bytes.toString()).toBe(how === "corrupt" ? 'ab\ncd"' : left);
    expect(statSync(file)).toMatchObject({ ino, mode });
  });

  test("nothing is told of what holds nothing to damage, and nothing is changed", () => {
    put("");
    mkdirSync(path.join(cell.folder, "folder"), { recursive: true });
    symlinkSync("state.json", path.join(cell.folder, "link"));
    writeFileSync(path.join(cell.folder, "elsewhere"), "kept");
    for (const name of ["state.json", "folder", "link", "not-there"])
      expect(["corrupt", "truncate", "empty"].flatMap((how) => damaged(cell.folder, name, how as "empty"))).toEqual([]);
    expect(existsSync(path.join(cell.folder, "not-there"))).toBe(false);
  });
});

describe.skipIf(process.platform !== "linux")("processes", () => {
  /** A process that waits, started by a program of this name; its entry once it is there. */
  const waiting = async (program: string, argv: readonly string[]): Promise<{ pid: number; parent: number; command: string }> => {
    const child = spawn(program, argv, { stdio: ["pipe", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    onTestFinished(async () => {
      const over = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await over;
    });
    return { pid: child.pid ?? -1, parent: process.pid, command: argv.join(" ") };
  };
  const NODE = (bytes: number): string[] => [
    "-e",
    `globalThis.kept = Buffer.alloc(${bytes}, 1); console.log("ready"); process.stdin.resume()`,
  ];

  test("who has the clock's library loaded follows it, the others are deaf", async () => {
    const folder = path.join(cell.folder, "libraries");
    mkdirSync(folder);
    const library = path.join(folder, CLOCK_LIBRARY);
    copyFileSync("/proc/self/exe", library); // any file of that name that is mapped will do
    chmodSync(library, 0o755);
    const following = await waiting(library, NODE(1));
    const deaf = await waiting(process.execPath, NODE(1));
    expect(followersOf([following, deaf])).toEqual({
      followers: [expect.stringMatching(new RegExp(`^${following.pid} \\(-e `))],
      deaf: [expect.stringMatching(new RegExp(`^${deaf.pid} \\(-e `))],
    });
  });
});
