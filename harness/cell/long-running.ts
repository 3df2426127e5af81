// Starts a process that is to run on, a service's or a companion's: its output goes to a log, its start and end are observed.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Observer } from "./observer.ts";
import type { Place } from "./place.ts";
import { tryToStart } from "./try-to-start.ts";

/** How a process ended; neither: it could not be started. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface LongRunning {
  /** As it is called in observations. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  /** File that gets what it prints. */
  readonly log: string;
  /** Whether it ends because somebody asked it to. */
  readonly wanted?: () => boolean;
}

/** @returns the process, unless it could not even be started, and how it ends */
export function startLongRunning(
  { name, argv, env, directory, log, wanted = () => false }: LongRunning,
  { ground }: Place,
  observer: Observer,
): { readonly child: ChildProcess | undefined; readonly exited: Promise<Exit> } {
  const [file = "", ...rest] = ground.started(argv);
  const output = openSync(log, "a");
  const stdio: ("ignore" | number)[] = ["ignore", output, output];
  const options = { cwd: directory, ...ground.identity, env, stdio, detached: process.platform !== "win32", windowsHide: true };
  const child = tryToStart(() => spawn(file, rest, options));
  closeSync(output);
  const see = (exit: Exit, detail: string, pid?: number): Exit => {
    const event = wanted() ? "stopped" : "exited";
    observer.see({ kind: "service", service: name, event, ...(pid === undefined ? {} : { pid }), ...exit, detail });
    return exit;
  };
  if (child instanceof Error) return { child: undefined, exited: Promise.resolve(see(NOT_STARTED, `cannot be started: ${child.message}`)) };
  const exited = new Promise<Exit>((resolve) => {
    let ended = false;
    const end = (exit: Exit, detail: string): void => {
      if (ended) return; // a failed spawn may report twice
      ended = true;
      resolve(see(exit, detail, child.pid));
    };
    child.on("spawn", () =>
      observer.see({ kind: "service", service: name, event: "started", ...(child.pid === undefined ? {} : { pid: child.pid }) }),
    );
    child.on("error", (error) => end(NOT_STARTED, `cannot be started: ${error.message}`));
    child.on("exit", (code, by) => end({ code, signal: by }, ""));
  });
  return { child, exited };
}

const NOT_STARTED: Exit = { code: null, signal: null };
