// Builds what is asked for: each artifact once, variants from their release, from the cache where it can; all failures in one error.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import pLimit, { type LimitFunction } from "p-limit";
import { type ArtifactRef, type Variant, artifactName } from "../model/index.ts";
import { type Workbench, makeRelease, makeVariant } from "./artifact.ts";
import { ArtifactError, BuildError, type BuildFailure, reason } from "./error.ts";
import { contentKey, inputsKey } from "./key.ts";
import type { Finished } from "./sidecars.ts";
import { type Signer, openSigner } from "./signing.ts";
import { type StoreRecord, commit, entryFolder, lookUp, scratchFolder, sweepScratch } from "./store.ts";
import type { BuildContext, Recipe, StoredArtifact } from "./types.ts";

/** Returns the artifacts by name. Rejects with a `BuildError` that names every failure, or with the signal's reason. */
export async function buildArtifacts(requests: readonly ArtifactRef[], context: BuildContext): Promise<Map<string, StoredArtifact>> {
  const cache = resolve(context.cache);
  await mkdir(cache, { recursive: true });
  await sweepScratch(cache);
  const builder = new Builder({ ...context, cache }, await openSigner(cache));
  const wanted = new Map(requests.map((ref) => [artifactName(ref), ref]));
  let done = 0;
  const results = await Promise.allSettled(
    [...wanted.values()].map(async (ref) => {
      const artifact = await builder.obtain(ref);
      context.onArtifact?.(artifact, ++done, wanted.size);
      return artifact;
    }),
  );
  context.signal?.throwIfAborted();
  if (builder.failures.length > 0) throw new BuildError(builder.failures.toSorted((a, b) => (a.artifact < b.artifact ? -1 : 1)));
  return new Map(
    results.map((result) => {
      if (result.status === "rejected") throw result.reason; // not of a build: onArtifact threw
      return [result.value.name, result.value];
    }),
  );
}

class Builder {
  readonly failures: BuildFailure[] = [];
  readonly #context: BuildContext;
  readonly #signer: Signer;
  readonly #limit: LimitFunction;
  readonly #inputs = new Map<string, Promise<string>>();
  readonly #artifacts = new Map<string, Promise<StoredArtifact>>();

  constructor(context: BuildContext, signer: Signer) {
    this.#context = context;
    this.#signer = signer;
    this.#limit = pLimit(Math.max(1, context.parallel));
  }

  /** The artifact, from the cache or made now. A failure is noted once, however many wait for it. */
  obtain(ref: ArtifactRef): Promise<StoredArtifact> {
    const name = artifactName(ref);
    return remember(this.#artifacts, name, async () => {
      try {
        this.#context.signal?.throwIfAborted();
        return await this.#obtain(this.#recipe(ref));
      } catch (error) {
        this.failures.push({ artifact: name, message: reason(error) });
        throw error;
      }
    });
  }

  async #obtain(recipe: Recipe): Promise<StoredArtifact> {
    const { ref, source } = recipe;
    const variant = variantOf(recipe);
    const inputs = await remember(this.#inputs, ref.product, () => inputsKey(source));
    const key = await contentKey(recipe, variant, { inputs, publicKey: this.#signer.publicKey });
    const present = await lookUp(this.#context.cache, key);
    if (present !== undefined) return this.#stored(recipe, key, present, true);
    // Waiting for the release must not hold one of the limited places: it needs one itself.
    const base = variant === undefined ? undefined : await this.#base(ref);
    const made = await this.#limit(() =>
      this.#make(recipe, key, (bench) =>
        variant === undefined || base === undefined ? makeRelease(recipe, bench) : makeVariant(recipe, variant, base, bench),
      ),
    );
    return this.#stored(recipe, key, made, false);
  }

  async #base({ product, version, rebuilt }: ArtifactRef): Promise<StoredArtifact> {
    const ref = { product, version, rebuilt };
    try {
      return await this.obtain(ref);
    } catch (error) {
      throw new ArtifactError(`Cannot make this variant: its release ${artifactName(ref)} cannot be built, see there`, { cause: error });
    }
  }

  async #make(recipe: Recipe, key: string, make: (bench: Workbench) => Promise<Finished>): Promise<StoreRecord> {
    const { cache, signal } = this.#context;
    signal?.throwIfAborted();
    await using scratch = await scratchFolder(cache);
    const files = join(scratch.path, "files");
    const finished = await make({ files, tree: join(scratch.path, "tree"), signer: this.#signer, signal });
    return await commit(cache, key, files, { name: recipe.name, ...finished });
  }

  #stored({ name, ref }: Recipe, key: string, entry: StoreRecord, cached: boolean): StoredArtifact {
    const { archive, digest, archiveBytes, unpackedBytes } = entry;
    const files = entry.files.map((file) => file.name);
    return {
      name,
      ref,
      key,
      directory: entryFolder(this.#context.cache, key),
      archive,
      files,
      digest,
      archiveBytes,
      unpackedBytes,
      cached,
    };
  }

  #recipe(ref: ArtifactRef): Recipe {
    const source = this.#context.products[ref.product];
    if (source === undefined) throw new ArtifactError(unknown("product", ref.product, Object.keys(this.#context.products)));
    const release = source.releases.find(({ version }) => version === ref.version);
    if (release === undefined)
      throw new ArtifactError(
        unknown(
          "release",
          ref.version,
          source.releases.map(({ version }) => version),
        ),
      );
    return { name: artifactName(ref), ref, source, release, platform: this.#context.platform };
  }
}

function variantOf({ ref, source }: Recipe): Variant | undefined {
  if (ref.variant === undefined) return undefined;
  const variant = source.product.variants[ref.variant];
  if (variant === undefined) throw new ArtifactError(unknown("variant", ref.variant, Object.keys(source.product.variants)));
  return variant;
}

function unknown(what: string, name: string, known: readonly string[]): string {
  return `Cannot find the ${what} ${JSON.stringify(name)}: ${known.length === 0 ? "there is none" : `known are ${known.join(", ")}`}`;
}

function remember<T>(memory: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const made = make();
  memory.set(key, made);
  return made;
}
