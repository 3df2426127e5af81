// The content key: everything an artifact depends on, in one hash.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { Variant } from "../model/index.ts";
import { isRemote, sourceText } from "./fetch.ts";
import { hashInputs } from "./inputs.ts";
import { hashFile } from "./store.ts";
import type { BuildProduct, Recipe } from "./types.ts";
import { WRAPPER_SOURCE } from "./wrapper.ts";

/** Raise it when archives, sidecar files or entries are made in another way. */
const FORMAT = 1;

/** Hash of a product's build inputs; fetched products have theirs in `sourceKey`. */
export async function inputsKey({ product, directory }: BuildProduct): Promise<string> {
  return product.artifact.build === undefined ? "" : hashInputs(directory, product.artifact.build.inputs);
}

/** The content key of a recipe, hex. `inputs` comes from `inputsKey`, once for each product. */
export async function contentKey(
  recipe: Recipe,
  variant: Variant | undefined,
  { inputs, publicKey }: { readonly inputs: string; readonly publicKey: string },
): Promise<string> {
  const { ref, release, platform, source } = recipe;
  const parts = {
    format: FORMAT,
    product: ref.product,
    artifact: source.product.artifact,
    inputs,
    fetched: await fetchedKey(recipe),
    release: { version: release.version, built: release.built, channel: release.channel, traits: release.traits },
    platform,
    rebuilt: ref.rebuilt,
    variant: variant === undefined ? null : { variant, wrapper: WRAPPER_SOURCE },
    tools: { node: process.versions.node.split(".")[0], esbuild: await esbuildVersion(source.directory) },
    publicKey,
  };
  return createHash("sha256").update(canonical(parts)).digest("hex");
}

/** A file beside product.yaml counts with its content. What a URL gives for a version is taken to stay the same. */
async function fetchedKey({ source, release, platform }: Recipe): Promise<readonly string[]> {
  const { fetch } = source.product.artifact;
  if (fetch === undefined) return [];
  const places = [fetch.url, fetch.sha512, fetch.signature].filter((place) => place !== undefined);
  const filled = places.map((place) => sourceText(place, { version: release.version, platform }));
  return Promise.all(
    filled.map(async (place) => (isRemote(place) ? place : hashFile(resolve(source.directory, place), "sha256").catch(() => "missing"))),
  );
}

async function esbuildVersion(directory: string): Promise<string | null> {
  try {
    const manifest: unknown = JSON.parse(
      await readFile(createRequire(resolve(directory, "product.yaml")).resolve("esbuild/package.json"), "utf8"),
    );
    return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : null;
  } catch {
    return null; // the product does not use it, or brings its own tools: then its inputs have to name them
  }
}

/** JSON with sorted keys: the order in a YAML file does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
