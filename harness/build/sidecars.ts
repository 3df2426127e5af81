// The files beside an archive: checksum, signature and manifest. What a fetched release brings itself is kept.
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Identity } from "./identity.ts";
import type { Signer } from "./signing.ts";
import { hashFile } from "./store.ts";
import { type TreeEntry, filesOf, permissions, totalSize } from "./tree.ts";

export interface Finished {
  readonly archive: string;
  readonly files: readonly string[];
  readonly digest: string;
  readonly archiveBytes: number;
  readonly unpackedBytes: number;
}

/** Writes the missing sidecar files of the archive in `folder`. Without `entries` the archive's inside is unknown. */
export async function writeSidecars(
  folder: string,
  identity: Identity,
  signer: Signer,
  entries: readonly TreeEntry[] | undefined,
): Promise<Finished> {
  const { archive } = identity;
  const file = join(folder, archive);
  const digest = await hashFile(file, "sha512");
  const { size } = await stat(file);
  const present = new Set(await readdir(folder));
  if (!present.has(`${archive}.sha512`)) await writeFile(`${file}.sha512`, `${digest}  ${archive}\n`);
  if (!present.has(`${archive}.sig`)) await writeFile(`${file}.sig`, signer.sign(await readFile(file)));
  await writeFile(join(folder, "manifest.json"), await manifest(identity, size, entries ?? []));
  return {
    archive,
    files: [archive, `${archive}.sha512`, `${archive}.sig`, "manifest.json"],
    digest,
    archiveBytes: size,
    unpackedBytes: entries === undefined ? size : totalSize(entries),
  };
}

async function manifest(
  { product, version, commit, built, platform, archive }: Identity,
  bytes: number,
  entries: readonly TreeEntry[],
): Promise<string> {
  const files = [];
  for (const file of filesOf(entries)) {
    files.push({ path: file.path, mode: permissions(file).toString(8), size: file.size, sha256: await hashFile(file.absolute, "sha256") });
  }
  return `${JSON.stringify({ product, version, commit, built: built.toISOString(), platform, archive, bytes, files }, undefined, 2)}\n`;
}
