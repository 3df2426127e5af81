// Real processes under the builtin service manager, and the real systemctl script calling it.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { Host } from "../host.ts";
import { signal } from "../processes.ts";
import { scratchCell, type ScratchCell } from "../testing/scratch-cell.ts";
import { ServiceManager } from "./manager.ts";
import { cutPower } from "./power.ts";
import { answer, serveSystemctl } from "./systemctl.ts";

const STARTED = { kind: "service", event: "started" } as const;

function managed(cell: ScratchCell, settings: string, script = "exec sleep 1000"): ServiceManager {
  const manager = new ServiceManager(cell.place, cell.observer, cell.processes);
  writeFileSync(
    path.join(cell.place.units, "agent.service"),
    `[Service]\nExecStart=/bin/sh -c '${script}'\nTimeoutStopSec=300ms\nRestartSec=1ms\n${settings}\n`,
  );
  return manager;
}

function starts(cell: ScratchCell): number {
  return cell.seen.filter((seen) => seen.kind === "service" && seen.event === "started").length;
}

test("starts, reports and stops a service", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "");
  await manager.start("agent.service");
  await cell.until((seen) => seen.kind === STARTED.kind && seen.event === STARTED.event);
  const { state, pid } = manager.state("agent.service");
  expect(state).toBe("active");
  expect(cell.processes.list().map((entry) => entry.pid)).toEqual([pid]);
  await manager.stop("agent.service");
  expect(manager.state("agent.service").state).toBe("inactive");
  expect(cell.processes.list()).toEqual([]);
});

test.each([
  ["Restart=always", "exit 0", true],
  ["Restart=on-failure", "exit 3", true],
  ["Restart=on-failure", "exit 0", false],
  ["Restart=on-abnormal", "exit 3", false],
  ["Restart=on-abnormal", "kill -9 $$", true],
  ["Restart=no", "exit 3", false],
])("%s and a service that does %j: restarted %s", async (setting, script, restarted) => {
  await using cell = scratchCell();
  const manager = managed(cell, `${setting}\nStartLimitBurst=2`, script);
  await manager.start("agent.service");
  await cell.until((seen) => seen.kind === "service" && (restarted ? seen.event === "failed" : seen.event === "exited"));
  expect(starts(cell)).toBe(restarted ? 2 : 1);
});

test("a program that cannot be started, for whatever reason, is a failed start and nothing worse", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "Restart=always\nStartLimitBurst=2");
  const file = path.join(cell.place.units, "agent");
  for (const [target, reason] of [
    ["nowhere", "ENOENT"],
    ["agent", "ELOOP"],
  ] as const) {
    symlinkSync(target, file);
    writeFileSync(
      path.join(cell.place.units, "agent.service"),
      `[Service]\nExecStart=${file}\nRestartSec=1ms\nStartLimitBurst=1\nRestart=always\n`,
    );
    manager.reload();
    manager.reset("agent.service");
    await manager.start("agent.service");
    await cell.until((seen) => seen.kind === "service" && seen.event === "exited" && seen.detail?.includes(reason) === true);
    await cell.until((seen) => seen.kind === "service" && seen.event === "failed");
    expect(manager.state("agent.service").state).toBe("failed");
    rmSync(file);
    cell.seen.length = 0;
  }
});

test("a start whose ConditionPathExists= does not hold does nothing and is no failure", async () => {
  await using cell = scratchCell();
  const marker = path.join(cell.place.units, "marker");
  const manager = managed(cell, `[Unit]\nConditionPathExists=${marker}\nConditionPathExists=!${marker}.held`);
  await manager.start("agent.service");
  expect(manager.state("agent.service").state).toBe("inactive");
  writeFileSync(`${marker}.held`, "");
  writeFileSync(marker, "");
  await manager.start("agent.service");
  expect(manager.state("agent.service").state).toBe("inactive");
  expect(starts(cell)).toBe(0);
  rmSync(`${marker}.held`);
  await manager.start("agent.service");
  expect(manager.state("agent.service").state).toBe("active");
  await manager.stop("agent.service");
});

