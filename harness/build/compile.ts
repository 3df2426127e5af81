// Compiles a small C program or library once and keeps it by content: sources, flags and the compiler's own version are its
// key. Hides which compiler there is, and that two runs may compile at once.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

export interface Compilation {
  /** File name of what is made. */
  readonly name: string;
  /** All files that the result depends on; those that end in `.c` are compiled. */
  readonly sources: readonly string[];
  readonly flags: readonly string[];
  /** Compilers to try, the first that answers is taken. */
  readonly compilers?: readonly string[];
}

/** What was made, or why it could not be. */
export type Compiled = { readonly file: string; readonly digest: string } | { readonly unavailable: string };

const COMPILERS: readonly string[] = ["cc", "gcc", "clang"];
const DEADLINE_MS = 120_000;
const run = promisify(execFile);

/** Compiles below `cache`, or finds there what was compiled before. A compiler that is missing or says no is told, not thrown. */
export async function compileOnce(wanted: Compilation, cache: string): Promise<Compiled> {
  const compiler = await firstCompiler(wanted.compilers ?? COMPILERS);
  if (compiler === undefined) return { unavailable: `no C compiler: none of ${(wanted.compilers ?? COMPILERS).join(", ")} answers` };
  const digest = await keyOf(wanted, compiler.version);
  const folder = path.resolve(cache, "compiled", `${wanted.name}-${digest}`);
  const file = path.join(folder, wanted.name);
  if (await stat(file).catch(() => undefined)) return { file, digest };
  await mkdir(folder, { recursive: true });
  const draft = `${file}.${process.pid}.${performance.now()}`;
  try {
    await run(compiler.command, [...wanted.flags, "-o", draft, ...wanted.sources.filter((source) => source.endsWith(".c"))], {
      timeout: DEADLINE_MS,
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
    });
    await rename(draft, file); // another run may have made the same meanwhile: either is right
    return { file, digest };
  } catch (error) {
    await rm(draft, { force: true });
    const { stderr, message } = error as Error & { stderr?: string }; // execFile rejects with an Error that has what was printed
    return { unavailable: `${compiler.command} could not make ${wanted.name}: ${(stderr ?? "").trim().slice(0, 2000) || message}` };
  }
}

async function firstCompiler(candidates: readonly string[]): Promise<{ command: string; version: string } | undefined> {
  for (const command of candidates) {
    const answer = await run(command, ["--version"], { timeout: DEADLINE_MS }).catch(() => undefined); // not there
    if (answer !== undefined) return { command, version: answer.stdout };
  }
  return undefined;
}

async function keyOf({ name, sources, flags }: Compilation, version: string): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([name, flags, version, process.arch]));
  for (const source of sources.toSorted())
    hash
      .update(path.basename(source))
      .update("\0")
      .update(await readFile(source));
  return hash.digest("hex").slice(0, 16);
}
