// The recorder is compiled once, and where it cannot be the reason is told.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { compileOnce } from "./compile.ts";
import { buildRecorder } from "./index.ts";
import { recorderCompilation } from "./recorder.ts";

const cache = mkdtempSync(path.join(tmpdir(), "recorder-cache-"));
const searched = process.env["PATH"];
afterAll(() => rmSync(cache, { recursive: true }));

const first = await buildRecorder(cache);

test.skipIf("unavailable" in first)("it is static, and made once", async () => {
  if ("unavailable" in first) return;
  const made = statSync(first.file).mtimeMs;
  expect(await buildRecorder(cache)).toEqual(first);
  expect(statSync(first.file).mtimeMs).toBe(made);
  // A program that needs libraries names its loader.
  expect(readFileSync(first.file).includes("/ld-linux")).toBe(false);
});

test.skipIf(process.platform !== "linux")("without a compiler it says so", async () => {
  try {
    process.env["PATH"] = cache;
    expect(await buildRecorder(cache)).toEqual({ unavailable: expect.stringContaining("no C compiler: none of cc, gcc") });
  } finally {
    process.env["PATH"] = searched;
  }
});

/** Of the header of an ELF file. */
const MACHINE_AT = 18;
const MACHINES = { arm64: 183, x64: 62 };

test("it compiles for the other architecture as well", async (context) => {
  const [other, compiler] =
    process.arch === "x64" ? (["arm64", "aarch64-linux-gnu-gcc"] as const) : (["x64", "x86_64-linux-gnu-gcc"] as const);
  const made = await compileOnce(recorderCompilation([compiler]), cache);
  if ("unavailable" in made) {
    // a compiler that is there and refuses is what this test is for
    if (made.unavailable.startsWith("no C compiler")) context.skip(made.unavailable);
    throw new Error(made.unavailable);
  }
  expect(readFileSync(made.file).readUInt16LE(MACHINE_AT)).toBe(MACHINES[other]);
});
