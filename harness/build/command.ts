// Runs one command to its end: no shell, a deadline, the whole process tree ended, only the last output kept.
import { execa } from "execa";

const GRACE_MS = 2000;
const TAIL_CHARACTERS = 16_384;

export interface Command {
  readonly argv: readonly string[];
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a command ended; not ending well is data, not an exception. */
export interface CommandResult {
  readonly ended:
    | { readonly kind: "exit"; readonly code: number }
    | { readonly kind: "killed"; readonly by: string }
    | { readonly kind: "timeout" }
    | { readonly kind: "unstartable"; readonly why: string };
  /** The end of both outputs, as they came. */
  readonly output: string;
}

interface Started {
  readonly pid?: number | undefined;
}

const isWindows = process.platform === "win32";

/** Runs `command`. Rejects only when `signal` aborts it. */
export async function runCommand({ argv, directory, env, deadlineMs, signal }: Command): Promise<CommandResult> {
  signal?.throwIfAborted();
  const [file = "", ...args] = argv;
  // A group of its own on POSIX, so that what the command started can be ended with it.
  const options = {
    cwd: directory,
    env: { ...surroundings(), ...env },
    extendEnv: false,
    stdin: "ignore",
    all: true,
    buffer: false,
    reject: false,
    detached: !isWindows,
    preferLocal: true,
    localDir: directory,
  } as const;
  const child = execa(file === "node" ? process.execPath : file, args, options);
  const deadline = AbortSignal.timeout(deadlineMs);
  const stop = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  const end = endTree(child, stop);
  let output = "";
  child.all.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-TAIL_CHARACTERS)));
  const result = await child;
  end.dispose();
  signal?.throwIfAborted();
  if (deadline.aborted) return { ended: { kind: "timeout" }, output };
  if (result.exitCode !== undefined) return { ended: { kind: "exit", code: result.exitCode }, output };
  if (result.signal !== undefined) return { ended: { kind: "killed", by: result.signal }, output };
  return { ended: { kind: "unstartable", why: result.originalMessage ?? result.shortMessage ?? "unknown reason" }, output };
}

/** The caller's environment, for paths and proxies; but what upmatrix itself was told must not reach a build and change its bytes. */
function surroundings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("UPMATRIX_")));
}

/** Ends the command's tree when `stop` aborts or this process exits, and what it left behind when it is over. */
function endTree(child: Started, stop: AbortSignal): { dispose(): void } {
  let grace: NodeJS.Timeout | undefined;
  const onStop = (): void => {
    kill(child, "SIGTERM");
    grace = setTimeout(() => kill(child, "SIGKILL"), GRACE_MS);
  };
  const onExit = (): void => kill(child, "SIGKILL");
  stop.addEventListener("abort", onStop, { once: true });
  process.once("exit", onExit);
  return {
    dispose() {
      clearTimeout(grace);
      stop.removeEventListener("abort", onStop);
      process.removeListener("exit", onExit);
      if (stop.aborted) kill(child, "SIGKILL");
    },
  };
}

function kill(child: Started, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  try {
    if (isWindows) void execa("taskkill", ["/F", "/T", "/PID", String(child.pid)], { reject: false });
    else process.kill(-child.pid, signal);
  } catch {
    // The group is gone already: that is what was wanted.
  }
}
