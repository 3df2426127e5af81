// The recorder (harness/faults/recorder): a static program, so that it runs in any image. Linux only: it rests on ptrace and seccomp.
import { readdirSync } from "node:fs";
import path from "node:path";
import { type Compilation, type Compiled, compileOnce } from "./compile.ts";

const HOME = path.join(import.meta.dirname, "..", "faults", "recorder");

/** Compiles the recorder on first use; says why where that is not possible. */
export async function buildRecorder(cache: string): Promise<Compiled> {
  if (process.platform !== "linux")
    return { unavailable: `the recorder needs ptrace and seccomp of Linux, and this is ${process.platform}` };
  return compileOnce(recorderCompilation(["cc", "gcc", "clang", "musl-gcc"]), cache);
}

/** How the recorder is compiled, for this machine or, by a cross compiler, for another one. */
export function recorderCompilation(compilers: readonly string[]): Compilation {
  const sources = readdirSync(HOME).filter((name) => /\.[ch]$/.test(name));
  return {
    name: "recorder",
    sources: sources.map((name) => path.join(HOME, name)),
    flags: ["-O2", "-static", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"],
    compilers,
  };
}
