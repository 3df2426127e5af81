// Puts wrappers in place of executables of an unpacked release.
import { chmod, open, readFile, rename, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { compileFunction } from "node:vm";
import picomatch from "picomatch";
import type { Variant } from "../model/index.ts";
import { ArtifactError } from "./error.ts";
import { type TreeEntry, type TreeFile, filesOf, permissions, scanTree } from "./tree.ts";
import { isNodeProgram, wrapperFor } from "./wrapper.ts";

const FIRST_LINE_BYTES = 256;
const NAMED_FILES = 40;
const SUFFIX = ".real";

/** Wraps what `variant.wrap` matches in the tree `root`; `archive` only names it in errors. */
export async function applyVariant(
  root: string,
  variant: Variant,
  { archive, platform }: { readonly archive: string; readonly platform: string },
): Promise<void> {
  const entries = await scanTree(root);
  const isWrapped = picomatch(variant.wrap, { dot: true });
  const matched = filesOf(entries).filter(({ path }) => isWrapped(path));
  if (matched.length === 0) throw new ArtifactError(nothingMatches(variant.wrap, archive, entries));
  for (const file of matched) {
    if (entries.some(({ path }) => path === file.path + SUFFIX)) {
      throw new ArtifactError(
        `Cannot wrap ${file.path}: the archive has a file ${basename(file.path)}${SUFFIX} already; narrow the pattern ${JSON.stringify(variant.wrap)}`,
      );
    }
    await wrap(file, variant, platform);
  }
}

async function wrap(file: TreeFile, variant: Variant, platform: string): Promise<void> {
  const line = await firstLine(file.absolute);
  if (isNodeProgram(line)) await requireCommonJs(file);
  else if (platform.startsWith("win32")) {
    throw new ArtifactError(
      `Cannot wrap ${file.path}: its first line is no shebang with node, and Windows has no shell for another wrapper; leave this variant to other platforms`,
    );
  }
  await rename(file.absolute, file.absolute + SUFFIX);
  await writeFile(file.absolute, wrapperFor(line, variant));
  await chmod(file.absolute, permissions(file));
}

/** The wrapper runs the program as its own CommonJS module; an ES module would end in a syntax error that looks like the misbehaviour. */
async function requireCommonJs({ path, absolute }: TreeFile): Promise<void> {
  const source = (await readFile(absolute, "utf8")).replace(/^#!/, "//");
  try {
    compileFunction(source, ["exports", "require", "module", "__filename", "__dirname"]);
  } catch (error) {
    throw new ArtifactError(
      `Cannot wrap ${path}: it is not a CommonJS program (${String(error)}); bundle it as CommonJS, for example with esbuild --format=cjs`,
      { cause: error },
    );
  }
}

/** Few bytes only: it may be a large binary. */
async function firstLine(path: string): Promise<string> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE_BYTES), 0, FIRST_LINE_BYTES, 0);
  return buffer.toString("latin1", 0, bytesRead).split(/\r?\n/, 1)[0] ?? "";
}

function nothingMatches(pattern: string, archive: string, entries: readonly TreeEntry[]): string {
  const files = filesOf(entries).map(({ path }) => `  ${path}`);
  const more = files.length > NAMED_FILES ? [`  … and ${files.length - NAMED_FILES} more`] : [];
  return [
    `Cannot wrap ${JSON.stringify(pattern)}: no file in ${archive} matches; correct the pattern in product.yaml. Its files:`,
    ...files.slice(0, NAMED_FILES),
    ...more,
  ].join("\n");
}
