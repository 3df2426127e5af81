// Hashes the files a build reads, so that a change of one makes another artifact.
import { createHash } from "node:crypto";
import { readFile, readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import picomatch from "picomatch";
import { ArtifactError } from "./error.ts";

// Large, and named by no sensible pattern; what tools a build uses is in the content key by their versions.
const SKIPPED = new Set(["node_modules", ".git"]);

/** Hash over path, mode and bytes of every file in `directory` that a pattern matches. A pattern without a file is an error. */
export async function hashInputs(directory: string, patterns: readonly string[]): Promise<string> {
  const matchers = patterns.map((pattern) => ({ pattern, matches: picomatch(pattern, { dot: true }), used: false }));
  const hash = createHash("sha256");
  for (const path of (await listFiles(directory, "")).sort()) {
    const matching = matchers.filter(({ matches }) => matches(path));
    for (const matcher of matching) matcher.used = true;
    if (matching.length > 0) hash.update(JSON.stringify([path, await describe(join(directory, path))]));
  }
  const unused = matchers.find(({ used }) => !used);
  if (unused !== undefined) {
    throw new ArtifactError(
      `Cannot tell what the build reads: no file in ${directory} matches ${JSON.stringify(unused.pattern)}; correct artifact.build.inputs in product.yaml (node_modules and .git are not looked at)`,
    );
  }
  return hash.digest("hex");
}

async function listFiles(directory: string, folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(join(directory, folder), { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await listFiles(directory, path)));
    else if (entry.isFile() || entry.isSymbolicLink()) files.push(path);
  }
  return files;
}

/** A link counts with its target and, when that is a file, with what it leads to. */
async function describe(path: string): Promise<readonly unknown[]> {
  const target = await readlink(path).catch(() => undefined);
  const stats = await stat(path).catch(() => undefined);
  const content =
    stats?.isFile() === true
      ? createHash("sha256")
          .update(await readFile(path))
          .digest("hex")
      : undefined;
  return [target, stats?.isFile() === true ? stats.mode & 0o111 : undefined, content];
}
