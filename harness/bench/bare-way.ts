// The same cells as bare commands: a shell script each, on this machine, side by side by xargs. The least that a person can do.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { StoredArtifact } from "../build/index.ts";
import type { Cell } from "../model/index.ts";
import { type Ground, platform, type Releases } from "./ground.ts";
import { cellScript, type ScriptReleases, WORK_STEPS } from "./shell/cell-script.ts";
import { filler } from "./shell/fill.ts";
import { looksOf } from "./shell/looks.ts";

const SHELL = path.join(import.meta.dirname, "shell");

interface Server {
  readonly url: string;
  stop(): void;
}

export class BareWay implements AsyncDisposable {
  readonly #ground: Ground;
  readonly #folder: string;
  readonly #server: Server;

  static async open(ground: Ground): Promise<BareWay> {
    // in memory, as the harness's cells are: the bare way must not lose time on a disk
    const folder = await mkdtemp(path.join(existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir(), "upmatrix-bare-"));
    await copyTools(path.join(folder, "tools"));
    await Promise.all(["cells", "site"].map((name) => mkdir(path.join(folder, name))));
    return new BareWay(ground, folder, await serve(path.join(folder, "site")));
  }

  private constructor(ground: Ground, folder: string, server: Server) {
    this.#ground = ground;
    this.#folder = folder;
    this.#server = server;
  }

  /** Runs all cells, as many at once as the environment has slots. Throws when one does not end on its versions. */
  async runCells(cells: readonly Cell[]): Promise<number> {
    const scripts = await Promise.all(cells.map((cell, index) => this.#script(cell, index)));
    const began = performance.now();
    const { code, said } = await xargs(scripts, this.#ground.environment.slots, this.#ground.signal);
    const ms = performance.now() - began;
    this.#ground.signal.throwIfAborted();
    if (code !== 0) throw new Error(`Cannot compare: cells failed as bare commands (xargs ended with ${code}):\n${said}`);
    return ms;
  }

  async #script(cell: Cell, index: number): Promise<string> {
    const product = this.#ground.project.products[cell.product];
    if (product === undefined) throw new Error(`Cannot run ${cell.id}: the project has no product ${cell.product}`);
    const at = path.join(this.#folder, "cells", String(index));
    const [root, work, script, looks] = [path.join(at, "root"), path.join(at, "work"), path.join(at, "cell.sh"), path.join(at, "looks")];
    const places = {
      root,
      work,
      script,
      looks,
      node: process.execPath,
      tools: path.join(this.#folder, "tools"),
      cell: `bare.${process.pid}.${index}`,
      platform: platform(),
    };
    const releases = this.#ground.releases(cell);
    await this.#publish(releases);
    await mkdir(at, { recursive: true });
    const fill = filler({ root, work, node: process.execPath, version: "" }, work);
    await writeFile(looks, looksOf(product, { root, cell: places.cell, state: path.join(work, "state") }, fill));
    await writeFile(
      script,
      cellScript(
        product,
        releasesOf(cell, releases, ({ key, directory }) => ({ directory, url: `${this.#server.url}/${key}` })),
        places,
      ),
    );
    return script;
  }

  /** Every artifact below a path of its own, for two may have one version. */
  async #publish(releases: Releases): Promise<void> {
    for (const { key, ref, directory } of Object.values(releases)) {
      const folder = path.join(this.#folder, "site", key);
      await mkdir(folder, { recursive: true });
      await symlink(directory, path.join(folder, ref.version)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.stop();
    endMarked(`bare.${process.pid}.`);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What a cell that failed left running. */
function endMarked(marker: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, "utf8").includes(`UPMATRIX_CELL=${marker}`)) process.kill(Number(pid), "SIGKILL");
    } catch {
      // it ended meanwhile, or is somebody else's
    }
  }
}

/** The releases of a cell as its script sees them. */
export function releasesOf(
  cell: Cell,
  { from, to, next }: Releases,
  where: (artifact: StoredArtifact) => { readonly directory: string; readonly url: string },
): ScriptReleases {
  const served = (artifact: StoredArtifact, version: string): ScriptReleases["from"] => ({
    version,
    archive: artifact.archive,
    ...where(artifact),
  });
  return { from: served(from, cell.from), to: served(to, cell.to), next: served(next, cell.next) };
}

/** Puts systemctl and wait.pl into a folder. */
async function copyTools(folder: string): Promise<void> {
  await mkdir(folder);
  for (const [name, source] of TOOLS) {
    await copyFile(path.join(SHELL, source), path.join(folder, name));
    await chmod(path.join(folder, name), 0o755);
  }
}

/** Name in the folder of tools, file in ours. */
export const TOOLS = [
  ["systemctl", "systemctl.sh"],
  ["wait.pl", "wait.pl"],
  ["static-server.mjs", "static-server.mjs"],
] as const;

export function toolText(file: string): Promise<string> {
  return readFile(path.join(SHELL, file), "utf8");
}

function serve(folder: string): Promise<Server> {
  const server = spawn(process.execPath, [path.join(SHELL, "static-server.mjs"), folder], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.stdout.once("data", (port: Buffer) =>
      resolve({ url: `http://127.0.0.1:${port.toString().trim()}`, stop: () => void server.kill() }),
    );
  });
}

/** One shell a cell; the environment is as empty as a product's in the harness. */
function xargs(
  scripts: readonly string[],
  parallel: number,
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const one = `sh "$0" ${WORK_STEPS.join(" ")} > "$0.log" 2>&1 || { echo "$0:"; tail -n 15 "$0.log"; exit 1; }`;
  const child = spawn("xargs", ["-P", String(parallel), "-n", "1", "sh", "-c", one], {
    env: { PATH: process.env["PATH"] },
    stdio: ["pipe", "pipe", "inherit"],
    detached: true, // a process group of its own, with all the scripts
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // all of them have ended already
    }
  };
  signal.addEventListener("abort", end);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stdin.end(scripts.join("\n"));
  const ended = new Promise<{ readonly code: number | null; readonly said: string }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, said }));
  });
  return ended.finally(() => signal.removeEventListener("abort", end));
}
