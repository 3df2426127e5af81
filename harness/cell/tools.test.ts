// Tools taken from a product's search path for real: a process no longer finds them, and finds them again.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NOTHING } from "./place.ts";
import { type ScratchCell, scratchCell } from "./testing/scratch-cell.ts";
import { hideTools, linkTools } from "./tools.ts";

describe.skipIf(process.platform === "win32")("a search path of its own", () => {
  const before = process.env["PATH"];
  let cell: ScratchCell;
  beforeEach(() => {
    cell = scratchCell();
    const [first, second] = ["first", "second"].map((name) => path.join(cell.folder, name)) as [string, string];
    for (const [folder, name, says] of [
      [first, "only-tool", "first"],
      [second, "only-tool", "second"],
      [second, "other-tool", "other"],
    ] as const) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, name), `#!/bin/sh\necho ${says}\n`);
      chmodSync(path.join(folder, name), 0o755);
    }
    process.env["PATH"] = [first, path.join(cell.folder, "not-there"), "relative", second, before].join(path.delimiter);
    cell.place.ground.tools = linkTools(cell.place.job.work);
  });
  afterEach(async () => {
    process.env["PATH"] = before;
    await cell[Symbol.asyncDispose]();
  });

  const said = (tool: string): string => {
    try {
      return execFileSync("/bin/sh", ["-c", tool], { env: cell.place.variables(NOTHING), encoding: "utf8", stdio: "pipe" }).trim();
    } catch (error) {
      return `exit code ${(error as { status?: number }).status}`; // what execFileSync throws
    }
  };

  test("leads to every tool, of two of one name to the first", () => {
    expect([said("only-tool"), said("other-tool")]).toEqual(["first", "other"]);
    expect(readlinkSync(path.join(cell.place.job.work, "tools", "only-tool"))).toBe(path.join(cell.folder, "first", "only-tool"));
  });

  test("a hidden tool is not found, the others are; undone it is back", () => {
    const { taken, left, undo } = hideTools(cell.place, ["only-tool", "never-there"]);
    expect({ taken, left }).toEqual({ taken: [path.join(cell.folder, "first", "only-tool")], left: [] });
    expect([said("only-tool"), said("other-tool")]).toEqual(["exit code 127", "other"]);
    undo();
    expect(said("only-tool")).toBe("first");
  });

  test("what is still found is told: a product that widens its own search path", () => {
    const wide = {
      ground: cell.place.ground,
      variables: () => ({ PATH: `${cell.place.ground.tools}:${path.join(cell.folder, "second")}` }),
    };
    expect(hideTools(wide, ["only-tool"]).left).toEqual([path.join(cell.folder, "second", "only-tool")]);
  });

  test("a cell that was made without one cannot hide anything", () => {
    cell.place.ground.tools = undefined;
    expect(() => hideTools(cell.place, ["only-tool"])).toThrow("without a search path of its own");
  });
});