test("a unit file that cannot be read fails neither reload nor boot, only its own start", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "");
  await manager.start("agent.service");
  await manager.stop("agent.service");
  const file = path.join(cell.place.units, "agent.service");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, "");
  manager.reload();
  await expect(manager.start("agent.service")).rejects.toThrow("has no ExecStart=");
  manager.enable("agent.service");
  await cutPower([manager], () => cell.processes.killAll());
  await manager.boot();
  expect(cell.seen.at(-1)).toMatchObject({ kind: "service", service: "agent.service", event: "failed" });
  writeFileSync(file, text);
  await manager.boot();
  expect(manager.state("agent.service").state).toBe("active");
  await manager.stop("agent.service");
});

test("a service that keeps crashing runs into its start limit and stays down", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "Restart=always\nStartLimitBurst=3", "exit 1");
  await manager.start("agent.service");
  await cell.until((seen) => seen.kind === "service" && seen.event === "failed");
  expect(starts(cell)).toBe(3);
  expect(manager.state("agent.service").state).toBe("failed");
});

test.each([
  ["control-group", 0],
  ["process", 1],
  ["mixed", 0],
])("KillMode=%s leaves %d of a service's detached children", async (mode, left) => {
  await using cell = scratchCell();
  const manager = managed(cell, `KillMode=${mode}`, "setsid sleep 999 & exec sleep 1000");
  await manager.start("agent.service");
  await childIsThere(cell);
  await manager.stop("agent.service");
  expect(cell.processes.matching(["^sleep 999"])).toHaveLength(left);
});

test("a crash takes a watcher with it under KillMode=control-group, and spares it under KillMode=process", async () => {
  for (const [mode, left] of [
    ["control-group", 0],
    ["process", 1],
  ] as const) {
    await using cell = scratchCell();
    const manager = managed(cell, `KillMode=${mode}`, "setsid sleep 999 & exec sleep 1000");
    await manager.start("agent.service");
    await childIsThere(cell);
    signal(manager.state("agent.service").pid ?? -1, "SIGKILL");
    while (manager.state("agent.service").state !== "failed") await new Promise((resolve) => setImmediate(resolve));
    expect(cell.processes.matching(["^sleep 999"])).toHaveLength(left);
  }
});

test("a service that ignores stop is killed after TimeoutStopSec", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "", 'trap "" TERM; echo ready; while :; do sleep 1; done');
  await manager.start("agent.service");
  const log = path.join(cell.place.logs, "agent.service.log");
  while (!readFileSync(log, "utf8").includes("ready")) await new Promise((resolve) => setImmediate(resolve));
  await manager.stop("agent.service");
  expect(cell.seen).toContainEqual(expect.objectContaining({ kind: "service", detail: "did not stop within 300 ms: killed" }));
  expect(cell.processes.list()).toEqual([]);
});

test("under KillMode=process a stop that takes too long kills the main process only", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "KillMode=process", 'trap "" TERM; setsid sleep 999 & while :; do sleep 1; done');
  await manager.start("agent.service");
  await childIsThere(cell);
  await manager.stop("agent.service");
  expect(cell.processes.matching(["^sleep 999"])).toHaveLength(1);
});

test("a reboot kills everything and starts what is enabled", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "KillMode=process", "setsid sleep 999 & exec sleep 1000");
  manager.enable("agent.service");
  await manager.start("agent.service");
  await childIsThere(cell);
  const before = manager.state("agent.service").pid;
  const killed = await cutPower([manager], () => cell.processes.killAll());
  expect(killed).toHaveLength(2);
  expect(cell.processes.list()).toEqual([]);
  await manager.boot();
  expect(manager.state("agent.service")).toMatchObject({ state: "active", enabled: true });
  expect(manager.state("agent.service").pid).not.toBe(before);
});

test("a restart that is under way ends with the power", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "", 'trap "" TERM; echo ready; while :; do sleep 1; done');
  manager.enable("agent.service");
  await manager.start("agent.service");
  const log = path.join(cell.place.logs, "agent.service.log");
  while (!readFileSync(log, "utf8").includes("ready")) await new Promise((resolve) => setImmediate(resolve));
  const restarted = manager.restart("agent.service");
  const asked = answer(["restart", "agent"], manager);
  await cutPower([manager], () => cell.processes.killAll());
  await manager.boot();
  await Promise.all([restarted, asked]);
  const mains = cell.processes.list().filter(({ parent }) => parent === process.pid);
  expect(mains.map(({ pid }) => pid)).toEqual([manager.state("agent.service").pid]);
});

