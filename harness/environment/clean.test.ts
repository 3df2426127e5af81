// What `clean` removes and what it spares: real processes and folders in a temporary folder of the test's own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cleanRun } from "./clean.ts";
import { claimRun } from "./claim.ts";
import { ownerState, thisOwner } from "./owner.ts";

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), "upmatrix-test-clean-")));
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, folder);
  vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:1"); // nothing answers there: what others have on the engine is left alone
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A process that lives until it is killed; resolves when it is up. */
async function living(env: NodeJS.ProcessEnv = {}): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1000)", folder], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  if (child.stdout === null || child.pid === undefined) throw new Error("Cannot start a process");
  await once(child.stdout, "data");
  return Object.assign(child, { pid: child.pid });
}

/** What a run that was killed leaves: a claim, a folder, and a process of a cell. */
async function deadRun(run: string): Promise<{ marker: string; child: ChildProcess }> {
  const marker = `upmatrix-${run}-4194305.1`;
  await mkdir(path.join(folder, marker, "root"), { recursive: true });
  await writeFile(path.join(folder, `upmatrix-${run}-4194305.owner`), `${hostname()}/4194305/long ago`);
  return { marker, child: await living({ UPMATRIX_CELL: marker }) };
}

/** What a living run has: this process has claimed it. */
async function livingRun(run: string): Promise<{ marker: string; child: ChildProcess; claim: AsyncDisposable }> {
  const claim = await claimRun(run);
  const marker = `upmatrix-${run}-${process.pid}.1`;
  await mkdir(path.join(folder, marker));
  return { marker, child: await living({ UPMATRIX_CELL: marker }), claim };
}

const isAlive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

test("removes what dead runs left, and spares and names a living one", async () => {
  const dead = await deadRun("dead");
  const exit = once(dead.child, "exit");
  const going = await livingRun("going");
  expect(await cleanRun(undefined, { force: false })).toEqual({
    removed: [
      ...(process.platform === "win32" ? [] : [expect.stringMatching(`^process ${dead.child.pid}: `)]),
      `folder ${path.join(folder, dead.marker)}`,
    ],
    spared: [{ run: "going", why: `process ${process.pid} is still at work on it` }],
  });
  if (process.platform !== "win32") await exit;
  expect(isAlive(going.child)).toBe(true);
  expect((await readdir(folder)).toSorted()).toEqual([going.marker, `upmatrix-going-${process.pid}.owner`]);
});

test("a living run is removed by force only, and a finished one as it is", async () => {
  const going = await livingRun("going");
  expect(await cleanRun("going", { force: false })).toMatchObject({ removed: [], spared: [{ run: "going" }] });
  expect(existsSync(path.join(folder, going.marker))).toBe(true);
  expect((await cleanRun("other", { force: true })).removed).toEqual([]);
  expect((await cleanRun("going", { force: true })).removed.at(-1)).toBe(`folder ${path.join(folder, going.marker)}`);
  expect(await readdir(folder)).toEqual([]);
  const over = await livingRun("over");
  await over.claim[Symbol.asyncDispose]();
  expect(await cleanRun(undefined, { force: false })).toMatchObject({ spared: [] });
  expect(await readdir(folder)).toEqual([]);
});

test("a run on another machine is spared until it is named", async () => {
  await writeFile(path.join(folder, "upmatrix-far-7.owner"), "another.example.com/7/then");
  await mkdir(path.join(folder, "upmatrix-far-7.3"));
  expect(await cleanRun(undefined, { force: false })).toMatchObject({
    removed: [],
    spared: [{ run: "far", why: expect.stringContaining("another.example.com") }],
  });
  expect((await cleanRun("far", { force: false })).removed).toEqual([`folder ${path.join(folder, "upmatrix-far-7.3")}`]);
});

test.skipIf(process.platform === "win32")("processes of a run with another temporary folder are left alone", async () => {
  const far = await living({ UPMATRIX_CELL: "upmatrix-far-7.1" });
  await cleanRun(undefined, { force: false });
  expect(isAlive(far)).toBe(true);
});

test("knows a living owner from one that ended, and from a process that only has its number", async () => {
  const own = thisOwner();
  expect(ownerState(own)).toEqual({ kind: "alive", pid: process.pid });
  expect(ownerState(own.replace(/.$/, (last) => (last === "0" ? "1" : "0")))).toEqual({ kind: "dead" });
  expect(ownerState(undefined)).toEqual({ kind: "dead" });
  expect(ownerState("nonsense")).toEqual({ kind: "dead" });
  const script = `import { thisOwner } from ${JSON.stringify(path.join(import.meta.dirname, "owner.ts"))};
    import { writeFileSync } from "node:fs"; writeFileSync("owner", thisOwner()); console.log("up"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  if (child.stdout === null) throw new Error("Cannot read what it says");
  await once(child.stdout, "data");
  const owner = await readFile(path.join(folder, "owner"), "utf8");
  expect(ownerState(owner)).toEqual({ kind: "alive", pid: child.pid });
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(ownerState(owner)).toEqual({ kind: "dead" });
});
