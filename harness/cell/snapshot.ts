// Looks at everything at once: the tree with digests, the running version, the active pointer, processes, state files.
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import path from "node:path";
import type { Snapshot, TreeEntry } from "../model/index.ts";
import { readActive } from "./active.ts";
import type { Fleet } from "./fleet.ts";
import { matchingPaths } from "./glob.ts";
import { askAll } from "./members.ts";
import type { Monitor } from "./monitor.ts";
import type { Observer } from "./observer.ts";
import type { Place } from "./place.ts";
import type { Prober } from "./probe.ts";
import { readFacts, readStatements } from "./statements.ts";

const TEXT_BYTES = 4096;
const MOST_YAML_BYTES = 1 << 20;

export interface SnapshotSources {
  readonly fleet: Fleet;
  readonly prober: Prober;
  readonly monitor: Monitor;
  readonly observer: Observer;
}

/** @param ask whether to run the command that tells the active pointer's version: it costs a process */
export async function takeSnapshot({ fleet, prober, monitor, observer }: SnapshotSources, ask: boolean): Promise<Snapshot> {
  const { place, hosts, processes } = fleet;
  const { members, ...answers } = await askAll(hosts, "patient");
  const [statements, facts, busy] = await Promise.all([readStatements(hosts), readFacts(place.job.product, prober), monitor.lookBusy()]);
  const tree = readTree(place.root);
  const { unreadable, unparsed } = readStates(place);
  return {
    tree,
    ...answers,
    active: await readActive(hosts, observer, ask),
    processes: processes.list(),
    busy,
    unreadable,
    ...(unparsed.length === 0 ? {} : { unparsed }),
    diskBytes: tree.reduce((sum, entry) => sum + (entry.size ?? 0), 0),
    ...(members.length === 0 ? {} : { members }),
    ...(statements.length === 0 ? {} : { statements }),
    ...(Object.keys(facts).length === 0 ? {} : { facts }),
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
  return { path: relative, type: "file", ...rights, ...describedContent(readFileSync(full)) };
}

/** What an entry tells of a file's content. */
export function describedContent(content: Buffer): Pick<TreeEntry, "size" | "digest" | "text"> {
  const digest = createHash("sha256").update(content).digest("hex");
  return { size: content.length, digest, ...(content.length <= TEXT_BYTES && isUtf8(content) ? { text: shown(content) } : {}) };
}

/** A power loss leaves zeros in the middle of a text; they are shown as the sign for them, which every report can hold. */
function shown(content: Buffer): string {
  return content.toString("utf8").replaceAll("\0", "\u2400");
}

/** What Node can read is checked here. It has no parser of YAML: such a file's text goes with the snapshot, for the judge. */
export function readStates(place: Place): { unreadable: Snapshot["unreadable"]; unparsed: NonNullable<Snapshot["unparsed"]> } {
  const files = new Set(place.job.product.state.flatMap((glob) => matchingPaths(place.root, glob)));
  return toldStates([...files].map((file) => ({ path: file, ...readState(path.join(place.root, file)) })));
}

interface State {
  readonly problem?: string;
  readonly text?: string;
}

/** As a snapshot tells them. */
export function toldStates(states: readonly (State & { readonly path: string })[]): {
  unreadable: Snapshot["unreadable"];
  unparsed: NonNullable<Snapshot["unparsed"]>;
} {
  return {
    unreadable: states.flatMap((state) => (state.problem === undefined ? [] : [{ path: state.path, problem: state.problem }])),
    unparsed: states.flatMap((state) => (state.text === undefined ? [] : [{ path: state.path, text: state.text }])),
  };
}

function readState(file: string): State {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // node:fs throws only such errors
    return code === "ENOENT" ? {} : { problem: message };
  }
  return stateOf(file, content);
}

/** JSON must parse. Other formats must not be empty and must be text: what they mean is the product's own affair. */
export function stateOf(file: string, content: Buffer): State {
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
