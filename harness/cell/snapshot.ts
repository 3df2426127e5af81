// Looks at everything at once: the tree with digests, the running version, the active pointer, processes, state files.
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, type Stats } from "node:fs";
import path from "node:path";
import type { Snapshot, TreeEntry } from "../model/index.ts";
import { runCommand } from "./command.ts";
import { matchingPaths } from "./glob.ts";
import type { Monitor } from "./monitor.ts";
import type { Observer } from "./observer.ts";
import type { Place } from "./place.ts";
import { extract, type Prober } from "./probe.ts";
import type { Processes } from "./processes.ts";

const TEXT_BYTES = 4096;
const MOST_YAML_BYTES = 1 << 20;

export interface SnapshotSources {
  readonly place: Place;
  readonly prober: Prober;
  readonly monitor: Monitor;
  readonly processes: Processes;
  readonly observer: Observer;
}

/** @param ask whether to run the command that tells the active pointer's version: it costs a process */
export async function takeSnapshot({ place, prober, monitor, processes, observer }: SnapshotSources, ask: boolean): Promise<Snapshot> {
  const answers = await prober.ask();
  const tree = readTree(place.root);
  const { unreadable, unparsed } = readStates(place);
  return {
    tree,
    ...answers,
    active: await readActive(place, observer, ask),
    processes: processes.list(),
    busy: monitor.busy(),
    unreadable,
    ...(unparsed.length === 0 ? {} : { unparsed }),
    diskBytes: tree.reduce((sum, entry) => sum + (entry.size ?? 0), 0),
  };
}

/** The tree below `root`, the root itself as `.`, sorted by path. What vanishes while it is read is not in it. */
export function readTree(root: string): TreeEntry[] {
  const entries: TreeEntry[] = [];
  const visit = (relative: string): void => {
    const full = path.join(root, relative);
    const stat = lstatIfThere(full);
    if (stat === undefined) return;
    try {
      entries.push(readEntry(relative === "" ? "." : relative, full, stat));
      if (stat.isDirectory()) for (const name of readdirSync(full)) visit(relative === "" ? name : `${relative}/${name}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // node:fs throws only such errors; gone meanwhile
    }
  };
  visit("");
  return entries.sort((one, other) => (one.path < other.path ? -1 : 1));
}

function readEntry(relative: string, full: string, stat: Stats): TreeEntry {
  const rights = process.platform === "win32" ? {} : { mode: (stat.mode & 0o7777).toString(8), owner: `${stat.uid}:${stat.gid}` };
  if (stat.isSymbolicLink())
    return { path: relative, type: "link", ...(rights.owner === undefined ? {} : { owner: rights.owner }), target: readlinkSync(full) };
  if (stat.isDirectory()) return { path: relative, type: "directory", ...rights };
  if (!stat.isFile()) return { path: relative, type: "other", ...rights };
  const content = readFileSync(full);
  const digest = createHash("sha256").update(content).digest("hex");
  const text = content.length <= TEXT_BYTES && !content.includes(0) ? { text: content.toString("utf8") } : {};
  return { path: relative, type: "file", ...rights, size: content.length, digest, ...text };
}

async function readActive(place: Place, observer: Observer, ask: boolean): Promise<Snapshot["active"]> {
  const { active } = place.job.product;
  if (active === undefined) return { exists: true, target: null, version: null, detail: "the product declares no active pointer" };
  const full = path.join(place.root, active.path);
  const stat = lstatIfThere(full);
  if (stat === undefined) return { exists: false, target: null, version: null, detail: `${active.path} does not exist` };
  let target: string | null = null;
  try {
    target = path.relative(realpathSync(place.root), realpathSync(full)).split(path.sep).join("/");
  } catch (error) {
    return {
      exists: false,
      target: stat.isSymbolicLink() ? readlinkSync(full) : null,
      version: null,
      detail: `${active.path} leads nowhere: ${(error as Error).message}`,
    }; // fs errors are Errors
  }
  if (!ask || active.command === undefined) return { exists: true, target, version: null, detail: "not asked" };
  const argv = active.command.map((word) => place.fill(word, { version: "" }));
  const options = { ...place.commandOptions({ version: "" }, 5000), quiet: true };
  const result = await runCommand(argv, options, observer);
  const version = result.code === 0 ? extract({}, result.stdout) : null;
  const detail =
    result.code === 0
      ? "asked"
      : `${argv.join(" ")}: ${result.code === null ? `ended by ${result.signal}` : `exit code ${result.code}`}: ${result.stderr.trim().slice(-300)}`;
  return { exists: true, target, version, detail };
}

/** What Node can read is checked here. It has no parser of YAML: such a file's text goes with the snapshot, for the judge. */
export function readStates(place: Place): { unreadable: Snapshot["unreadable"]; unparsed: NonNullable<Snapshot["unparsed"]> } {
  const files = new Set(place.job.product.state.flatMap((glob) => matchingPaths(place.root, glob)));
  const states = [...files].map((file) => ({ path: file, ...readState(path.join(place.root, file)) }));
  return {
    unreadable: states.flatMap((state) => (state.problem === undefined ? [] : [{ path: state.path, problem: state.problem }])),
    unparsed: states.flatMap((state) => (state.text === undefined ? [] : [{ path: state.path, text: state.text }])),
  };
}

/** JSON must parse. Other formats must not be empty and must be text: what they mean is the product's own affair. */
function readState(file: string): { readonly problem?: string; readonly text?: string } {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // node:fs throws only such errors
    return code === "ENOENT" ? {} : { problem: message };
  }
  if (content.length === 0) return { problem: "is empty" };
  if (content.every((byte) => byte === 0)) return { problem: "holds only zero bytes" };
  if (file.endsWith(".json")) return parsed(content.toString("utf8"));
  if (content.includes(0)) return { problem: "holds zero bytes" };
  if (!/\.ya?ml$/.test(file)) return {};
  return content.length > MOST_YAML_BYTES
    ? { problem: `holds ${content.length} bytes, more than is looked into` }
    : { text: content.toString("utf8") };
}

function parsed(text: string): { readonly problem?: string } {
  try {
    JSON.parse(text);
    return {};
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function lstatIfThere(file: string): Stats | undefined {
  return lstatSync(file, { throwIfNoEntry: false });
}
