// The processes of a cell: which there are, what they run, and how to end them. Knows how each platform lists them.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { ProcessEntry } from "../model/index.ts";

/** A process as the platform lists it; the rest is asked for only where it is needed, because a cell looks often. */
interface Listed {
  readonly pid: number;
  readonly parent: number;
  /** Differs between two processes that have one pid after another. */
  readonly identity: string;
  /** Empty for a kernel thread, and for a process that is just ending. */
  command(): string;
  /** The environment as one text, where the platform shows it. */
  environment(): string;
}

export class Processes {
  readonly #marker: string;
  readonly #alone: boolean;
  readonly #outsiders: ReadonlySet<number>;
  /** The variable in which a process's machine stands, where there are several. */
  readonly #machine: RegExp | undefined;
  /** A process stays on its machine; those whose environment could not be read yet are not in it. */
  #machines = new Map<string, string>();
  /** Whether a process is the cell's never changes: children inherit the marker, and nobody else gets it. */
  #belonging = new Map<string, boolean>();
  /** Processes of others; looks that follow close upon each other need not look at them again. */
  readonly #foreign = new Set<number>();
  #looked = 0;

  /**
   * @param marker value of UPMATRIX_CELL that every process of the cell carries
   * @param alone whether the cell has a process namespace of its own: then all others are the cell's, marked or not
   * @param machine name of the variable that tells which machine a process runs on; undefined: there is only one
   */
  constructor(marker: string, alone: boolean, machine?: string) {
    this.#marker = marker;
    this.#alone = alone;
    this.#machine = machine === undefined ? undefined : new RegExp(`(?:^|[\\0 ])${machine}=([^\\0 ]*)`);
    this.#outsiders = new Set([process.pid, process.ppid, ...(alone ? list().map((entry) => entry.pid) : [])]);
  }

  /** All living processes of the cell but the cell program itself. */
  list(): ProcessEntry[] {
    const own = this.#own();
    const machineOf = this.#machinesOf(own);
    return own.flatMap((entry) => {
      const command = entry.command();
      if (command === "") return [];
      const on = machineOf(entry);
      return [{ pid: entry.pid, parent: entry.parent, command, ...(on === "" ? {} : { on }) }];
    });
  }

  /** Those started, directly or not, by a service: they inherited its unit's name. */
  ofUnit(unit: string): { readonly pid: number }[] {
    if (process.platform === "win32") return [];
    const mark = `UPMATRIX_UNIT=${unit}`;
    return this.#own().filter((entry) => entry.environment().split(SEPARATOR).includes(mark));
  }

  /** Whether one of them runs, or would if it had a processor, or waits for a disk. Linux only. */
  someAtWork(): boolean {
    return this.#own().some(({ pid }) => threadsOf(pid).some((state) => state === "R" || state === "D"));
  }

  /** Those whose command line matches one of the patterns. */
  matching(patterns: readonly string[]): ProcessEntry[] {
    const expressions = patterns.map((pattern) => new RegExp(pattern));
    return this.list().filter((entry) => expressions.some((expression) => expression.test(entry.command)));
  }

  /**
   * Sends SIGKILL until none is left; stops them first, so that none can start another meanwhile.
   * @param on only those of this machine
   */
  async killAll(on?: string): Promise<ProcessEntry[]> {
    const killed = new Map<number, ProcessEntry>();
    const left = (): ProcessEntry[] => this.list().filter((entry) => on === undefined || entry.on === on);
    for (let victims = left(); victims.length > 0; victims = left()) {
      if (process.platform !== "win32") for (const { pid } of victims) signal(pid, "SIGSTOP");
      for (const victim of victims) {
        signal(victim.pid, "SIGKILL");
        killed.set(victim.pid, victim);
      }
      await ended(victims);
    }
    return [...killed.values()];
  }

  /** By what each one inherited; one in the middle of an exec shows nothing, and is where its parent is. */
  #machinesOf(own: readonly Listed[]): (entry: Listed) => string {
    const variable = this.#machine;
    if (variable === undefined) return () => "";
    const machines = new Map<string, string>();
    const byPid = new Map<number, string>();
    for (const { identity, pid, parent, environment } of own) {
      const known = this.#machines.get(identity);
      const text = known === undefined ? environment() : "";
      const machine = known ?? (text === "" ? undefined : (variable.exec(text)?.[1] ?? ""));
      if (machine === undefined) continue;
      byPid.set(pid, machine);
      if (machine !== "" || parent !== process.pid) machines.set(identity, machine); // a child of ours may still show our environment
    }
    this.#machines = machines; // without those that have ended
    return ({ pid, parent }) => byPid.get(pid) ?? byPid.get(parent) ?? "";
  }

  #own(): Listed[] {
    const now = performance.now();
    if (now - this.#looked > REUSE_MS) this.#foreign.clear();
    this.#looked = now;
    const found = list(this.#foreign);
    const belonging = new Map<string, boolean>();
    const own = found.filter((entry) => {
      if (this.#outsiders.has(entry.pid)) return false;
      if (this.#alone) return true;
      const known = this.#belonging.get(entry.identity);
      const environment = known === undefined ? entry.environment() : "";
      const belongs = known ?? environment.includes(`UPMATRIX_CELL=${this.#marker}`);
      // a child of ours, and any process in the middle of an exec, may not show its own environment yet
      if (belongs || known === false || (environment !== "" && entry.parent !== process.pid)) belonging.set(entry.identity, belongs);
      if (known === false) this.#foreign.add(entry.pid);
      return belongs;
    });
    this.#belonging = belonging; // without those that have ended
    return own;
  }
}

/** What lies between two variables of an environment: a zero byte, or a space where `ps` tells it. */
const SEPARATOR = /[\0 ]/;

/** Tells a process from a later one of the same number, where the platform says when it was started. */
export function identityOf(pid: number): string {
  if (process.platform !== "linux") return String(pid);
  const stat = readProc(`/proc/${pid}/stat`);
  return `${pid}:${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_TIME] ?? "ended"}`;
}

/** The state of each thread, in the letters of proc_pid_stat(5). */
function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => {
      const stat = readProc(`/proc/${pid}/task/${thread}/stat`);
      return stat.charAt(stat.lastIndexOf(")") + 2);
    });
  } catch {
    return []; // it ended meanwhile
  }
}

