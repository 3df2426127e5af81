// The image that cells run on: the matrix's own, or a small Debian that is pulled once or, where no registry answers, made of
// Debian packages. Hides where it came from.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type Docker from "dockerode";
import { EnvironmentError, reasonOf } from "../types.ts";
import type { Engine } from "./engine.ts";
import { makeBase, RECIPE } from "./recipe.ts";

const DEFAULT_IMAGE = "debian:bookworm-slim";
const PULL_MS = 120_000;

export interface BaseRequest {
  readonly engine: Engine;
  readonly run: string;
  /** The matrix's own; else the default. */
  readonly image: string | undefined;
  readonly log: (line: string) => void;
  /** Ends what is under way when it is aborted. */
  readonly signal: AbortSignal | undefined;
}

/** Name of a base image that the engine holds. */
export async function ensureBase(request: BaseRequest): Promise<string> {
  const { engine, image, log } = request;
  if (image !== undefined) {
    const refused = await fetchImage(request, image);
    if (refused === undefined) return image;
    throw new EnvironmentError({
      what: `Cannot pull the image ${JSON.stringify(image)}`,
      why: refused,
      whatToDo: "Correct environments.docker.image in matrix.yaml, load the image with `docker load`, or leave it out to use the default",
    });
  }
  const recipe = await readFile(RECIPE);
  const own = `upmatrix/base:${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`;
  if (await hasImage(engine.docker, own)) return own;
  const refused = await fetchImage(request, DEFAULT_IMAGE);
  if (refused === undefined) return DEFAULT_IMAGE;
  log(`Making ${own} of Debian packages: no registry answered (${refused})`);
  try {
    await makeBase(own, { ...request, noRegistry: refused });
  } catch (error) {
    throwIfInterrupted(request.signal, `while ${own} was made`);
    throw error;
  }
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

/** Throws when the signal is aborted: opening an environment ends there. */
export function throwIfInterrupted(signal: AbortSignal | undefined, when: string): void {
  if (signal?.aborted !== true) return;
  throw new EnvironmentError({
    what: "Cannot open the environment docker",
    why: `interrupted ${when}`,
    whatToDo: "Nothing is left of it; run the command again to begin anew",
  });
}

/** Pulls an image that the engine lacks. Undefined when it holds it now, else why not. */
async function fetchImage({ engine: { docker }, log, signal }: BaseRequest, image: string): Promise<string | undefined> {
  if (await hasImage(docker, image)) return undefined;
  log(`Pulling ${image}`);
  const late = AbortSignal.timeout(PULL_MS);
  const abortSignal = signal === undefined ? late : AbortSignal.any([late, signal]);
  try {
    const stream = await docker.pull(image.includes(":") || image.includes("@") ? image : `${image}:latest`, { abortSignal });
    await new Promise<void>((resolve, reject) => docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())));
    abortSignal.throwIfAborted(); // a stream that was cut off only ends
    return undefined;
  } catch (error) {
    throwIfInterrupted(signal, `while ${image} was pulled`);
    return late.aborted ? `no answer within ${PULL_MS / 1000} s` : reasonOf(error);
  }
}
