// Gets a released archive, its checksum and its signature: from https, or from a path beside product.yaml.
import { createWriteStream } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ArtifactError } from "./error.ts";
import { fill } from "./identity.ts";
import { hashFile } from "./store.ts";

const DEADLINE_MS = 300_000;
const SHA512 = /\b[0-9a-f]{128}\b/i;

export interface FetchRequest {
  readonly url: string;
  readonly sha512?: string | undefined;
  readonly signature?: string | undefined;
  /** Folder of product.yaml. */
  readonly directory: string;
  readonly values: { readonly version: string; readonly platform: string };
  readonly signal?: AbortSignal | undefined;
}

/** The place with its placeholders filled in. */
export function sourceText(place: string, values: { readonly version: string; readonly platform: string }): string {
  return fill(place, values);
}

export function isRemote(place: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(place);
}

/** Puts the archive, and `<archive>.sha512` and `<archive>.sig` where the release has them, into `folder`. The checksum is verified. */
export async function fetchRelease(request: FetchRequest, folder: string, archive: string): Promise<void> {
  const file = join(folder, archive);
  await getFile(request.url, request, file);
  if (request.signature !== undefined) await getFile(request.signature, request, `${file}.sig`);
  if (request.sha512 === undefined) return;
  await getFile(request.sha512, request, `${file}.sha512`);
  await verify(file, archive, sourceText(request.sha512, request.values));
}

async function getFile(place: string, request: FetchRequest, target: string): Promise<void> {
  const source = sourceText(place, request.values);
  if (isRemote(source)) return download(source, target, request.signal);
  try {
    await copyFile(resolve(request.directory, source), target);
  } catch (error) {
    throw new ArtifactError(
      `Cannot fetch ${JSON.stringify(source)}: ${String(error)}; correct artifact.fetch in product.yaml, paths start at its folder`,
      { cause: error },
    );
  }
}

async function download(url: string, target: string, signal: AbortSignal | undefined): Promise<void> {
  requireSafe(url);
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    const response = await fetch(url, { signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]) });
    if (!response.ok || response.body === null)
      throw new ArtifactError(
        `Cannot fetch ${url}: the server answered ${response.status} ${response.statusText}; is this release still offered?`,
      );
    await pipeline(Readable.fromWeb(response.body), createWriteStream(target));
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ArtifactError) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new ArtifactError(`Cannot fetch ${url}: ${cause}; is the network reachable from here?`, { cause: error });
  }
}

/** Releases come over https; plain http only from this machine, where nobody is in between. */
function requireSafe(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:") return;
  if (protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(hostname)) return;
  throw new ArtifactError(`Cannot fetch ${url}: releases are fetched over https only; correct artifact.fetch in product.yaml`);
}

/** Understands a bare hash, `<hash>  <name>`, and lists of such lines. The stored checksum is ours when it was a list. */
async function verify(file: string, archive: string, source: string): Promise<void> {
  const lines = (await readFile(`${file}.sha512`, "utf8")).split("\n").filter((line) => SHA512.test(line));
  const line = lines.length === 1 ? lines[0] : lines.find((candidate) => candidate.trimEnd().endsWith(archive));
  const expected = line === undefined ? undefined : SHA512.exec(line)?.[0].toLowerCase();
  if (expected === undefined)
    throw new ArtifactError(`Cannot verify ${archive}: ${source} has no SHA-512 for it; correct artifact.fetch.sha512 in product.yaml`);
  const actual = await hashFile(file, "sha512");
  if (actual !== expected) {
    throw new ArtifactError(
      `Cannot use ${archive}: its SHA-512 is ${actual}, but ${source} says ${expected}; fetch it again, or ask its publisher`,
    );
  }
  if (lines.length > 1) await writeFile(`${file}.sha512`, `${expected}  ${archive}\n`);
}
