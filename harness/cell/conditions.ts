// Makes the conditions of a cell – mask, user, folder, limits, neighbours, time – and proves that they hold for a process of
// the product. Hides how each is made.
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, lchownSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { linkTools } from "./tools.ts";
import { ClockFile } from "../faults/index.ts";
import { type CellJob, type ConditionName, conditionNames, type Conditions } from "../model/index.ts";
import { runCommand } from "./command.ts";
import { IDLE_SPEED } from "./idle-time.ts";
import type { Observer } from "./observer.ts";
import { NOTHING, type Place } from "./place.ts";

/** nobody: an account that every system has, and that may do nothing. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 } as const;
const PROOF_DEADLINE_MS = 20_000;

/** Conditions in force. Disposing it ends what was started for them. */
export interface InForce extends AsyncDisposable {
  /** The product's own clock, where a condition or a fault wants one. */
  readonly clock: ClockFile | undefined;
}

/** Makes what must be there before anything of the cell is: call it first. */
export async function makeConditions(place: Place): Promise<InForce> {
  const { conditions = {} } = place.job.script;
  if (conditions.umask !== undefined) process.umask(Number.parseInt(conditions.umask, 8));
  if (conditions.user !== undefined) place.ground.identity = UNPRIVILEGED;
  if (conditions.descriptors !== undefined)
    place.ground.limited = (argv) => ["sh", "-c", 'ulimit -n "$0"; exec "$@"', String(conditions.descriptors), ...argv];
  const clock = needsClock(place.job) ? startClock(place, conditions) : undefined;
  if (place.job.script.faults.some(({ do: action }) => typeof action === "object" && "hide" in action))
    place.ground.tools = linkTools(place.job.work);
  const end = conditions.processes === undefined ? undefined : await startNeighbours(conditions.processes);
  return { clock, [Symbol.asyncDispose]: async () => end?.() };
}

/** The product's user owns its install tree and what the cell keeps beside it. Call it when those are there. */
export function handOver(place: Place): void {
  if (place.ground.identity === undefined) return;
  const { uid, gid } = place.ground.identity;
  const visit = (file: string): void => {
    lchownSync(file, uid, gid);
    for (const entry of readdirSync(file, { withFileTypes: true })) {
      const below = path.join(file, entry.name);
      if (entry.isDirectory()) visit(below);
      else lchownSync(below, uid, gid);
    }
  };
  for (const folder of [place.tree, place.job.work]) visit(folder);
}

/** Asks a process that is started as those of the product are. Each condition becomes one observation. */
export async function proveConditions(place: Place, observer: Observer): Promise<void> {
  const names = conditionNames(place.job.script.conditions);
  if (names.length === 0) return;
  const options = { ...place.commandOptions(NOTHING, PROOF_DEADLINE_MS), quiet: true };
  const { code, stdout, stderr } = await runCommand([process.execPath, "-e", WITNESS], options, observer);
  for (const condition of names) {
    if (code !== 0)
      observer.see({ kind: "condition", condition, holds: false, evidence: `a process of the product cannot run: ${stderr.trim()}` });
    else observer.see({ kind: "condition", condition, ...testimony(condition, JSON.parse(stdout) as Witness, place) }); // our own program printed it
  }
}

function needsClock({ script }: CellJob): boolean {
  return script.conditions?.time !== undefined || script.faults.some(({ do: action }) => typeof action === "object" && "clock" in action);
}

/** The library is copied: where the artifacts lie nothing may be executed, nor read by the product's user. */
function startClock(place: Place, { time }: Conditions): ClockFile {
  const { clock: library, work } = place.job;
  if (library === undefined) throw new Error("Cannot give the product a clock of its own: the job names no library for it");
  const folder = path.join(work, "clock");
  mkdirSync(folder, { recursive: true });
  const copy = path.join(folder, CLOCK_LIBRARY);
  copyFileSync(library, copy);
  chmodSync(copy, 0o755);
  chmodSync(folder, 0o755);
  const clock = new ClockFile(path.join(folder, "time"));
  chmodSync(clock.file, 0o644);
  place.ground.further["LD_PRELOAD"] = copy;
  place.ground.further["UPMATRIX_CLOCK"] = clock.file;
  place.ground.clock = clock;
  place.ground.published = time === "published";
  if (time !== undefined) clock.setSpeed(time === "published" ? IDLE_SPEED : time.speed);
  return clock;
}

