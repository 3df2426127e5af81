// A cell as faults see it: each verb of FaultTarget in terms of the cell's parts.
import { execFileSync } from "node:child_process";
import { closeSync, fstatSync, lstatSync, openSync, readlinkSync, readSync, statfsSync } from "node:fs";
import path from "node:path";
import type { FaultTarget, OperationAction, OperationTrigger } from "../faults/index.ts";
import type { JobArtifact } from "../model/index.ts";
import type { Cell } from "./cell.ts";
import { changeCompanion } from "./fleet-steps.ts";
import { matchingPaths } from "./glob.ts";
import { damaged, disturb, followersOf } from "./harm.ts";
import { exhaustMemory, mebibytes } from "./memory.ts";
import type { Place } from "./place.ts";
import { type Processes, signal } from "./processes.ts";
import { readTree } from "./snapshot.ts";
import { hideTools } from "./tools.ts";

export function faultTarget(cell: Cell, artifact: JobArtifact, orders: Orders): FaultTarget {
  const { place, processes, server, observer } = cell;
  const positions = new WeakMap<object, Map<string, number>>();
  return {
    paths: (glob) => matchingPaths(place.root, glob),
    identity: (relative) => identity(path.join(place.root, relative)),
    logged: (key) => {
      const known = positions.get(key) ?? new Map<string, number>();
      positions.set(key, known);
      return logFiles(cell)
        .map((file) => readFrom(file, known))
        .join("");
    },
    processes: () => processes.list(),
    ...aimAt(cell),
    misbehave: (glob, misbehave, hit) => server.misbehave(glob, misbehave, hit),
    letOperationsPass: () => {
      // the answer need not be waited for: the recorder obeys in order, and whoever is started later joins after that
      cell.recorder?.stop().catch((error: Error) => observer.see({ kind: "problem", message: error.message }));
      return "operations succeed again";
    },
    interrupt: (trigger, action, fired) => interrupt(cell, trigger, action, fired),
    watchRequests: (glob, bytes, reached) => server.watch(glob, bytes, reached),
    ...changesTo(cell, orders),
    triggerAgain: orders.triggerAgain,
    reinstall: orders.reinstall,
    ...harmTo(cell),
    remount: (options) => remount(place.tree, options),
    ...diskOf(place.root),
    sizes: () => ({
      archive: artifact.archiveBytes,
      unpacked: artifact.unpackedBytes,
      installed: readTree(place.root).reduce((sum, entry) => sum + (entry.size ?? 0), 0),
    }),
  };
}

/** Who is meant, and when somebody starts or answers. */
function aimAt({ place, processes, observer }: Cell): Pick<FaultTarget, "aimedAt" | "signal" | "killAll" | "onServiceStart" | "onAnswer"> {
  const { product, versions } = place.job;
  return {
    aimedAt: (who, host) => {
      const { updaters, watchers } = product;
      const patterns = { agent: product.processes.map(({ match }) => match), updater: updaters, watcher: watchers };
      const meant = who === "all" ? processes.list() : processes.matching(patterns[who]);
      return host === undefined ? meant : meant.filter(({ on }) => on === host);
    },
    signal,
    killAll: (host) => processes.killAll(host),
    onServiceStart: (service, callback) => {
      const unit = product.services.find(({ name }) => name === service)?.unit ?? service;
      const isMeant = (label: string): boolean => label === unit || label.endsWith(`/${unit}`);
      return observer.listen((seen) => {
        if (seen.kind === "service" && isMeant(seen.service) && seen.event === "started" && seen.pid !== undefined) callback(seen.pid);
      });
    },
    onAnswer: (role, callback) => {
      const wanted = versions[role];
      return observer.listen((seen) => {
        if ((seen.kind === "health" || seen.kind === "member") && seen.version === wanted) callback(wanted);
      });
    },
  };
}

/** What happens to machines and the lines between them. */
function changesTo(cell: Cell, { artifactOf }: Orders): Pick<FaultTarget, "reboot" | "changeNetwork" | "changeCompanion"> {
  const { fleet, observer } = cell;
  return {
    reboot: (host) => cell.reboot(host),
    changeNetwork: (step) => {
      const evidence = fleet.lines.change(step);
      if (evidence !== undefined) observer.see({ kind: "network", change: step.network, between: step.between, evidence });
      return evidence;
    },
    changeCompanion: (step) => changeCompanion(step, cell, { of: artifactOf }),
  };
}

