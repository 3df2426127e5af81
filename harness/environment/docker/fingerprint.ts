// What a warm container must look like before and after every cell: its mounts, its processes, the few places that can be
// written at all (its root is read-only). Cheap enough to be compared each time. Runs inside the container.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";

export interface Fingerprint {
  readonly mounts: readonly string[];
  /** Path → what can be seen of it without reading it. */
  readonly files: ReadonlyMap<string, string>;
}

/** Kernel file systems, and the artifacts, which the harness itself adds to. */
const UNWATCHED = /^(proc|sysfs|devpts|mqueue|cgroup2?)$/;
const ARTIFACTS = "/upmatrix/artifacts";

export function fingerprint(): Fingerprint {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").trimEnd().split("\n");
  return { mounts, files: new Map(mounts.filter(isWatched).flatMap((line) => filesBelow(mountPoint(line)))) };
}

/** What is not as it was. `ours`: the processes that may be there. */
export function leaksSince(before: Fingerprint, ours: ReadonlySet<number>): string[] {
  const now = fingerprint();
  return [
    ...strangers(ours).map((text) => `process in the container: ${text}`),
    ...now.mounts.filter((line) => !before.mounts.includes(line)).map((line) => `mount in the container: ${line}`),
    ...before.mounts.filter((line) => !now.mounts.includes(line)).map((line) => `mount of the container is gone: ${line}`),
    ...[...now.files].filter(([file, seen]) => before.files.get(file) !== seen).map(([file]) => `file in the container: ${file}`),
    ...[...before.files.keys()].filter((file) => !now.files.has(file)).map((file) => `file of the container is gone: ${file}`),
  ];
}

function isWatched(line: string): boolean {
  const type = / - (\S+)/.exec(line)?.[1] ?? "";
  const writable = (line.split(" ")[5] ?? "").split(",").includes("rw");
  return writable && !UNWATCHED.test(type) && mountPoint(line) !== ARTIFACTS;
}

function mountPoint(line: string): string {
  return line.split(" ")[4] ?? "/";
}

function filesBelow(folder: string, device?: number): [string, string][] {
  const at = lstatSync(folder, { throwIfNoEntry: false });
  if (at === undefined || (device !== undefined && at.dev !== device)) return [];
  const seen: [string, string] = [folder, `${at.mode} ${at.uid} ${at.size} ${at.ino} ${at.isCharacterDevice() ? "" : at.mtimeMs}`];
  if (!at.isDirectory()) return [seen];
  return [seen, ...readdirSync(folder).flatMap((name) => filesBelow(path.join(folder, name), at.dev))];
}

/** Processes in the container's own pid namespace. Those of other cells live in namespaces below it. */
function strangers(ours: ReadonlySet<number>): string[] {
  const namespace = readlinkSync("/proc/self/ns/pid");
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || ours.has(pid)) return [];
    try {
      if (readlinkSync(`/proc/${name}/ns/pid`) !== namespace) return [];
      const status = readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[1]);
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return command === "" || (parent === 1 && command.startsWith("sleep 86400")) ? [] : [`${pid} ${command}`]; // the latter is how the container waits
    } catch {
      return []; // gone while we looked
    }
  });
}