export const CLOCK_LIBRARY = "upmatrix-clock.so";

/** Processes that only wait. They end when their input does, so none outlives this program. */
async function startNeighbours(count: number): Promise<() => Promise<void>> {
  const env: NodeJS.ProcessEnv = { ...process.env };
  delete env["UPMATRIX_CELL"]; // they are not the cell's
  const child = spawn("sh", ["-c", NEIGHBOURS, "neighbours", String(count)], { stdio: ["pipe", "pipe", "inherit"], env });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await Promise.race([new Promise<void>((resolve) => child.stdout.once("data", () => resolve())), exited]);
  return async () => {
    child.stdin.destroy();
    await exited;
  };
}

const NEIGHBOURS = `exec 3<&0
n=$1
while [ "$n" -gt 0 ]; do read -r _ <&3 & n=$((n - 1)); done
echo ready
exec 3<&-
wait`;

/** What a process of the product sees of its conditions. */
interface Witness {
  readonly umask: number;
  readonly uid: number;
  readonly folder: string;
  readonly descriptors: string;
  readonly processes: number;
  readonly speed: number;
}

/** The kernel tells the machine's own uptime in a file, which no library shifts. */
const WITNESS = `
const fs = require("node:fs"), { execFileSync } = require("node:child_process");
const out = (...argv) => execFileSync(argv[0], argv.slice(1), { encoding: "utf8" });
const linux = process.platform === "linux";
const uptime = () => Number(fs.readFileSync("/proc/uptime", "utf8").split(" ")[0]);
// both clocks within one hundredth of a second: on a busy machine a process may be held between two lines
const both = () => {
  for (;;) {
    const machine = uptime(), own = performance.now();
    if (uptime() === machine) return { machine, own };
  }
};
const speed = () => {
  const from = both();
  let to = both();
  while (to.machine - from.machine < 0.2) to = both();
  return (to.own - from.own) / 1000 / (to.machine - from.machine);
};
console.log(JSON.stringify({
  umask: process.umask(),
  uid: process.getuid?.() ?? -1,
  folder: process.cwd(),
  descriptors: process.platform === "win32" ? "" : out("sh", "-c", "ulimit -Hn").trim(),
  processes: linux ? fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).length : process.platform === "win32" ? 0 : out("ps", "-A").split("\\n").length,
  speed: linux && process.env.UPMATRIX_CLOCK ? speed() : 1,
}));`;

function testimony(name: ConditionName, seen: Witness, place: Place): { readonly holds: boolean; readonly evidence: string } {
  const { conditions = {} } = place.job.script;
  switch (name) {
    case "umask":
      return {
        holds: seen.umask === Number.parseInt(conditions.umask ?? "", 8),
        evidence: `umask 0${seen.umask.toString(8).padStart(3, "0")}`,
      };
    case "user":
      return { holds: seen.uid === UNPRIVILEGED.uid, evidence: `user ${seen.uid}` };
    case "folder":
      return {
        holds: path.relative(seen.folder, place.root) === "",
        evidence: `installed in ${seen.folder}, ${Buffer.byteLength(seen.folder)} bytes long`,
      };
    case "descriptors":
      return { holds: seen.descriptors === String(conditions.descriptors), evidence: `${seen.descriptors} open files at most` };
    case "processes":
      return { holds: seen.processes > (conditions.processes ?? Infinity), evidence: `${seen.processes} processes run` };
    case "time": {
      const wanted = conditions.time === "published" ? IDLE_SPEED : (conditions.time?.speed ?? Number.NaN);
      // told in hundredths of a second: a fifth of one is off by a tenth at most
      return { holds: Math.abs(seen.speed / wanted - 1) < 0.2, evidence: `time goes ${seen.speed.toFixed(1)} times as fast` };
    }
    default:
      return name satisfies never;
  }
}
