// What this machine can do for upmatrix, each capability tried for real. Hides how each is tried.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { matrix } from "../model/index.ts";
import { bundleCellProgram, DEFAULT_CACHE } from "./bundle.ts";
import { PATIENCE } from "./conversation.ts";
import { connect } from "./docker/engine.ts";
import { openDocker } from "./docker/index.ts";
import { probeHost } from "./host/index.ts";
import { reasonOf } from "./types.ts";

export interface Finding {
  readonly capability: string;
  readonly ok: boolean;
  readonly detail: string;
}

const run = promisify(execFile);
const NEEDED_NODE = [22, 22] as const;
const NEEDED_BYTES = 2 * 1024 ** 3;

/** Tries everything; what fails is a finding, never an exception. */
export async function doctor(cache: string = DEFAULT_CACHE): Promise<Finding[]> {
  return [
    node(),
    ...(await Promise.all([
      tried("free temporary space", freeSpace),
      tried("compiler", compiler),
      tried("systemctl shim (sh, mkfifo)", shim),
      tried("host environment", host),
    ])),
    ...(await docker(cache)),
  ];
}

async function tried(capability: string, attempt: () => Promise<string>): Promise<Finding> {
  try {
    return { capability, ok: true, detail: await attempt() };
  } catch (error) {
    return { capability, ok: false, detail: reasonOf(error).split("\n").slice(0, 3).join(" ") };
  }
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1]);
  return {
    capability: "Node",
    ok,
    detail: `${process.version} at ${process.execPath}${ok ? "" : `; ${NEEDED_NODE.join(".")} or newer is needed`}`,
  };
}

async function freeSpace(): Promise<string> {
  const { bavail, bsize } = await statfs(tmpdir());
  const gigabytes = `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free in ${tmpdir()}`;
  if (bavail * bsize < NEEDED_BYTES) throw new Error(`${gigabytes}; 2 GiB are needed for artifacts and cells`);
  return gigabytes;
}

async function compiler(): Promise<string> {
  const { stdout } = await run("cc", ["--version"]).catch(() => {
    throw new Error("No `cc`: only products that compile something need one");
  });
  return stdout.split("\n")[0] ?? "";
}

async function shim(): Promise<string> {
  if (process.platform === "win32") return "Not needed on Windows";
  const folder = await mkdtemp(path.join(tmpdir(), "upmatrix-doctor-"));
  try {
    await run("sh", ["-c", `mkfifo "$1/fifo"`, "sh", folder]);
    return "A named pipe can be made";
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function host(): Promise<string> {
  const { description, capabilities } = await probeHost();
  return `${description}; ${capabilities.join(", ")}`;
}

/** The engine, then a whole environment, opened and closed again. */
async function docker(cache: string): Promise<Finding[]> {
  const engine = await tried("Docker engine", async () => (await connect()).description);
  if (!engine.ok) return [engine];
  const cell = await bundleCellProgram(cache).catch(reasonOf);
  if (typeof cell === "string") return [engine, { capability: "cell program", ok: false, detail: cell }];
  const options = {
    run: `doctor-${randomBytes(3).toString("hex")}`,
    matrix: matrix.parse({ products: {} }),
    cache,
    cell,
    patience: PATIENCE,
    log: () => undefined,
  };
  try {
    await using environment = await openDocker(options);
    const { description, capabilities } = environment.facts;
    const namespaces = !description.includes("namespaces are refused");
    return [
      engine,
      { capability: "runtime image", ok: true, detail: description.split("; ")[1] ?? "" },
      {
        capability: "namespaces and overlay in a container",
        ok: namespaces,
        detail: namespaces ? "A cell was tried in fresh namespaces on a fresh root" : description,
      },
      ...["small-disk", "read-only-mount"].map((capability) => ({
        capability,
        ok: capabilities.includes(capability),
        detail: "Tried on the install tree of a cell",
      })),
      {
        capability: "small-memory",
        ok: capabilities.includes("small-memory"),
        detail: "Whether the engine can limit a container's memory",
      },
    ];
  } catch (error) {
    return [engine, { capability: "docker environment", ok: false, detail: reasonOf(error) }];
  }
}
