// The processes of a cell on this machine, recognised by UPMATRIX_CELL in their environment (Linux, macOS) or by the cell's
// folder in their command line (Windows). Finds them wherever they were handed down to, and ends them.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

export interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
}

/** Whether a process's UPMATRIX_CELL is meant. */
export type Mark = (marker: string) => boolean;

const run = promisify(execFile);
const GIVE_UP_MS = 5000;

/** All processes whose marker is meant, but never this one. */
export async function marked(mark: Mark): Promise<MarkedProcess[]> {
  const found = process.platform === "linux" ? onLinux(mark) : process.platform === "win32" ? await onWindows(mark) : await byPs(mark);
  return found.filter(({ pid }) => pid !== process.pid);
}

/** Kills them until none is left, and none writes to a file any more. Returns those that were there, and those that could not be killed. */
export async function endMarked(mark: Mark): Promise<{ killed: MarkedProcess[]; immortal: MarkedProcess[] }> {
  const killed = new Map<number, MarkedProcess>();
  const end = performance.now() + GIVE_UP_MS;
  for (;;) {
    const left = await marked(mark);
    const ending = [...killed.values()].filter(({ pid }) => !isOver(pid) && !left.some((other) => other.pid === pid));
    if (left.length === 0 && ending.length === 0) break;
    if (performance.now() > end) return { killed: [...killed.values()], immortal: [...left, ...ending] };
    for (const victim of left) {
      killed.set(victim.pid, victim);
      await kill(victim.pid);
    }
    await new Promise((resolve) => setImmediate(resolve)); // lets this process reap its own children
  }
  return { killed: [...killed.values()], immortal: [] };
}

/** A process that was killed shows neither environment nor command while some of its threads still end a call. */
function isOver(pid: number): boolean {
  if (process.platform !== "linux") return true; // nobody tells
  const threads = namesIn(`/proc/${pid}/task`);
  return threads.every((thread) => {
    const stat = textOf(`/proc/${pid}/task/${thread}/stat`);
    return stat === "" || ["Z", "X"].includes(stat.charAt(stat.lastIndexOf(")") + 2));
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // the process is gone
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // the thread is gone
  }
}

async function kill(pid: number): Promise<void> {
  if (process.platform === "win32") {
    await run("taskkill", ["/F", "/T", "/PID", String(pid)]).catch(() => undefined); // gone already, or the next look finds it
    return;
  }
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone already, or not ours to kill: the next look finds it
  }
}

/** Read at once, not one by one in the background: a quarter of the time, and this is done after every cell. */
function onLinux(mark: Mark): MarkedProcess[] {
  const names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return names.flatMap((name) => {
    try {
      const environment = readFileSync(path.join("/proc", name, "environ"), "latin1");
      const marker = /(?:^|\0)UPMATRIX_CELL=([^\0]*)/.exec(environment)?.[1];
      if (marker === undefined || !mark(marker)) return [];
      const command = readFileSync(path.join("/proc", name, "cmdline"), "utf8");
      return command === "" ? [] : [{ pid: Number(name), command: command.replaceAll("\0", " ").trim() }];
    } catch {
      return []; // gone while we looked, or somebody else's
    }
  });
}

async function byPs(mark: Mark): Promise<MarkedProcess[]> {
  const { stdout } = await run("ps", ["axwwE", "-o", "pid=,command="], { maxBuffer: 64 << 20 });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    const marker = /\sUPMATRIX_CELL=(\S+)/.exec(command ?? "")?.[1];
    return pid === undefined || marker === undefined || !mark(marker) ? [] : [{ pid: Number(pid), command: command ?? "" }];
  });
}

/** Windows shows no environments. A marker is the name of the cell's folder, which stands in most command lines. */
async function onWindows(mark: Mark): Promise<MarkedProcess[]> {
  const script = "Get-CimInstance Win32_Process | Select-Object ProcessId,CommandLine,ExecutablePath | ConvertTo-Json -Compress";
  const { stdout } = await run("powershell", ["-NoProfile", "-NonInteractive", "-Command", script], { maxBuffer: 64 << 20 });
  const rows = JSON.parse(stdout) as { ProcessId: number; CommandLine: string | null; ExecutablePath: string | null }[]; // the shape Select-Object was asked for
  return rows.flatMap(({ ProcessId, CommandLine, ExecutablePath }) => {
    const command = `${ExecutablePath ?? ""} ${CommandLine ?? ""}`;
    const folder = /upmatrix-[\w.-]+/g;
    return [...command.matchAll(folder)].some(([name]) => mark(name)) ? [{ pid: ProcessId, command: command.trim() }] : [];
  });
}