test("what the dead have asked for is thrown away, read or not", async () => {
  await using cell = scratchCell();
  using host = new Host(cell.place, cell.observer, cell.processes);
  managed(cell, "");
  const request = path.join(cell.place.control, "request");
  host.unplug();
  expect((await answer(["start", "agent"], host.manager)).code).toBe(1);
  writeFileSync(request, "48 start agent.service\n");
  await host.forget();
  await host.manager.boot();
  await promisify(execFile)("systemctl", ["is-enabled", "agent"], { env: cell.place.variables({ version: "" }) }).catch(() => undefined);
  expect(starts(cell)).toBe(0); // and the next call was answered, so that nothing lies before it
});

test("what is asked of a frozen manager is forgotten when the power is cut", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "");
  manager.freeze("thaw");
  const asked = answer(["start", "agent"], manager);
  await cutPower([manager], () => cell.processes.killAll());
  await manager.boot();
  expect((await asked).code).toBe(1);
  expect(starts(cell)).toBe(0);
});

test("systemctl on the PATH speaks to the manager", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "");
  using _served = serveSystemctl(cell.place, manager);
  const call = async (...argv: string[]): Promise<{ code: number; out: string }> => {
    const run = promisify(execFile)("systemctl", argv, { env: cell.place.variables({ version: "" }) });
    return run.then(
      ({ stdout }) => ({ code: 0, out: stdout.trim() }),
      (error: { code: number; stdout: string }) => ({ code: error.code, out: error.stdout.trim() }),
    );
  };
  expect(await call("is-active", "agent")).toEqual({ code: 3, out: "inactive" });
  expect(await call("start", "agent.service")).toEqual({ code: 0, out: "" });
  expect(await call("is-active", "agent")).toEqual({ code: 0, out: "active" });
  expect(await call("show", "-p", "MainPID", "--value", "agent")).toEqual({ code: 0, out: String(manager.state("agent.service").pid) });
  expect(await call("enable", "agent")).toEqual({ code: 0, out: "" });
  expect(await call("is-enabled", "agent")).toEqual({ code: 0, out: "enabled" });
  expect(await call("restart", "other")).toMatchObject({ code: 4 });
  expect(await call("frobnicate", "agent")).toMatchObject({ code: 1 });
  expect(await call("stop", "agent")).toEqual({ code: 0, out: "" });
  expect((await Promise.all(Array.from({ length: 8 }, () => call("is-active", "agent")))).every(({ out }) => out === "inactive")).toBe(
    true,
  );
});

test("after a power cut calls are counted anew, and nobody hears what a dead one asked for", async () => {
  await using cell = scratchCell();
  const manager = managed(cell, "");
  using served = serveSystemctl(cell.place, manager);
  const call = (verb: string): Promise<string> =>
    promisify(execFile)("systemctl", [verb, "agent"], { env: cell.place.variables({ version: "" }) }).then(({ stdout }) => stdout.trim());
  const taken = (): string[] => readdirSync(cell.place.control).filter((name) => name.startsWith("taken."));
  await call("start");
  await call("is-active");
  expect(taken()).toHaveLength(2);
  // asks as the next caller to come will, and is dead before anybody answers
  const asks = 'echo "1 show -p MainPID --value agent" >"$UPMATRIX_CONTROL/request"';
  await promisify(execFile)("sh", ["-c", asks], { env: cell.place.variables({ version: "" }) });
  served.drain();
  expect(taken()).toEqual([]);
  expect(await call("is-active")).toBe("active");
  expect(taken()).toEqual(["taken.1"]);
});

/** The child has been started by the shell; until then it does not exist or still is the shell. */
async function childIsThere(cell: ScratchCell): Promise<void> {
  while (cell.processes.matching(["^sleep 999"]).length === 0) await new Promise((resolve) => setImmediate(resolve));
}
