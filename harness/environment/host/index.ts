// The environment `host`: cells on this machine, each in a temporary folder of its own. Where root may mount, the install tree
// is a small file system in a mount namespace that only the cell sees. Hides spawning, marking, and clearing up.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, realpath } from "node:fs/promises";
import { arch, availableParallelism, release, tmpdir, type } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import pLimit from "p-limit";
import type { CellEnd, CellJob, EnvironmentFacts } from "../../model/index.ts";
import { type CellChannel, type ChannelEvents, type ChannelExit, converse, type Patience } from "../conversation.ts";
import { type ArtifactFiles, type CellRequest, type Environment, EnvironmentError, shellLine } from "../types.ts";
import { claimRun } from "../claim.ts";
import { removeFolder } from "../remove.ts";
import { endMarked } from "./marked.ts";

export interface HostOptions {
  readonly run: string;
  readonly slots: number | undefined;
  /** The cell program on this machine. */
  readonly program: string;
  readonly patience: Patience;
}

const run = promisify(execFile);
const MOUNTS = ["small-disk", "read-only-mount"];
const TREE_SIZE = "1g";
const DRAIN_MS = 1000;
/** First argument: where to mount. The rest: the program. With HOLD the namespace outlives the program. */
const PRIVATE = `mount -t tmpfs -o mode=755,size=${TREE_SIZE} root "$1" || exit 1; shift; "$@"; printf '\\n#exit %s\\n' $?; [ -z "$HOLD" ] || exec sleep 2147483647`;
const TRIAL = `mount -t tmpfs -o size=1m root "$1" && mount -o remount,size=64k "$1" && ! head -c 200000 /dev/zero > "$1/full" 2> /dev/null && mount -o remount,ro "$1" && echo able`;
/** What this process was told for itself is not for the cell. */
const FOREIGN = /^(NODE_OPTIONS|NODE_V8_COVERAGE|NODE_CHANNEL_.*|VITEST.*|npm_.*|FORCE_COLOR|UPMATRIX_.*)$/;

export async function openHost(options: HostOptions): Promise<Environment> {
  const facts = await probeHost();
  return new HostEnvironment(options, facts, await claimRun(options.run));
}

/** What cells can do on this machine; nothing is left behind by asking. */
export async function probeHost(): Promise<EnvironmentFacts> {
  const platform = hostPlatform();
  const signals = platform === "win32" ? [] : ["signals"];
  const root = process.getuid?.() === 0 ? ["root-user"] : [];
  const mounts = (await canMount()) ? MOUNTS : [];
  return {
    name: "host",
    platform,
    description: `This machine: ${type()} ${release()}, ${arch()}, Node ${process.versions.node}; a temporary folder for every cell`,
    capabilities: ["reboot", "builtin-services", ...signals, ...root, ...mounts, ...(await furtherCapabilities(platform))],
  };
}

/** What conditions and faults beyond files and signals need. */
async function furtherCapabilities(platform: EnvironmentFacts["platform"]): Promise<string[]> {
  if (platform === "win32") return [];
  const nobody = await run(process.execPath, ["-e", ""], { ...NOBODY, cwd: tmpdir(), timeout: 10_000 }).then(
    () => ["other-user"],
    () => [], // not allowed to become somebody else, or Node lies where others may not look
  );
  return ["posix", ...nobody];
}

const NOBODY = { uid: 65_534, gid: 65_534 };

class HostEnvironment implements Environment {
  readonly facts: EnvironmentFacts;
  readonly slots: number;
  readonly #options: HostOptions;
  readonly #mounts: boolean;
  readonly #turn: ReturnType<typeof pLimit>;
  readonly #claim: AsyncDisposable;
  readonly #artifacts = new Map<string, string>();
  readonly #living = new Map<string, () => Promise<void>>();
  #counter = 0;
  #disposed = false;

  constructor(options: HostOptions, facts: EnvironmentFacts, claim: AsyncDisposable) {
    this.#options = options;
    this.#claim = claim;
    this.facts = facts;
    this.#mounts = MOUNTS.every((capability) => facts.capabilities.includes(capability));
    this.slots = options.slots ?? Math.max(1, availableParallelism());
    this.#turn = pLimit(this.slots);
  }

  async prepare(artifacts: readonly ArtifactFiles[]): Promise<void> {
    for (const { key, directory } of artifacts) this.#artifacts.set(key, path.resolve(directory));
  }

  artifactDirectory(key: string): string {
    const directory = this.#artifacts.get(key);
    if (directory === undefined) throw new RangeError(`Cannot name the folder of ${JSON.stringify(key)}: it was not prepared`);
    return directory;
  }

