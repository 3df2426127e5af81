// Ending a cell's processes: when it says that none is left, none writes any more, so that their folder can be removed at once.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { removeFolder } from "../remove.ts";
import { endMarked } from "./marked.ts";

/** Makes files without a pause, from several threads at once. */
const WRITER = `
const fs = require("node:fs");
console.log("writing");
const write = () => fs.writeFile(require("node:path").join(process.argv[1], String(Math.random())), "x".repeat(4096), write);
for (let hand = 0; hand < 8; hand++) write();`;

test.skipIf(process.platform === "win32")("whoever writes to a folder is over before it is said that nobody is left", async () => {
  for (let number = 0; number < 10; number++) {
    const folder = mkdtempSync(path.join(tmpdir(), "upmatrix-marked-"));
    const marker = path.basename(folder);
    const child = spawn(process.execPath, ["-e", WRITER, folder], {
      env: { ...process.env, UPMATRIX_CELL: marker },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const { killed, immortal } = await endMarked((other) => other === marker);
    expect({ killed: killed.map(({ pid }) => pid), immortal }).toEqual({ killed: [child.pid], immortal: [] });
    await removeFolder(folder);
    expect(existsSync(folder)).toBe(false);
  }
});
