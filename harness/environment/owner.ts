// Whose the things of a run are: the process that made them, told by machine, pid and start, so that `clean` can tell what a
// living run uses from what a dead one left. Hides how each platform tells when a process started.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** `unknown`: a process of another machine, which cannot be asked. */
export type OwnerState =
  | { readonly kind: "alive"; readonly pid: number }
  | { readonly kind: "dead" }
  | { readonly kind: "unknown"; readonly machine: string };

let known: string | undefined;

/** This process, as a word that fits into a label or a file: `<machine>/<pid>/<start>`. */
export function thisOwner(): string {
  known ??= `${hostname()}/${process.pid}/${startOf(process.pid) ?? ""}`;
  return known;
}

/** What became of the owner that wrote such a word; whoever wrote none is dead. */
export function ownerState(owner: string | undefined): OwnerState {
  const [, machine = "", pid = "", start = ""] = /^(.+)\/(\d+)\/(.*)$/.exec(owner ?? "") ?? [];
  if (machine === "") return { kind: "dead" };
  if (machine !== hostname()) return { kind: "unknown", machine };
  // a pid is given to another process one day; its start is not
  return startOf(Number(pid)) === start ? { kind: "alive", pid: Number(pid) } : { kind: "dead" };
}

/** When a living process started, in the platform's own words; undefined when there is none. */
function startOf(pid: number): string | undefined {
  if (process.platform === "linux") return startOnLinux(pid);
  const [file, ...rest] =
    process.platform === "win32"
      ? ["powershell", "-NoProfile", "-NonInteractive", "-Command", `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`]
      : ["ps", "-o", "lstart=", "-p", String(pid)];
  try {
    return execFileSync(file ?? "", rest, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, LC_ALL: "C" },
    }).trim();
  } catch {
    return undefined; // both fail when there is no such process
  }
}

/** Ticks since the boot, and which boot that was. A zombie has ended: only its parent has not heard of it. */
function startOnLinux(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8)}.${fields[19]}`;
  } catch {
    return undefined; // no such process, or gone while we looked
  }
}
