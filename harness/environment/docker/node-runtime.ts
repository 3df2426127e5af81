// Finds a Linux Node for the engine's processor: this very one, one that npm installed, or one that npm brings. Knows which
// libraries it needs from the image and where an image keeps them.
import { execFile } from "node:child_process";
import { realpathSync, statSync } from "node:fs";
import { mkdir, realpath, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { extract } from "tar";
import { EnvironmentError, reasonOf } from "../types.ts";
import type { ArchiveEntry } from "./archive.ts";

const run = promisify(execFile);
const LIBRARIES = ["libstdc++.so.6", "libgcc_s.so.1"];
const TRIPLETS: Record<string, string> = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };

/** Path of the binary on this machine. */
export async function nodeFor(arch: string, cache: string): Promise<string> {
  if (process.platform === "linux" && process.arch === arch) return realpathSync(process.execPath);
  return installed(arch) ?? (await fetched(arch, cache));
}

/** What tells two binaries apart without reading 120 MB. */
export function nodeKey(binary: string): string {
  const { size, mtimeMs } = statSync(binary);
  return `${process.version} ${size} ${Math.round(mtimeMs)}`;
}

function installed(arch: string): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-linux-${arch}/package.json`);
    return path.join(path.dirname(manifest), "bin", "node");
  } catch {
    return undefined;
  }
}

async function fetched(arch: string, cache: string): Promise<string> {
  const name = `node-linux-${arch}@${process.versions.node}`;
  const folder = path.resolve(cache, "node", name);
  const binary = path.join(folder, "bin", "node");
  if (await stat(binary).catch(() => undefined)) return binary;
  const draft = `${folder}.${process.pid}`;
  try {
    await mkdir(draft, { recursive: true });
    const { stdout } = await run(process.platform === "win32" ? "npm.cmd" : "npm", ["pack", "--silent", name], {
      cwd: draft,
      shell: process.platform === "win32",
    });
    await extract({ file: path.join(draft, stdout.trim()), cwd: draft, strip: 1 }, ["package/bin/node"]);
    await rename(draft, folder);
    return binary;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw new EnvironmentError({
      what: `Cannot bring Node to linux-${arch}`,
      why: reasonOf(error),
      whatToDo: `Make the npm registry reachable, or put the package ${name} into node_modules`,
    });
  }
}

/** The libraries that Node needs and the image lacks, as entries for it. Throws when the image can run no Node at all. */
export async function missingLibraries(container: Docker.Container, arch: string, image: string): Promise<ArchiveEntry[]> {
  const triplet = TRIPLETS[arch] ?? arch;
  const folders = [`/usr/lib/${triplet}`, `/lib/${triplet}`, "/usr/lib64", "/lib64", "/usr/lib", "/lib"];
  const holding = async (library: string) => {
    for (const folder of folders) if (await exists(container, `${folder}/${library}`)) return folder;
    return undefined;
  };
  const home = await holding("libc.so.6");
  if (home === undefined) {
    throw new EnvironmentError({
      what: `Cannot run Node in the image ${JSON.stringify(image)}`,
      why: "it has no glibc",
      whatToDo: "Choose an image with glibc, such as debian, ubuntu or fedora",
    });
  }
  const missing: string[] = [];
  for (const library of LIBRARIES) if ((await holding(library)) === undefined) missing.push(library);
  return Promise.all(
    missing.map(async (library) => ({
      path: `${home}/${library}`.slice(1),
      content: { file: await ownLibrary(library, triplet, image) },
      mode: 0o755,
    })),
  );
}

async function exists(container: Docker.Container, file: string): Promise<boolean> {
  return container.infoArchive({ path: file }).then(
    () => true,
    () => false,
  );
}

async function ownLibrary(library: string, triplet: string, image: string): Promise<string> {
  for (const folder of [`/usr/lib/${triplet}`, "/usr/lib64", "/usr/lib"]) {
    const found = await realpath(path.join(folder, library)).catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new EnvironmentError({
    what: `Cannot run Node in the image ${JSON.stringify(image)}`,
    why: `it lacks ${library}, and so does this machine`,
    whatToDo: "Install libstdc++ in the image",
  });
}
