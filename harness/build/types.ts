// The words between this folder and its callers: what is asked for, what is there to build from, what comes back.
import type { ArtifactRef, Product, Release } from "../model/index.ts";

/** A product as it lies on disk. */
export interface BuildProduct {
  readonly product: Product;
  /** Folder of product.yaml. */
  readonly directory: string;
  readonly releases: readonly Release[];
}

export interface BuildContext {
  readonly products: Readonly<Record<string, BuildProduct>>;
  /** Folder of the cache; made when it is not there. */
  readonly cache: string;
  /** Such as `linux-x64`; decides the archive's kind. */
  readonly platform: string;
  /** How many artifacts are built at once. */
  readonly parallel: number;
  readonly signal?: AbortSignal;
  readonly onArtifact?: (artifact: StoredArtifact, done: number, total: number) => void;
}

/** An artifact in the cache. */
export interface StoredArtifact {
  /** `artifactName(ref)`. */
  readonly name: string;
  readonly ref: ArtifactRef;
  /** Content key, hex; names the folder in the cache. */
  readonly key: string;
  readonly directory: string;
  /** File name of the archive. */
  readonly archive: string;
  /** The files an artifact server serves, the archive first. */
  readonly files: readonly string[];
  /** SHA-512 of the archive, hex. */
  readonly digest: string;
  readonly archiveBytes: number;
  readonly unpackedBytes: number;
  /** Whether it was there already. */
  readonly cached: boolean;
}

/** One artifact with everything its building needs. */
export interface Recipe {
  readonly name: string;
  readonly ref: ArtifactRef;
  readonly source: BuildProduct;
  readonly release: Release;
  readonly platform: string;
}
