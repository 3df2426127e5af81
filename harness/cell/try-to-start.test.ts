import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { tryToStart } from "./try-to-start.ts";

test("what the operating system refuses is data, a mistake of ours is not", () => {
  const mistake = (): never => {
    throw new TypeError("no such option");
  };
  expect(() => tryToStart(mistake)).toThrow("no such option");
  expect(tryToStart(() => "a child")).toBe("a child");
});

test.skipIf(process.platform === "win32")("a program behind a link to itself", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "try-to-start-"));
  try {
    symlinkSync("loop", path.join(folder, "loop"));
    const refused = tryToStart(() => spawn(path.join(folder, "loop"), []));
    expect(refused).toMatchObject({ code: "ELOOP" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
