// Runs one command of a product: arguments as a list, both pipes drained, a deadline, the whole process group ended.
import { spawn } from "node:child_process";
import type { Observer } from "./observer.ts";
import { tryToStart } from "./try-to-start.ts";

const KEPT_BYTES = 8192;

export interface CommandResult {
  /** null: it was ended by a signal or could not be started. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface CommandOptions {
  readonly env: Record<string, string>;
  readonly cwd: string;
  readonly deadlineMs: number;
  /** Exit codes that mean accepted; only noted. */
  readonly accepted?: readonly number[];
  /** Kept out of the observations when the command is asked again and again. */
  readonly quiet?: boolean;
  /** As whom; undefined: as this program. */
  readonly identity?: { readonly uid: number; readonly gid: number } | undefined;
  /** How it is really started, when not as it is. */
  readonly started?: (argv: readonly string[]) => readonly string[];
}

/** Runs to the end. A non-zero exit, a signal or a failed start is a result, not an exception. */
export async function runCommand(argv: readonly string[], options: CommandOptions, observer: Observer): Promise<CommandResult> {
  const result = await execute(argv, options);
  if (options.quiet !== true) {
    const accepted = options.accepted === undefined ? {} : { accepted: result.code !== null && options.accepted.includes(result.code) };
    observer.see({ kind: "command", argv, ...result, ...accepted });
  }
  return result;
}

function execute(argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const began = performance.now();
  const [file = "", ...rest] = options.started?.(argv) ?? argv;
  const posix = process.platform !== "win32";
  return new Promise((resolve) => {
    const stdout = new Tail();
    const stderr = new Tail();
    const { cwd, env, identity } = options;
    const how = { cwd, env, ...identity, detached: posix, windowsHide: true };
    const child = tryToStart(() => spawn(file, rest, { ...how, stdio: ["ignore", "pipe", "pipe"] }));
    if (child instanceof Error)
      return resolve({
        code: null,
        signal: null,
        stdout: "",
        stderr: cannotStart(file, child),
        durationMs: Math.round(performance.now() - began),
      });
    const deadline = setTimeout(() => {
      stderr.add(Buffer.from(`\nEnded: no exit within ${options.deadlineMs} ms\n`));
      try {
        if (posix && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
        else child.kill("SIGKILL");
      } catch {
        // it ended in this very moment
      }
    }, options.deadlineMs);
    const end = (code: number | null, signal: string | null): void => {
      clearTimeout(deadline);
      // a detached grandchild may hold the pipes open for ever
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, signal, stdout: stdout.text(), stderr: stderr.text(), durationMs: Math.round(performance.now() - began) });
    };
    child.stdout.on("data", (chunk: Buffer) => stdout.add(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
    child.on("error", (error) => {
      stderr.add(Buffer.from(cannotStart(file, error)));
      end(null, null);
    });
    // `exit`, not `close`: see above; two turns of the event loop read what is still in the pipes
    child.on("exit", (code, signal) => setImmediate(() => setImmediate(() => end(code, signal))));
  });
}

function cannotStart(file: string, { message }: Error): string {
  return `Cannot start ${JSON.stringify(file)}: ${message}`;
}

/** Keeps the last bytes of a stream. */
class Tail {
  #kept = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, chunk]).subarray(-KEPT_BYTES);
  }

  text(): string {
    return this.#kept.toString("utf8");
  }
}
