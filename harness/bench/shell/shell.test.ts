// The parts of a cell without the harness: words for the shell, and the real service manager and waiting program.
import { execFile, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { filler, quoted } from "./fill.ts";

const LINUX = process.platform === "linux";

test.each(["plain", "two words", "it's", '$HOME `x` "y"', "a\nb"])("the shell gets %j as it is", (word) => {
  if (!LINUX) return;
  expect(spawnSync("sh", ["-c", `printf %s ${quoted(word)}`]).stdout.toString()).toBe(word);
});

test("fills placeholders and refuses unknown ones", () => {
  const fill = filler({ root: "/r" }, "/w");
  expect(fill("{root}/a unix:{socket:agent}:/status")).toBe("/r/a unix:/w/agent.sock:/status");
  expect(() => fill("{colour}")).toThrow(/Cannot fill \{colour\}/);
});

class Scratch implements Disposable {
  readonly at = mkdtempSync(path.join(os.tmpdir(), "upmatrix-test-"));
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    for (const folder of ["units/wants", "state"]) mkdirSync(path.join(this.at, folder), { recursive: true });
    copyFileSync(path.join(import.meta.dirname, "systemctl.sh"), path.join(this.at, "systemctl"));
    chmodSync(path.join(this.at, "systemctl"), 0o755);
    this.env = {
      PATH: process.env["PATH"],
      UPMATRIX_CELL: this.at,
      BENCH_UNITS: path.join(this.at, "units"),
      BENCH_STATE: path.join(this.at, "state"),
    };
  }

  systemctl(...argv: string[]): { readonly code: number | null; readonly out: string } {
    const { status, stdout } = spawnSync(path.join(this.at, "systemctl"), argv, { env: this.env, encoding: "utf8" });
    return { code: status, out: stdout.trim() };
  }

  [Symbol.dispose](): void {
    this.systemctl("stop", "agent");
    rmSync(this.at, { recursive: true, force: true });
  }
}

test.runIf(LINUX)("systemctl.sh starts, brings back and stops a service with all that descends from it", async () => {
  using scratch = new Scratch();
  const command = `sh -c 'echo x >> ${scratch.at}/starts; setsid sleep 987 & [ -e ${scratch.at}/again ] || { touch ${scratch.at}/again; exit 3; }; exec sleep 988'`;
  writeFileSync(path.join(scratch.at, "units", "agent.service"), `[Service]\nExecStart=${command}\nRestart=on-failure\nRestartSec=1ms\n`);
  expect(scratch.systemctl("is-active", "agent")).toEqual({ code: 3, out: "inactive" });
  expect(scratch.systemctl("start", "agent").code).toBe(0);
  await promisify(execFile)("sh", ["-c", `until [ "$(wc -l < ${scratch.at}/starts)" = 2 ] && pgrep -x -f 'sleep 988'; do :; done`]);
  expect(scratch.systemctl("is-active", "agent.service")).toEqual({ code: 0, out: "active" });
  expect(scratch.systemctl("stop", "agent").code).toBe(0);
  expect(spawnSync("pgrep", ["-x", "-f", "sleep 98[78]"]).stdout.toString()).toBe("");
  expect(scratch.systemctl("start", "other").code).toBe(4);
});

test.runIf(LINUX && existsSync("/usr/bin/perl"))("wait.pl waits for health and for the last sign of an upgrade", async () => {
  using scratch = new Scratch();
  let state = "STARTING";
  const server = http.createServer((_request, response) => response.end(JSON.stringify({ version: "2.0.0", state })));
  const socket = path.join(scratch.at, "agent.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const looks = [
    ["root", scratch.at],
    ["cell", scratch.at],
    ["state", path.join(scratch.at, "state")],
    ["version", "http", `unix:${socket}:/status`, "version", "", ""],
    ["health", "http", `unix:${socket}:/status`, "state", "", "HEALTHY"],
    ["busy", "file", "*.marker", ""],
  ];
  const file = path.join(scratch.at, "looks");
  writeFileSync(file, looks.map((fields) => `${fields.join("\t")}\n`).join(""));
  const wait = (what: string, ms: number) =>
    promisify(execFile)("perl", [path.join(import.meta.dirname, "wait.pl"), what, String(ms), file]);
  await expect(wait("healthy", 100)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("health STARTING") as string });
  state = "HEALTHY";
  expect((await wait("healthy", 5000)).stdout).toBe("2.0.0\n");
  writeFileSync(path.join(scratch.at, "x.marker"), "");
  await expect(wait("steady", 100)).rejects.toMatchObject({ code: 1 });
  rmSync(path.join(scratch.at, "x.marker"));
  expect((await wait("steady", 5000)).stdout).toBe("2.0.0\n");
  server.close();
});
