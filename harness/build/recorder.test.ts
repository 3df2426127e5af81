// The recorder is compiled once, and where it cannot be the reason is told.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildRecorder } from "./index.ts";

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
