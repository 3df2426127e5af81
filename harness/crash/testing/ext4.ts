// Carries out recordings on a real ext4 and takes it down without warning: reads jobs from standard input, says what is left.
// It runs in a mount namespace of its own, so that nothing it mounts outlives it.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import type { BaseEntry, DataRange, Operation, Recording } from "../../model/index.ts";

export interface Ext4Job {
  readonly recording: Omit<Recording, "data"> & { readonly data: string };
  /** `log`: the journal reaches the disk; `nolog`: nothing does any more. */
  readonly how: "log" | "nolog";
}
/** Path → content, `-> target`, or null for a directory. */
export type Ext4Left = Record<string, string | null>;

const NO_DATA: DataRange = [0, 0];
const MOST_TAKES = 20;
const SYNCS: readonly Operation["op"][] = ["fsync", "fdatasync", "sync"];

/** One file that is being written. It is closed when something else is done, and stays open at the end. */
class Hands {
  readonly #at: (file: string) => string;
  readonly #bytes: (range: DataRange) => Buffer;
  #open: { readonly file: string; readonly fd: number } | undefined;

  constructor(at: (file: string) => string, bytes: (range: DataRange) => Buffer) {
    this.#at = at;
    this.#bytes = bytes;
  }

  /** The file that is open. */
  get open(): string | undefined {
    return this.#open?.file;
  }

  do(operation: Operation): void {
    const { op } = operation;
    if (op === "sync") return void execFileSync("sync", ["-f", this.#at("/r")]);
    const file = this.#at(operation.path ?? "");
    switch (op) {
      case "create":
        this.close();
        this.#open = { file, fd: fs.openSync(file, "wx+", modeOf(operation)) };
        return;
      case "write":
        fs.writeSync(this.#fd(file), this.#bytes(operation.data ?? NO_DATA), 0, null, operation.offset);
        return;
      case "truncate":
        return fs.ftruncateSync(this.#fd(file), operation.size);
      case "fsync":
        return this.#synced(file, fs.fsyncSync);
      case "fdatasync":
        return this.#synced(file, fs.fdatasyncSync);
      default:
        this.close();
        return named(operation, file, this.#at);
    }
  }

  close(): void {
    if (this.#open !== undefined) fs.closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #fd(file: string): number {
    if (this.#open?.file !== file) {
      this.close();
      this.#open = { file, fd: fs.openSync(file, "r+") };
    }
    return this.#open.fd;
  }

  #synced(file: string, sync: (fd: number) => void): void {
    if (this.#open?.file === file) return sync(this.#open.fd);
    this.close();
    const fd = fs.openSync(file, "r");
    sync(fd);
    fs.closeSync(fd);
  }
}

function modeOf({ mode }: { readonly mode?: string }): number {
  return Number.parseInt(mode ?? "644", 8);
}

function named(operation: Operation, file: string, at: (file: string) => string): void {
  switch (operation.op) {
    case "mkdir":
      return void fs.mkdirSync(file, { mode: modeOf(operation) });
    case "rmdir":
      return fs.rmdirSync(file);
    case "unlink":
      return fs.unlinkSync(file);
    case "rename":
      return fs.renameSync(file, at(operation.to));
    case "symlink":
      return fs.symlinkSync(operation.target, file);
    default:
      throw new Error(`Cannot do ${operation.op} here`);
  }
}

/** What is left of one recording. A take in which somebody else wrote the disk's journal says nothing, and is taken again. */
function take(job: Ext4Job, places: Places): Ext4Left {
  for (let number = 0; number < MOST_TAKES; number++) {
    const undisturbed = carryOut(job, places);
    execFileSync("mount", ["-o", "loop", places.image, places.mount]);
    try {
      if (undisturbed) return read(places.mount);
    } finally {
      execFileSync("umount", [places.mount]);
    }
  }
  throw new Error(`Cannot keep the disk to itself: ${MOST_TAKES} times somebody else synced it`);
}

/** Does it on a disk where all that was there before is safe, and takes the disk down. Whether nobody else synced it meanwhile. */
function carryOut({ recording, how }: Ext4Job, { image, mount, tool }: Places): boolean {
  const at = (file: string): string => path.join(mount, file);
  const data = Buffer.from(recording.data, "base64");
  const bytes = ([start, length]: DataRange): Buffer => data.subarray(start, start + length);
  execFileSync("mount", ["-o", "loop,commit=600", image, mount]); // a commit by the clock would save what a power loss takes
  try {
    layOut(recording.base, at, bytes);
    execFileSync("sync", ["-f", mount]);
    const hands = new Hands(at, bytes);
    let [commits, disturbed] = [commitsOf(mount), false];
    for (const operation of recording.operations) {
      const syncs = SYNCS.includes(operation.op);
      if (syncs) arrived(hands, at("/r"), tool);
      disturbed ||= commitsOf(mount) !== commits;
      hands.do(operation);
      if (syncs) commits = commitsOf(mount);
    }
    arrived(hands, at("/r"), tool);
    disturbed ||= commitsOf(mount) !== commits;
    execFileSync(tool, [how, mount]);
    hands.close();
    return !disturbed;
  } finally {
    execFileSync("umount", [mount]);
  }
}

function layOut(base: readonly BaseEntry[], at: (file: string) => string, bytes: (range: DataRange) => Buffer): void {
  fs.rmSync(at("/r"), { recursive: true, force: true });
  for (const { path: file, type, data, target } of base) {
    if (type === "directory") fs.mkdirSync(at(file));
    else if (type === "link") fs.symlinkSync(target ?? "", at(file));
    else fs.writeFileSync(at(file), data === undefined ? "" : bytes(data));
  }
}

/** How often the journal was written since the disk was mounted. Any process of this machine that says sync(2) writes it. */
function commitsOf(mount: string): number {
  const minor = fs.statSync(mount).dev & 0xff; // of a loop device
  const info = fs.readFileSync(`/proc/fs/jbd2/loop${minor}-8/info`, "utf8");
  return Number(/^(\d+) transactions/.exec(info)?.[1] ?? Number.NaN);
}

/**
 * What ext4 flushes by itself is on its way when a call returns, and until it has arrived the file holds zeros. The model says
 * what is there then. A file that is still written to is left alone: ext4 would flush it when whoever looks at it lets it go.
 */
function arrived({ open }: Hands, folder: string, tool: string): void {
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const others = files.map(({ parentPath, name }) => path.join(parentPath, name)).filter((file) => file !== open);
  execFileSync(tool, ["arrived", ...others]);
}

function read(mount: string): Ext4Left {
  const names = ["r", ...fs.readdirSync(path.join(mount, "r"), { recursive: true, encoding: "utf8" }).map((name) => `r/${name}`)];
  return Object.fromEntries(
    names.map((name) => {
      const file = path.join(mount, name);
      const stat = fs.lstatSync(file);
      if (stat.isDirectory()) return [`/${name}`, null];
      return [`/${name}`, stat.isSymbolicLink() ? `-> ${fs.readlinkSync(file)}` : fs.readFileSync(file, "utf8")];
    }),
  );
}

interface Places {
  readonly image: string;
  readonly mount: string;
  readonly tool: string;
}

if (import.meta.main) {
  const [image = "", mount = "", tool = ""] = process.argv.slice(2);
  const jobs = JSON.parse(fs.readFileSync(0, "utf8")) as Ext4Job[]; // written by the test
  process.stdout.write(JSON.stringify(jobs.map((job) => take(job, { image, mount, tool }))));
}