  run(request: CellRequest): Promise<CellEnd> {
    return this.#turn(async () => {
      this.#counter += 1;
      const marker = `upmatrix-${this.#options.run}-${process.pid}.${this.#counter}`;
      const folder = path.join(await realpath(tmpdir()), marker);
      const job: CellJob = {
        ...request.job,
        root: path.join(folder, "root"),
        work: path.join(folder, "work"),
        capabilities: this.facts.capabilities,
      };
      const hold = request.keep === true || request.shell === true;
      return converse(
        (events) => this.#start({ marker, folder, hold, product: request.job.product }, events),
        job,
        request,
        this.#options.patience,
      );
    });
  }

  async #start(
    cell: { marker: string; folder: string; hold: boolean; product: CellJob["product"] },
    events: ChannelEvents,
  ): Promise<CellChannel> {
    if (this.#disposed) throw new Error("the environment is disposed of");
    if (cell.product.root !== undefined)
      throw new Error(`the product wants to be installed in ${cell.product.root}, and a host has no root of its own for it`);
    const { marker, folder, hold } = cell;
    const root = path.join(folder, "root");
    for (const tree of ["root", "work"]) await mkdir(path.join(folder, tree), { recursive: true });
    const program = [process.execPath, this.#options.program];
    const [file = process.execPath, ...rest] = this.#mounts ? ["unshare", "-m", "sh", "-c", PRIVATE, "sh", root, ...program] : program;
    const child = spawn(file, rest, { cwd: folder, env: environment(marker, hold), stdio: "pipe", windowsHide: true });
    const clear = async () => {
      const { killed, immortal } = await endMarked((other) => other === marker);
      await removeFolder(folder);
      this.#living.delete(marker);
      return [
        ...killed.map(({ pid, command }) => `process: ${pid} ${command}`),
        ...immortal.map(({ pid, command }) => `process that cannot be killed: ${pid} ${command}`),
      ];
    };
    this.#living.set(marker, async () => void (await clear()));
    return {
      send: (line) => void child.stdin.write(`${line}\n`),
      kill: () => void endMarked((other) => other === marker),
      enter: this.#mounts
        ? ["nsenter", "-t", String(child.pid), "-m", "sh", "-c", `cd ${shellLine([folder])} && exec sh`]
        : shellIn(folder),
      remove: "upmatrix clean",
      exited: exitOf(child, events),
      close: async (keep) => {
        if (keep) return (void this.#living.delete(marker), []);
        // the shell around the program says how it ended a moment before it ends itself
        if (this.#mounts) await ended(child, () => hold && child.kill("SIGKILL"));
        return clear();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await Promise.all([...this.#living.values()].map((clear) => clear()));
    await this.#claim[Symbol.asyncDispose]();
  }
}

/** Resolves when the program ended, which with HOLD is before its shell does. */
function exitOf(child: ChildProcess, events: ChannelEvents): Promise<ChannelExit> {
  const { promise, resolve } = Promise.withResolvers<ChannelExit>();
  if (child.stdout === null || child.stderr === null || child.stdin === null) throw new TypeError("spawned with pipes, so they are there");
  createInterface({ input: child.stdout }).on("line", (line) =>
    line.startsWith("#exit ") ? resolve({ how: `exit code ${line.slice(6)}` }) : events.line(line),
  );
  createInterface({ input: child.stderr }).on("line", (line) => events.error(line));
  child.stdin.on("error", () => undefined); // it ended before it read everything: its exit tells
  child.on("error", (error) => resolve({ how: error.message }));
  const tell = () => resolve({ how: child.signalCode === null ? `exit code ${child.exitCode}` : `signal ${child.signalCode}` });
  child.on("close", tell);
  child.on("exit", () => setTimeout(tell, DRAIN_MS).unref()); // what the cell left behind may hold its pipes open
  return promise;
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  end();
  await exit;
}

function environment(marker: string, hold: boolean): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  return { ...Object.fromEntries(kept), UPMATRIX_CELL: marker, HOLD: hold ? "1" : "" };
}

function shellIn(folder: string): string[] {
  return process.platform === "win32"
    ? ["cmd.exe", "/K", "cd", "/D", folder]
    : ["sh", "-c", `cd ${shellLine([folder])} && exec "\${SHELL:-sh}"`];
}

/** Tried for real, in a namespace that nobody else sees. */
async function canMount(): Promise<boolean> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const answer = await run("unshare", ["-m", "sh", "-c", TRIAL, "sh", tmpdir()], { timeout: 10_000 }).catch(() => undefined);
  return answer?.stdout.includes("able") === true;
}

function hostPlatform(): EnvironmentFacts["platform"] {
  const { platform } = process;
  if (platform === "linux" || platform === "darwin" || platform === "win32") return platform;
  throw new EnvironmentError({
    what: "Cannot run cells on this machine",
    why: `nobody taught the harness ${platform}`,
    whatToDo: "Use Linux, macOS or Windows, or the environment `docker`",
  });
}
