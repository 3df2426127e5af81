// Bundles: small, by content, and without schemas that would quietly accept everything.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bundleCellProgram, bundleProgram, compileHere } from "./bundle.ts";

const run = promisify(execFile);
const MODEL = path.join(import.meta.dirname, "..", "model", "index.ts");

async function inFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "upmatrix-bundle-"));
  try {
    await check(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("functions of the model work in a bundle, its schemas refuse", () =>
  inFolder(async (folder) => {
    const entry = path.join(folder, "entry.ts");
    await writeFile(
      entry,
      `import { matrix, milliseconds } from ${JSON.stringify(MODEL)}; console.log(milliseconds("2s")); matrix.parse({});`,
    );
    const bundle = await bundleProgram(entry, folder);
    const answer = await run(process.execPath, [bundle.path]).catch((error: { stdout: string; stderr: string }) => error);
    expect(answer.stdout).toBe("2000\n");
    expect(answer.stderr).toContain("Cannot check a schema here");
  }));

test("the same program has the same digest, another program another", () =>
  inFolder(async (folder) => {
    const entry = path.join(folder, "entry.ts");
    await writeFile(entry, "console.log(1)");
    const one = await bundleProgram(entry, folder);
    const same = await bundleProgram(entry, folder);
    await writeFile(entry, "console.log(2)");
    const other = await bundleProgram(entry, folder);
    expect(same).toEqual(one);
    expect(other.digest).not.toBe(one.digest);
  }));

test("a program starts with what was compiled of it, its unused functions too, and without when that is another Node's", () =>
  inFolder(async (folder) => {
    const entry = path.join(folder, "entry.ts");
    const big = Array.from({ length: 1000 }, (_, index) => `if (number === ${index}) return "${index}";`).join("\n");
    await writeFile(
      entry,
      `import v8 from "node:v8"; export function unused(number: number): string { ${big} return ""; }
      console.log(v8.getHeapCodeStatistics().bytecode_and_metadata_size);`,
    );
    const bundle = await bundleProgram(entry, folder);
    const bytecodeBytes = async (): Promise<number> => Number((await run(process.execPath, [bundle.path])).stdout);
    const bare = await bytecodeBytes();
    await compileHere(bundle);
    expect(await bytecodeBytes()).toBeGreaterThan(bare + 10_000);
    await writeFile(path.join(path.dirname(bundle.path), `compiled-${process.version}`), "of another Node");
    expect(await bytecodeBytes()).toBeLessThan(bare + 10_000);
  }));

test("the cell program ends when its input does", () =>
  inFolder(async (folder) => {
    const { path: program } = await bundleCellProgram(folder);
    const started = run(process.execPath, [program], { timeout: 20_000 });
    started.child.stdin?.end();
    const killed = await started.then(
      () => false,
      (error: { killed: boolean }) => error.killed,
    );
    expect(killed).toBe(false);
  }));
