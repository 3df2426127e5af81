// For tests only: a real PostgreSQL server in a temporary folder, on a socket of its own.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { execa } from "execa";

const USER = "postgres";

/** The folder with initdb and postgres; undefined: they are not on this machine. */
export function postgresPrograms(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), ...versions.map((version) => path.join(debian, version, "bin"))];
  return folders.find((folder) => ["initdb", "postgres"].every((program) => existsSync(path.join(folder, program))));
}

/** Gone, with all its data, when the scope ends. */
type Server = ChildProcessByStdio<null, null, Readable>;

export class PostgresServer implements AsyncDisposable {
  /** Of its database. */
  readonly url: string;
  readonly #folder: string;
  readonly #process: Server;
  readonly #ended: Promise<unknown>;

  static async start(programs: string): Promise<PostgresServer> {
    const folder = await mkdtemp(path.join(tmpdir(), "upmatrix-pg-"));
    const identity = await unprivileged();
    if (identity !== undefined) await chown(folder, identity.uid, identity.gid);
    const data = path.join(folder, "data");
    const options = { ...identity, cwd: folder };
    await execa(path.join(programs, "initdb"), ["-D", data, "-U", USER, "--auth=trust", "--no-sync", "-E", "UTF8"], options);
    const settings = ["-c", "listen_addresses=", "-c", `unix_socket_directories=${folder}`, "-c", "fsync=off"];
    const server = spawn(path.join(programs, "postgres"), ["-D", data, ...settings], { ...options, stdio: ["ignore", "ignore", "pipe"] });
    const started = new PostgresServer(folder, server);
    await ready(server).catch(async (error: unknown) => {
      await started[Symbol.asyncDispose]();
      throw error;
    });
    return started;
  }

  private constructor(folder: string, server: Server) {
    this.#folder = folder;
    this.#process = server;
    this.#ended = new Promise((resolve) => void server.on("close", resolve).on("error", resolve));
    this.url = `postgres://${USER}@/postgres?host=${encodeURIComponent(folder)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGQUIT"); // at once, without waiting for clients
    await this.#ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** PostgreSQL refuses to run as root. */
async function unprivileged(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(["-u", "-g"].map(async (flag) => Number((await execa("id", [flag, "nobody"])).stdout)));
  return { uid: uid ?? 65_534, gid: gid ?? 65_534 };
}

/** It says so in its log. What it says later is read and dropped, so that it never waits for a reader. */
function ready(server: Server): Promise<void> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    createInterface({ input: server.stderr })
      .on("line", (line) => {
        lines.push(line);
        if (line.includes("ready to accept connections")) resolve();
      })
      .on("close", () => reject(new Error(`PostgreSQL did not start: ${lines.join("\n")}`)));
  });
}