function harmTo(cell: Cell): Pick<FaultTarget, "exhaustMemory" | "disturbManager" | "damage" | "hide" | "jumpClock"> {
  const { place, processes, clock, fleet } = cell;
  return {
    exhaustMemory: () => exhaust(place, processes),
    disturbManager: (how) => [...new Set(fleet.hosts.map(({ manager }) => disturb(manager, how)))].join("; "),
    damage: (glob, how) => matchingPaths(place.root, glob).flatMap((found) => damaged(place.root, found, how)),
    hide: (tools) => hideTools(place, tools),
    jumpClock: (ms) => {
      if (clock === undefined) throw new Error("Cannot set the clock: the cell was made without one");
      clock.jump(ms);
      return followersOf(processes.list());
    },
  };
}

/** The scratch folder lies in memory where the cell has a limit of its own. */
async function exhaust(place: Place, processes: Processes): ReturnType<FaultTarget["exhaustMemory"]> {
  const done = await exhaustMemory(path.join(place.job.work, "filling"), () => processes.list());
  return "problem" in done ? done : { ...done, taken: `${mebibytes(done.filledBytes)} of ${mebibytes(done.limitBytes)}` };
}

function diskOf(root: string): Pick<FaultTarget, "disk" | "inodes"> {
  return {
    disk: () => {
      const { bsize, blocks, bfree } = statfsSync(root);
      return { totalBytes: bsize * blocks, usedBytes: bsize * (blocks - bfree) };
    },
    inodes: () => {
      const { files, ffree } = statfsSync(root);
      return { total: files, used: files - ffree };
    },
  };
}

/** What faults may have the steps do. */
export interface Orders extends Pick<FaultTarget, "triggerAgain" | "reinstall"> {
  /** The sound artifact of a role. */
  readonly artifactOf: (role: "from" | "to" | "next") => JobArtifact;
}

/** The recorder holds the process at the operation and does it itself; its word is the proof. */
async function interrupt(
  cell: Cell,
  { operation, path: glob, nth, moment }: OperationTrigger,
  action: OperationAction,
  fired: (evidence: string) => void,
): Promise<() => Promise<void>> {
  const { recorder, place, listenForInjections } = cell;
  if (recorder === undefined) throw new Error("no recorder runs here");
  const stop = listenForInjections(({ do: done, k, op, path: at, pid, killed }) => {
    stop();
    const whom = killed === undefined ? "" : `; killed ${killed.length === 0 ? "nobody" : killed.join(", ")}`;
    fired(`${done} at operation ${k}, ${op} of ${path.relative(place.root, at) || "."}, of process ${pid}${whom}`);
    // what is recorded must not be changed before it was looked at: there nobody starts again
    if (killed !== undefined && place.job.script.sweep === undefined)
      recorder.admit().catch((error: Error) => cell.observer.see({ kind: "problem", message: error.message }));
  });
  const where = `${operation === "any" ? "" : `op=${operation},`}nth=${nth},path=${path.isAbsolute(glob) ? glob : path.join(place.root, glob)}`;
  await recorder.inject(`${whatToDo(action, moment)},${where}`);
  return async () => {
    // whoever was killed is dead before the recorder says so; its answers come in order, so that after this one it has said it
    await recorder.mark("disarmed").catch((error: Error) => cell.observer.see({ kind: "problem", message: error.message }));
    stop();
  };
}

function whatToDo(action: OperationAction, moment: OperationTrigger["moment"]): string {
  if ("fail" in action) return `do=errno,errno=${action.fail}${action.sticky ? ",sticky=1" : ""}`;
  if (action.kill === "caller") return `do=signal,signal=${action.signal}`;
  return moment === "torn" ? "do=torn" : `do=kill-${moment}`;
}

/** The product's logs and what its services and companions print. */
export function logFiles({ place, fleet }: Pick<Cell, "place" | "fleet">): string[] {
  const { logs } = place.job.product;
  const own = [...logs.agent, ...logs.updater]
    .flatMap((glob) => matchingPaths(place.root, glob))
    .map((found) => path.join(place.root, found));
  return [...new Set(own), ...fleet.printed().map(({ file }) => file)];
}

function readFrom(file: string, positions: Map<string, number>): string {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return ""; // not there yet, or removed
  }
  try {
    const start = positions.get(file) ?? 0;
    const gained = Buffer.alloc(Math.max(0, fstatSync(fd).size - start));
    const read = gained.length === 0 ? 0 : readSync(fd, gained, 0, gained.length, start);
    positions.set(file, start + read);
    return gained.toString("utf8", 0, read);
  } finally {
    closeSync(fd);
  }
}

function identity(file: string): string | undefined {
  const stat = lstatSync(file, { throwIfNoEntry: false, bigint: true });
  if (stat === undefined) return undefined;
  try {
    return stat.isSymbolicLink() ? readlinkSync(file) : `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
  } catch {
    return undefined; // removed in between
  }
}

function remount(root: string, options: string): string | undefined {
  try {
    execFileSync("mount", ["-o", `remount,${options}`, root], { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }; // execFileSync throws an Error with what was printed
    return (stderr ?? message).trim() || message;
  }
}
