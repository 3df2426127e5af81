// Runs a measuring program in a fresh process and reads what it says: peak memory is the whole process's, so each has one of its own.
import { spawn } from "node:child_process";
import path from "node:path";

export interface ChildResult {
  /** From its start to its end, Node's own start included. */
  readonly wallMs: number;
  /** Peak resident memory, in MB of 1,000,000 bytes. */
  readonly peakMB: number;
  /** What else it says. */
  readonly said: unknown;
}

/** @param program file beside this one */
export async function measureChild(program: string, argv: readonly string[], signal: AbortSignal): Promise<ChildResult> {
  const began = performance.now();
  const child = spawn(process.execPath, ["--expose-gc", path.join(import.meta.dirname, program), ...argv], {
    stdio: ["ignore", "pipe", "inherit"],
    signal,
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  const wallMs = performance.now() - began;
  if (code !== 0) throw new Error(`Cannot measure: ${program} ended with ${String(code)}`);
  const { peakKiB, ...said } = JSON.parse(text) as { peakKiB: number }; // written by tell()
  return { wallMs, peakMB: (peakKiB * 1024) / 1e6, said };
}

/** What a measuring program says last. */
export function tell(said: object): void {
  console.log(JSON.stringify({ ...said, peakKiB: process.resourceUsage().maxRSS }));
}
