// The library that gives a cell a clock of its own (harness/faults/clock). Linux only: there the loader takes it by LD_PRELOAD.
import path from "node:path";
import { type Compiled, compileOnce } from "./compile.ts";

const HOME = path.join(import.meta.dirname, "..", "faults", "clock");

/** Compiles the library on first use; says why where that is not possible. */
export async function buildClock(cache: string): Promise<Compiled> {
  if (process.platform !== "linux") return { unavailable: `a clock of its own needs the loader of Linux, and this is ${process.platform}` };
  return compileOnce(
    {
      name: "upmatrix-clock.so",
      sources: ["clock.c", "clock-file.c", "clock-file.h"].map((file) => path.join(HOME, file)),
      flags: ["-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"],
    },
    cache,
  );
}
