// The default image, made for real and cut off in the middle: nothing of it may be left.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { marked } from "../host/marked.ts";
import { hasImage } from "./base.ts";
import { connect } from "./engine.ts";
import { makeBase } from "./recipe.ts";

const engine = await connect().catch(() => undefined);
const recipe = await promisify(execFile)("mmdebstrap", ["--version"]).then(
  () => true,
  () => false,
);
const able = engine !== undefined && engine.arch === process.arch && recipe;
if (!able)
  console.warn(`Skipped: making the default image: ${engine === undefined ? "no Docker" : "no mmdebstrap, or another machine's engine"}`);

test.runIf(able)("an image that is cut off while it is made leaves no image, process or folder", { timeout: 120_000 }, async () => {
  if (engine === undefined) return;
  const run = `test-${randomBytes(4).toString("hex")}`;
  const name = `upmatrix/base:${run}`;
  const base = await realpath(tmpdir());
  const folders = async () => (await readdir(base)).filter((file) => file.startsWith(`upmatrix-${run}-`));
  const processes = () => marked((marker) => marker.startsWith(`upmatrix-${run}-`));
  const interrupt = new AbortController();
  const making = makeBase(name, { engine, run, noRegistry: "none asked", signal: interrupt.signal });
  const refused = expect(making).rejects.toThrow("enough");
  await vi.waitFor(
    async () => {
      const scratch = (await folders()).find((file) => file.endsWith(".0")) ?? "none";
      if ((await readdir(path.join(base, scratch))).length === 0) throw new Error("The recipe has not begun");
    },
    { timeout: 60_000, interval: 20 },
  );
  expect((await folders()).length).toBe(2); // the scratch folder and the claim
  expect((await processes()).length).toBeGreaterThan(0);
  interrupt.abort(new Error("enough"));
  await refused;
  expect(await folders()).toEqual([]);
  expect(await processes()).toEqual([]);
  expect(await hasImage(engine.docker, name)).toBe(false);
});
