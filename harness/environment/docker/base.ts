// The image that cells run on: the matrix's own, or a small Debian that is pulled once or, where no registry answers, made of
// Debian packages. Hides where it came from.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { EnvironmentError, reasonOf } from "../types.ts";
import { type Engine, IMAGE_LABEL } from "./engine.ts";

const DEFAULT_IMAGE = "debian:bookworm-slim";
const PULL_MS = 120_000;
const RECIPE = path.join(import.meta.dirname, "base-image.sh");

/** Name of a base image that the engine holds. */
export async function ensureBase(engine: Engine, image: string | undefined, log: (line: string) => void): Promise<string> {
  const { docker } = engine;
  if (image !== undefined) {
    if (await hasImage(docker, image)) return image;
    log(`Pulling ${image}`);
    const refused = await pull(docker, image);
    if (refused === undefined) return image;
    throw new EnvironmentError({
      what: `Cannot pull the image ${JSON.stringify(image)}`,
      why: refused,
      whatToDo: "Correct environments.docker.image in matrix.yaml, load the image with `docker load`, or leave it out to use the default",
    });
  }
  const own = `upmatrix/base:${createHash("sha256")
    .update(await readFile(RECIPE))
    .digest("hex")
    .slice(0, 12)}`;
  if (await hasImage(docker, own)) return own;
  if (await hasImage(docker, DEFAULT_IMAGE)) return DEFAULT_IMAGE;
  log(`Pulling ${DEFAULT_IMAGE}`);
  const refused = await pull(docker, DEFAULT_IMAGE);
  if (refused === undefined) return DEFAULT_IMAGE;
  log(`Making ${own} of Debian packages: no registry answered (${refused})`);
  await make(engine, own, refused);
  return own;
}

export async function hasImage(docker: Docker, name: string): Promise<boolean> {
  return docker
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

/** Undefined when it worked, else why not. */
async function pull(docker: Docker, image: string): Promise<string | undefined> {
  const abort = AbortSignal.timeout(PULL_MS);
  try {
    const stream = await docker.pull(image.includes(":") || image.includes("@") ? image : `${image}:latest`, { abortSignal: abort });
    await new Promise<void>((resolve, reject) => docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())));
    return undefined;
  } catch (error) {
    return abort.aborted ? `no answer within ${PULL_MS / 1000} s` : reasonOf(error);
  }
}

/** Streams what the recipe writes into the engine. */
async function make(engine: Engine, name: string, noRegistry: string): Promise<void> {
  const impossible = (why: string) =>
    new EnvironmentError({
      what: "Cannot make the default image",
      why: `no registry answered (${noRegistry}), and ${why}`,
      whatToDo: "Name an image that the engine holds in matrix.yaml (environments.docker.image), or install mmdebstrap",
    });
  if (process.platform !== "linux" || process.arch !== engine.arch)
    throw impossible(`this machine cannot make one for linux-${engine.arch}`);
  const [repo, tag] = name.split(":") as [string, string]; // we put the name together ourselves
  const recipe = spawn("/bin/sh", [RECIPE], { stdio: ["ignore", "pipe", "pipe"] });
  const said = text(recipe.stderr);
  const code = new Promise<number | null>((resolve) => recipe.on("close", resolve));
  try {
    const stream = await engine.docker.importImage(recipe.stdout, { repo, tag, changes: `LABEL ${IMAGE_LABEL}=base` });
    await new Promise<void>((resolve, reject) =>
      engine.docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
    );
  } catch (error) {
    recipe.kill();
    throw impossible((await said).trim() || reasonOf(error));
  }
  if ((await code) === 0) return;
  await engine.docker
    .getImage(name)
    .remove()
    .catch(() => undefined); // an image of half a tar must not be used the next time
  throw impossible((await said).trim().split("\n").slice(-5).join(" | "));
}
