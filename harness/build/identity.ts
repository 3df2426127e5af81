// What a release calls itself: build time, commit, file name of its archive. The same on every machine.
import { createHash } from "node:crypto";
import type { Product } from "../model/index.ts";
import { ArtifactError } from "./error.ts";
import type { Recipe } from "./types.ts";

const REBUILT_LATER_MS = 3_600_000;

export interface Identity {
  readonly product: string;
  readonly version: string;
  /** A rebuild is one hour younger, so that it differs from its first build as real rebuilds do. */
  readonly built: Date;
  readonly commit: string;
  readonly traits: string;
  readonly platform: string;
  readonly archive: string;
}

/** Derives all names of a release from its recipe. */
export function identify({ ref, release, platform, source }: Recipe): Identity {
  const built = new Date(Date.parse(release.built) + (ref.rebuilt ? REBUILT_LATER_MS : 0));
  const traits = release.traits.toSorted().join(",");
  const commit = createHash("sha1").update([ref.product, release.version, built.toISOString(), traits].join("|")).digest("hex");
  return {
    product: ref.product,
    version: release.version,
    built,
    commit,
    traits,
    platform,
    archive: archiveName(source.product, release.version, platform),
  };
}

/** Fills `{name}` placeholders; an unknown one is an error, because it would end up in a file name or a command. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z]+)\}/g, (placeholder, name: string) => {
    const value = values[name];
    if (value !== undefined) return value;
    const known = Object.keys(values).map((key) => `{${key}}`);
    throw new ArtifactError(`Cannot fill in ${placeholder} in ${JSON.stringify(text)}: only ${known.join(", ")} are known here`);
  });
}

function archiveName(product: Product, version: string, platform: string): string {
  const name = fill(product.artifact.name, { version, platform });
  if (/[\\/]/.test(name)) {
    throw new ArtifactError(
      `Cannot use ${JSON.stringify(name)} as the archive's name: it must be a file name without a folder (artifact.name in product.yaml)`,
    );
  }
  return isZipped(product, platform) ? name.replace(/\.(tar\.gz|tgz)$/, ".zip") : name;
}

/** Windows has no tar that products may count on; what is fetched there is what its publisher made. */
function isZipped({ artifact }: Product, platform: string): boolean {
  return platform.startsWith("win32") && (artifact.fetch === undefined || artifact.fetch.url.endsWith(".zip"));
}
