// The cache on disk: one folder for each content key, complete or absent, checked before it is used.
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";

// Hidden, because the folder is what an artifact server serves. Its time of change is the time of the last use.
const RECORD_FILE = ".entry.json";
const COMMIT_ATTEMPTS = 5;

const record = z.strictObject({
  name: z.string(),
  archive: z.string(),
  digest: z.string(),
  archiveBytes: z.number(),
  unpackedBytes: z.number(),
  /** What is served, the archive first. */
  files: z.array(z.strictObject({ name: z.string(), size: z.number(), modified: z.number(), sha256: z.string() })).min(1),
});
export type StoreRecord = z.infer<typeof record>;

export function entryFolder(cache: string, key: string): string {
  return join(artifactsFolder(cache), key);
}

/** The entry of `key` when it is there and whole; notes that it was used. */
export async function lookUp(cache: string, key: string): Promise<StoreRecord | undefined> {
  const folder = entryFolder(cache, key);
  try {
    const entry = record.parse(JSON.parse(await readFile(join(folder, RECORD_FILE), "utf8")));
    for (const file of entry.files) if (!(await isUnchanged(join(folder, file.name), file))) return undefined;
    const now = new Date();
    await utimes(join(folder, RECORD_FILE), now, now);
    return entry;
  } catch {
    return undefined; // whatever is wrong with it, it is not an entry: it will be built anew
  }
}

/** Turns a finished scratch folder into the entry of `key`. When another process was faster, its entry stays. */
export async function commit(
  cache: string,
  key: string,
  folder: string,
  entry: Omit<StoreRecord, "files"> & { files: readonly string[] },
): Promise<StoreRecord> {
  const files = await Promise.all(entry.files.map((name) => describe(folder, name)));
  await writeFile(join(folder, RECORD_FILE), JSON.stringify({ ...entry, files }, undefined, 2));
  await mkdir(artifactsFolder(cache), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(folder, entryFolder(cache, key));
      return { ...entry, files };
    } catch (error) {
      const other = await lookUp(cache, key);
      if (other !== undefined) return other;
      if (attempt === COMMIT_ATTEMPTS) throw error;
      await discard(cache, key);
    }
  }
}

/** A folder to work in, gone when its block ends. Its name tells who made it, so that leftovers of killed builds are found. */
export async function scratchFolder(cache: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = join(scratchRoot(cache), scratchName());
  await mkdir(path, { recursive: true });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Removes scratch folders whose process on this machine is no more. */
export async function sweepScratch(cache: string): Promise<void> {
  for (const name of await listFolder(scratchRoot(cache))) {
    const [, host, pid] = /^(.*)~(\d+)~[0-9a-f]+$/.exec(name) ?? [];
    if (host === hostname() && !isAlive(Number(pid))) await rm(join(scratchRoot(cache), name), { recursive: true, force: true });
  }
}

/** Removes entries that nobody used for `keepDays` days, broken ones, and what killed builds left. Returns `<artifact> (<key>)` of each. */
export async function pruneCache(cache: string, keepDays: number, now = new Date()): Promise<string[]> {
  await sweepScratch(cache);
  const removed: string[] = [];
  for (const key of (await listFolder(artifactsFolder(cache))).sort()) {
    const file = join(entryFolder(cache, key), RECORD_FILE);
    const used = await stat(file).catch(() => undefined);
    if (used !== undefined && now.getTime() - used.mtimeMs < keepDays * 86_400_000) continue;
    const entry = record.safeParse(await readJson(file));
    await discard(cache, key);
    removed.push(`${entry.success ? entry.data.name : "a broken entry"} (${key})`);
  }
  return removed;
}

/** Hash of a file, hex. */
export async function hashFile(file: string, algorithm: "sha256" | "sha512"): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** Out of the way in one step, then removed: nobody sees half an entry. */
async function discard(cache: string, key: string): Promise<void> {
  await using trash = await scratchFolder(cache);
  await rename(entryFolder(cache, key), join(trash.path, key)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

/** Size and time first; only a file whose time moved (a restored cache) is read. */
async function isUnchanged(path: string, file: StoreRecord["files"][number]): Promise<boolean> {
  const stats = await stat(path);
  if (!stats.isFile() || stats.size !== file.size) return false;
  return stats.mtimeMs === file.modified || (await hashFile(path, "sha256")) === file.sha256;
}

async function describe(folder: string, name: string): Promise<StoreRecord["files"][number]> {
  const stats = await stat(join(folder, name));
  return { name, size: stats.size, modified: stats.mtimeMs, sha256: await hashFile(join(folder, name), "sha256") };
}

const artifactsFolder = (cache: string): string => join(cache, "artifacts");
const scratchRoot = (cache: string): string => join(cache, "scratch");
const scratchName = (): string => `${hostname()}~${process.pid}~${randomBytes(6).toString("hex")}`;

async function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

async function readJson(file: string): Promise<unknown> {
  return readFile(file, "utf8")
    .then(JSON.parse)
    .catch(() => undefined);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // kill throws nothing else: it runs, as another user
  }
}
