// Makes the default image of Debian packages: runs the recipe and streams what it writes into the engine. Leaves nothing of a
// recipe that is cut off. Hides processes and their scratch folder.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { claimRun } from "../claim.ts";
import { EnvironmentError, reasonOf } from "../types.ts";
import { type Engine, IMAGE_LABEL } from "./engine.ts";

export const RECIPE = path.join(import.meta.dirname, "base-image.sh");
const GRACE_MS = 10_000;

export interface Making {
  readonly engine: Engine;
  readonly run: string;
  /** Why it could not be pulled instead. */
  readonly noRegistry: string;
  readonly signal: AbortSignal | undefined;
}

/** Makes the image under this name. When the signal is aborted all of it ends, and this throws what the signal was aborted with. */
export async function makeBase(name: string, making: Making): Promise<void> {
  const { engine, run } = making;
  if (process.platform !== "linux" || process.arch !== engine.arch)
    throw impossible(making, `this machine cannot make one for linux-${engine.arch}`);
  await using _claim = await claimRun(run);
  // named so that `clean` finds it, with the processes at work in it
  const marker = `upmatrix-${run}-${process.pid}.0`;
  const scratch = path.join(await realpath(tmpdir()), marker);
  await mkdir(scratch, { mode: 0o755 }); // apt reads in it as another user
  try {
    await cook(name, making, { marker, scratch });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function cook(name: string, making: Making, place: { marker: string; scratch: string }): Promise<void> {
  const { engine, signal } = making;
  const recipe = spawn("/bin/sh", [RECIPE], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: place.scratch, UPMATRIX_CELL: place.marker },
    detached: true, // a group of its own, so that all of it can be ended
  });
  const said = text(recipe.stderr);
  const code = new Promise<number | null>((resolve) => recipe.on("close", resolve));
  const stop = () => endGroup(recipe, "SIGTERM");
  signal?.addEventListener("abort", stop);
  let refused: unknown;
  try {
    await importTar(engine, name, recipe.stdout);
  } catch (error) {
    refused = error;
    await end(recipe, code);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  if ((await code) === 0 && refused === undefined && signal?.aborted !== true) return;
  await engine.docker
    .getImage(name)
    .remove()
    .catch(() => undefined); // an image of half a tar must not be used the next time
  signal?.throwIfAborted();
  throw impossible(making, (await said).trim().split("\n").slice(-5).join(" | ") || reasonOf(refused));
}

/** Never cut off by us: when the recipe ends the import does, and only then it is known whether there is an image to remove. */
async function importTar({ docker }: Engine, name: string, tar: NodeJS.ReadableStream): Promise<void> {
  const [repo, tag] = name.split(":") as [string, string]; // we put the name together ourselves
  const stream = await docker.importImage(tar, { repo, tag, changes: `LABEL ${IMAGE_LABEL}=base` });
  await new Promise<void>((resolve, reject) => docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())));
}

/** Asked to end it takes its scratch files and mounts with it; whoever does not listen is killed. */
async function end(recipe: ChildProcess, code: Promise<unknown>): Promise<void> {
  endGroup(recipe, "SIGTERM");
  const timer = setTimeout(() => endGroup(recipe, "SIGKILL"), GRACE_MS);
  await code.finally(() => clearTimeout(timer));
}

function endGroup(recipe: ChildProcess, signal: NodeJS.Signals): void {
  if (recipe.pid === undefined) return;
  try {
    process.kill(-recipe.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // process.kill throws only such errors; ESRCH: it has ended
  }
}

function impossible({ noRegistry }: Making, why: string): EnvironmentError {
  return new EnvironmentError({
    what: "Cannot make the default image",
    why: `no registry answered (${noRegistry}), and ${why}`,
    whatToDo: "Name an image that the engine holds in matrix.yaml (environments.docker.image), or install mmdebstrap",
  });
}
