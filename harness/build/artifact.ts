// Makes one artifact in a folder: by the product's build command, by fetching it, or from a stored release with wrappers put in.
import { mkdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { Variant } from "../model/index.ts";
import { type CommandResult, runCommand } from "./command.ts";
import { ArtifactError } from "./error.ts";
import { fetchRelease } from "./fetch.ts";
import { type Identity, fill, identify } from "./identity.ts";
import { pack } from "./pack.ts";
import { type Finished, writeSidecars } from "./sidecars.ts";
import type { Signer } from "./signing.ts";
import { type TreeEntry, scanTree } from "./tree.ts";
import type { Recipe, StoredArtifact } from "./types.ts";
import { canUnpack, unpack } from "./unpack.ts";
import { applyVariant } from "./variant.ts";

const BUILD_DEADLINE_MS = 120_000;
const OUTPUT_LINES = 20;

/** Folders of one making, below a scratch folder. `files` becomes the entry, `tree` is what is packed. */
export interface Workbench {
  readonly files: string;
  readonly tree: string;
  readonly signer: Signer;
  readonly signal?: AbortSignal | undefined;
}

/** Makes the release itself. */
export async function makeRelease(recipe: Recipe, bench: Workbench): Promise<Finished> {
  const identity = identify(recipe);
  await prepare(bench);
  return recipe.source.product.artifact.build === undefined ? fetched(recipe, identity, bench) : built(recipe, identity, bench);
}

/** Makes a variant from the stored release: the same tree but for the wrappers, signed anew. */
export async function makeVariant(recipe: Recipe, variant: Variant, base: StoredArtifact, bench: Workbench): Promise<Finished> {
  const identity = identify(recipe);
  await prepare(bench);
  if (!canUnpack(base.archive)) {
    throw new ArtifactError(
      `Cannot make a variant of ${base.archive}: only .tar, .tar.gz, .tgz and .zip archives can be unpacked; leave the variants of this product out`,
    );
  }
  await unpack(join(base.directory, base.archive), bench.tree);
  await applyVariant(bench.tree, variant, identity);
  return packed(identity, bench);
}

async function prepare({ files, tree }: Workbench): Promise<void> {
  await mkdir(files, { recursive: true });
  await mkdir(tree, { recursive: true });
}

async function built(recipe: Recipe, identity: Identity, bench: Workbench): Promise<Finished> {
  const { source } = recipe;
  const values = { out: bench.tree, node: process.execPath, version: identity.version, platform: identity.platform };
  const argv = (source.product.artifact.build?.command ?? []).map((part) => fill(part, values));
  const env = buildEnvironment(recipe, identity, bench);
  const result = await runCommand({ argv, directory: source.directory, env, deadlineMs: BUILD_DEADLINE_MS, signal: bench.signal });
  if (result.ended.kind !== "exit" || result.ended.code !== 0) throw new ArtifactError(buildFailed(argv, source.directory, result));
  return packed(identity, bench);
}

async function packed(identity: Identity, bench: Workbench): Promise<Finished> {
  const entries = await scanTree(bench.tree);
  if (!entries.some(({ kind }) => kind === "file")) {
    throw new ArtifactError(
      "Cannot pack it: the build ended well, but wrote no file below UPMATRIX_OUT; let its command write the release there",
    );
  }
  await pack(entries, join(bench.files, identity.archive), identity.built);
  return writeSidecars(bench.files, identity, bench.signer, entries);
}

/** A fetched release stays as its publisher made it, also as its own "rebuild": we cannot build it. */
async function fetched({ source, platform, release }: Recipe, identity: Identity, bench: Workbench): Promise<Finished> {
  const { fetch } = source.product.artifact;
  if (fetch === undefined) throw new ArtifactError("Cannot fetch it: product.yaml has neither artifact.build nor artifact.fetch");
  await fetchRelease(
    { ...fetch, directory: source.directory, values: { version: release.version, platform }, signal: bench.signal },
    bench.files,
    identity.archive,
  );
  return writeSidecars(bench.files, identity, bench.signer, await entriesOf(join(bench.files, identity.archive), bench.tree));
}

/** Unpacked once, because the manifest names every file; that also refuses hostile archives before a product meets them. */
async function entriesOf(archive: string, tree: string): Promise<TreeEntry[] | undefined> {
  if (!canUnpack(archive)) return undefined;
  await unpack(archive, tree);
  return scanTree(tree);
}

function buildEnvironment({ release }: Recipe, identity: Identity, { tree, signer }: Workbench): Record<string, string> {
  const path = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH"; // Windows says Path
  return {
    [path]: [dirname(process.execPath), process.env[path]].filter((part) => part !== undefined).join(delimiter),
    // For build tools that would write the time or zone of this machine into their output.
    SOURCE_DATE_EPOCH: String(identity.built.getTime() / 1000),
    TZ: "UTC",
    UPMATRIX_PRODUCT: identity.product,
    UPMATRIX_VERSION: identity.version,
    UPMATRIX_BUILT: identity.built.toISOString(),
    UPMATRIX_CHANNEL: release.channel,
    UPMATRIX_COMMIT: identity.commit,
    UPMATRIX_TRAITS: identity.traits,
    UPMATRIX_PLATFORM: identity.platform,
    UPMATRIX_PUBLIC_KEY: signer.publicKey,
    UPMATRIX_OUT: tree,
  };
}

function buildFailed(argv: readonly string[], directory: string, { ended, output }: CommandResult): string {
  const lines = output.trimEnd().split("\n").slice(-OUTPUT_LINES);
  const said = output.trim() === "" ? ["It printed nothing."] : ["Its last lines:", ...lines.map((line) => `  ${line}`)];
  return [
    `Cannot build it: ${argv.join(" ")} ${howItEnded(ended)} (in ${directory})`,
    ...said,
    "Correct the build, or artifact.build.command in product.yaml, and start again",
  ].join("\n");
}

function howItEnded(ended: CommandResult["ended"]): string {
  switch (ended.kind) {
    case "exit":
      return `ended with exit code ${ended.code}`;
    case "killed":
      return `was ended by ${ended.by}`;
    case "timeout":
      return `was not done after ${BUILD_DEADLINE_MS / 1000} s and was ended`;
    case "unstartable":
      return `could not be started: ${ended.why}`;
    default:
      return ended satisfies never;
  }
}