/** Resolves when none of those that were killed lives any more. To look at them alone costs a hundredth of listing everybody. */
async function ended(victims: readonly { readonly pid: number }[]): Promise<void> {
  // also lets this process reap its own children
  do await new Promise((resolve) => setTimeout(resolve, 1));
  while (process.platform === "linux" && victims.some(({ pid }) => livesOn(pid)));
}

function livesOn(pid: number): boolean {
  const stat = readProc(`/proc/${pid}/stat`);
  const state = stat.charAt(stat.lastIndexOf(")") + 2);
  return stat !== "" && state !== "Z" && state !== "X";
}

/** A pid is given to another process only when all others have been given: not within such a time. */
const REUSE_MS = 500;

/** Sends a signal; false when there is no such process any more. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false; // process.kill throws only such errors
    throw error;
  }
}

/** @param known processes that need not be looked at, where that saves anything; those that have ended are removed from it */
function list(known = new Set<number>()): Listed[] {
  if (process.platform === "linux") return listLinux(known);
  return process.platform === "win32" ? listWindows() : listPosix();
}

function listLinux(known: Set<number>): Listed[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  const alive = new Set(pids);
  for (const pid of known) if (!alive.has(pid)) known.delete(pid);
  return pids.flatMap((pid) => {
    const stat = known.has(pid) ? "" : readProc(`/proc/${pid}/stat`);
    if (stat === "") return [];
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, parent] = fields;
    if (state === "Z" || state === "X") return []; // dead, only not reaped yet
    return [
      {
        pid,
        parent: Number(parent),
        identity: `${pid} ${fields[START_TIME]}`,
        command: () => commandLine(`${pid} ${fields[START_TIME]} ${fields[ARGUMENTS_START]}`, pid),
        environment: () => readProc(`/proc/${pid}/environ`),
      },
    ];
  });
}

/** Of proc_pid_stat(5), counted from the state. */
const START_TIME = 19;
const ARGUMENTS_START = 45;

const commandLines = new Map<string, { readonly text: string; readonly readAt: number }>();
const COMMAND_LINE_MS = 200;

/**
 * To read a command line the kernel looks into the process, which takes longer than all else of a listing. An exec gives the
 * arguments another place; a program that renames itself is seen under its new name after a moment.
 */
function commandLine(identity: string, pid: number): string {
  const known = commandLines.get(identity);
  const now = performance.now();
  if (known !== undefined && now - known.readAt < COMMAND_LINE_MS) return known.text;
  const text = readProc(`/proc/${pid}/cmdline`).split("\0").filter(Boolean).join(" ");
  if (commandLines.size >= MOST_COMMAND_LINES) commandLines.clear();
  if (text === "") commandLines.delete(identity);
  else commandLines.set(identity, { text, readAt: now });
  return text;
}

const MOST_COMMAND_LINES = 10_000;

/** Empty when the process ended while it was looked at, or is somebody else's: either way not a living process of this cell. */
function readProc(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function listPosix(): Listed[] {
  const plain = table(execFileSync("ps", ["axww", "-o", "pid=,ppid=,stat=,command="], { encoding: "utf8" }));
  const whole = table(execFileSync("ps", ["axwwE", "-o", "pid=,ppid=,stat=,command="], { encoding: "utf8" }));
  const environments = new Map(whole.map((row) => [row.pid, row.command]));
  return plain
    .filter((row) => !row.state.startsWith("Z"))
    .map(({ pid, parent, command }) => ({
      pid,
      parent,
      identity: `${pid} ${environments.get(pid) ?? ""}`,
      command: () => command,
      environment: () => environments.get(pid) ?? "",
    }));
}

function table(text: string): { pid: number; parent: number; state: string; command: string }[] {
  return text.split("\n").flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), state: state ?? "", command: command ?? "" }];
  });
}

/** Windows shows no environments: the cell's processes are the descendants of the cell program and those that name its folder. */
function listWindows(): Listed[] {
  const script = "Get-CimInstance Win32_Process | Select-Object ProcessId,ParentProcessId,CommandLine | ConvertTo-Json -Compress";
  const text = execFileSync("powershell", ["-NoProfile", "-NonInteractive", "-Command", script], { encoding: "utf8", maxBuffer: 64 << 20 });
  const rows = JSON.parse(text) as { ProcessId: number; ParentProcessId: number; CommandLine: string | null }[]; // the shape Select-Object was asked for
  const marker = process.env["UPMATRIX_CELL"] ?? "";
  const descendants = new Set<number>([process.pid]);
  for (let before = 0; before !== descendants.size;) {
    before = descendants.size;
    for (const row of rows) if (descendants.has(row.ParentProcessId)) descendants.add(row.ProcessId);
  }
  return rows.map((row) => {
    const command = row.CommandLine ?? "";
    const own = descendants.has(row.ProcessId) || (marker !== "" && command.includes(marker));
    return {
      pid: row.ProcessId,
      parent: row.ParentProcessId,
      identity: `${row.ProcessId} ${command}`,
      command: () => command,
      environment: () => (own ? `UPMATRIX_CELL=${marker}` : ""),
    };
  });
}
