// What faults do to parts of a cell, and what can be told of it: files, the service manager, processes by their clock.
import { closeSync, lstatSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import path from "node:path";
import type { ProcessEntry } from "../model/index.ts";
import { CLOCK_LIBRARY } from "./conditions.ts";
import type { ServiceManager } from "./services/manager.ts";

const COMMAND_LETTERS = 80;

/** Damages one file in place, so that its owner, mode and name stay; tells how. Nothing is told of what holds nothing to damage. */
export function damaged(root: string, relative: string, how: "corrupt" | "truncate" | "empty"): string[] {
  const file = path.join(root, relative);
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || stat.size === 0) return [];
  if (how !== "corrupt") {
    const size = how === "empty" ? 0 : Math.floor(stat.size / 2);
    truncateSync(file, size);
    return [`${relative} was cut from ${stat.size} to ${size} bytes`];
  }
  const at = Math.floor(stat.size / 2);
  const byte = readFileSync(file)[at] ?? 0;
  const fd = openSync(file, "r+");
  try {
    writeSync(fd, Buffer.of(byte ^ 0xff), 0, 1, at);
  } finally {
    closeSync(fd);
  }
  return [`byte ${at} of ${relative} was changed from ${byte} to ${byte ^ 0xff}`];
}

export function disturb(manager: ServiceManager, how: "freeze" | "crash" | "re-execute" | "thaw"): string {
  switch (how) {
    case "freeze":
      manager.freeze("thaw");
      return "the service manager was frozen: it neither answers nor starts anything";
    case "crash":
      manager.freeze("reboot");
      return "the service manager crashed: until a reboot it neither answers nor starts anything";
    case "re-execute":
      manager.reload();
      return "the service manager executed itself again and read all units";
    case "thaw":
      manager.thaw();
      return "the service manager goes on";
    default:
      return how satisfies never;
  }
}

/** Which processes have the clock's library, and which went without. */
export function followersOf(processes: readonly ProcessEntry[]): { readonly followers: string[]; readonly deaf: string[] } {
  const follows = Map.groupBy(processes, ({ pid }) => readOf(pid, "maps").includes(CLOCK_LIBRARY));
  const names = (some: readonly ProcessEntry[] = []): string[] =>
    some.map(({ pid, command }) => `${pid} (${command.slice(0, COMMAND_LETTERS)})`);
  return { followers: names(follows.get(true)), deaf: names(follows.get(false)) };
}

function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
