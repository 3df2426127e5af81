// Real want of memory: what a limited container has left is filled until the kernel kills somebody for it. Hides the two
// versions of control groups, and where the filling lies.
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import type { ProcessEntry } from "../model/index.ts";

/** What became of filling the memory; `problem` when nobody was killed for it. */
export type Exhausted = Shortage | { readonly problem: string };

export interface Shortage {
  readonly limitBytes: number;
  /** How much was taken before the kernel killed. */
  readonly filledBytes: number;
  /** What the kernel counted before and after. */
  readonly kills: { readonly before: number; readonly after: number };
  /** Processes of the product that are gone since: whom it killed, and who ended with that. */
  readonly gone: readonly ProcessEntry[];
}

/** The memory of the container that this program runs in. */
export interface MemoryGroup {
  readonly limitBytes: number;
  /** How many processes the kernel has killed here for want of memory. */
  kills(): number;
}

const MEBIBYTE = 1024 ** 2;
/** Half of all memory on top of what a process holds: so this program is never the first to be taken. */
const PREFERRED = "500";
const DEATH_MS = 10_000;

/** Undefined where memory has no limit: there it must not be filled. */
export function memoryGroup(home = "/sys/fs/cgroup"): MemoryGroup | undefined {
  const versions = [
    { limit: path.join(home, "memory.max"), events: path.join(home, "memory.events") },
    { limit: path.join(home, "memory", "memory.limit_in_bytes"), events: path.join(home, "memory", "memory.oom_control") },
  ];
  const files = versions.find(({ limit, events }) => existsSync(limit) && existsSync(events));
  if (files === undefined) return undefined;
  const limitBytes = Number(readFileSync(files.limit, "utf8"));
  // "max", or the greatest number of pages that can be counted
  if (!Number.isSafeInteger(limitBytes)) return undefined;
  return { limitBytes, kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(files.events, "utf8"))?.[1] ?? Number.NaN) };
}

/**
 * Fills memory until the kernel's killer strikes, and frees it at once. The filling is a file in memory, which is nobody's: so
 * whom the kernel takes is decided among the product's processes alone, by what each of them holds.
 * @param file in a file system that lies in memory
 * @param list the product's processes
 */
export async function exhaustMemory(file: string, list: () => ProcessEntry[], group = memoryGroup()): Promise<Exhausted> {
  if (group === undefined) return { problem: "this machine's memory has no limit of the cell's own" };
  const { limitBytes } = group;
  const before = group.kills();
  if (Number.isNaN(before)) return { problem: "the kernel does not count whom it kills for want of memory" };
  const running = prefer(list());
  if (running.length === 0) return { problem: "no process of the product was running" };
  const filled = fill(file, limitBytes, () => group.kills() > before);
  if ("problem" in filled) return filled;
  const gone = await goneOf(running, list);
  if (gone.length === 0) return { problem: "the kernel killed for want of memory, but nobody of the product" };
  return { limitBytes, ...filled, kills: { before, after: group.kills() }, gone };
}

/**
 * In one go: between the kill and the end of the want this program must start nobody, neither a service once more nor the next
 * one. Those would not be preferred yet, and the kernel might take this program for them.
 */
function fill(file: string, limitBytes: number, struck: () => boolean): { readonly filledBytes: number } | { readonly problem: string } {
  const some = Buffer.alloc(MEBIBYTE, 1);
  let filledBytes = 0;
  const filling = openSync(file, "wx");
  try {
    while (!struck()) {
      if (filledBytes >= limitBytes) return { problem: `${mebibytes(filledBytes)} were taken, and the kernel killed nobody` };
      filledBytes += writeSync(filling, some);
    }
    return { filledBytes };
  } catch (error) {
    return { problem: `${mebibytes(filledBytes)} were taken, then no more: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    closeSync(filling);
    rmSync(file);
  }
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MEBIBYTE)} MiB`;
}

/** All alike, so that among them the kernel's own choice stays; their children inherit it. To be preferred needs no right. */
function prefer(processes: readonly ProcessEntry[]): readonly ProcessEntry[] {
  return processes.filter(({ pid }) => {
    try {
      writeFileSync(`/proc/${pid}/oom_score_adj`, PREFERRED);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException; // writeFileSync throws only such errors
      if (code === "ENOENT" || code === "ESRCH") return false; // it ended meanwhile
      throw error;
    }
  });
}

/** Whoever is killed is counted first and dies then. */
async function goneOf(running: readonly ProcessEntry[], list: () => ProcessEntry[]): Promise<readonly ProcessEntry[]> {
  const since = performance.now();
  for (;;) {
    const living = new Set(list().map(({ pid }) => pid));
    const gone = running.filter(({ pid }) => !living.has(pid));
    if (gone.length > 0 || performance.now() - since > DEATH_MS) return gone;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
