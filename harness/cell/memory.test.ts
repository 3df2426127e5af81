// Memory that is really filled: the kernel kills, is believed by its own count, and the memory is free again.
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { exhaustMemory, memoryGroup, type Shortage } from "./memory.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "upmatrix-memory-"));
afterAll(() => rmSync(folder, { recursive: true }));
const MEBIBYTE = 1024 ** 2;
const NOBODY = { pid: 2 ** 22 - 1, parent: 1, command: "gone" };

describe("the limit", () => {
  const home = (files: Record<string, string>): string => {
    const made = mkdtempSync(path.join(folder, "cgroup-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.join(made, path.dirname(name)), { recursive: true });
      writeFileSync(path.join(made, name), text);
    }
    return made;
  };

  test.each([
    ["version 2", { "memory.max": "805306368\n", "memory.events": "low 0\noom 2\noom_kill 1\noom_group_kill 0\n" }],
    ["version 1", { "memory/memory.limit_in_bytes": "805306368\n", "memory/memory.oom_control": "under_oom 0\noom_kill 1\n" }],
  ])("is read as %s tells it, and whom the kernel killed", (_, files) => {
    const group = memoryGroup(home(files));
    expect([group?.limitBytes, group?.kills()]).toEqual([768 * MEBIBYTE, 1]);
  });

  test.each([
    ["of version 2", { "memory.max": "max\n", "memory.events": "oom_kill 0\n" }],
    ["of version 1", { "memory/memory.limit_in_bytes": "9223372036854771712\n", "memory/memory.oom_control": "oom_kill 0\n" }],
    ["where there are no groups", {}],
  ])("there is none %s when it says so: then nothing is filled", async (_, files) => {
    const group = memoryGroup(home(files));
    expect(group).toBeUndefined();
    const file = path.join(folder, "filling");
    expect(await exhaustMemory(file, () => [NOBODY], group)).toEqual({ problem: expect.stringContaining("no limit") });
    expect(existsSync(file)).toBe(false);
  });
});

describe.runIf(process.platform === "linux")("filling", () => {
  test("ends at the limit when the kernel kills nobody, which proves nothing", async () => {
    const file = path.join(folder, "filling");
    const group = { limitBytes: 3 * MEBIBYTE, kills: () => 0 };
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    const waiting = { pid: child.pid ?? -1, parent: process.pid, command: "sleep" };
    expect(await exhaustMemory(file, () => [waiting], group)).toEqual({ problem: "3 MiB were taken, and the kernel killed nobody" });
    expect(await exhaustMemory(file, () => [NOBODY], group)).toEqual({ problem: "no process of the product was running" });
    expect(existsSync(file)).toBe(false);
  });

  const v1 = "/sys/fs/cgroup/memory";
  const refused =
    process.getuid?.() !== 0 ? "only root makes control groups" : existsSync(`${v1}/cgroup.procs`) ? undefined : "needs version 1";

  test("the kernel takes who holds the most of the product, never who fills", async (context) => {
    if (refused !== undefined) context.skip(refused);
    const group = path.join(v1, `upmatrix-test-${process.pid}`);
    mkdirSync(group);
    try {
      writeFileSync(path.join(group, "memory.limit_in_bytes"), String(400 * MEBIBYTE));
      // the program sees its own group where a container would show it
      const inside = `mount --bind ${group} /sys/fs/cgroup/memory && echo $$ > /sys/fs/cgroup/memory/cgroup.procs && exec "$0" "$@"`;
      const argv = ["--mount", "sh", "-c", inside, process.execPath, "--input-type=module-typescript", "-e", PROGRAM];
      const { stdout } = await promisify(execFile)("unshare", argv, {
        env: { ...process.env, MEMORY: path.join(import.meta.dirname, "memory.ts") },
      });
      const { done, signals, left } = JSON.parse(stdout) as { done: Shortage; signals: Record<string, string>; left: string[] };
      expect(done).toMatchObject({ limitBytes: 400 * MEBIBYTE, kills: { before: 0 } });
      expect(signals["large"]).toBe("SIGKILL");
      // On a busy machine the kernel may strike once more before it has counted what the first gave back; but never at us.
      expect(done.kills.after).toBeGreaterThanOrEqual(Object.keys(signals).length);
      expect(done.kills.after).toBeLessThanOrEqual(2);
      expect(done.gone.map(({ command }) => command).filter((command) => signals[command] !== "SIGKILL")).toEqual([]);
      expect(left).toEqual([]);
    } finally {
      rmdirSync(group);
    }
  });
});

/** Two that wait, and one that holds more than both and fills: of the two the larger one must be taken. */
const PROGRAM = `
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmdirSync } from "node:fs";
const { exhaustMemory } = await import(process.env.MEMORY);
const held = Buffer.alloc(120e6, 1);
const signals = {};
const start = (command, bytes) => new Promise((resolve) => {
  const child = spawn(process.execPath, ["-e", "globalThis.held = Buffer.alloc(" + bytes + ", 1); console.log(1); process.stdin.resume()"]);
  child.on("exit", (_, signal) => { if (signal) signals[command] = signal; living.delete(child); });
  child.stdout.once("data", () => { living.set(child, { pid: child.pid, parent: process.pid, command }); resolve(); });
});
const living = new Map();
await start("small", 1e6);
await start("large", 60e6);
const folder = mkdtempSync("/dev/shm/upmatrix-test-");
const done = await exhaustMemory(folder + "/filling", () => [...living.values()]);
console.log(JSON.stringify({ done, signals, left: readdirSync(folder) }));
rmdirSync(folder);
for (const child of living.keys()) child.stdin.end();
`;
