// For tests only: cells, products, trees and observations of an imaginary agent, sound unless a test says otherwise.
import {
  type Cell,
  type CellEnd,
  type Fault,
  type Observation,
  product as productSchema,
  type Outcome,
  type Product,
  type Script,
  type Snapshot,
  type SnapshotLabel,
  type Step,
  type Tree,
  type TreeEntry,
} from "../model/index.ts";
import type { JudgeInput } from "./facts.ts";
import { judge, type Judgement } from "./judge.ts";

type Unstamped<T> = T extends unknown ? Omit<T, "t"> : never;
export type Seen = Unstamped<Observation>;

export function productOf(changes: Record<string, unknown> = {}): Product {
  return productSchema.parse({
    summary: "An imaginary agent",
    artifact: { name: "agent-{version}.tar.gz", build: { command: ["build"], inputs: ["src/**"] } },
    install: [["tar", "-xf", "{artifact}"]],
    services: [{ name: "agent", unit: "agent.service", definition: "[Service]" }],
    version: { file: "status.json", json: "/version" },
    health: { file: "status.json", json: "/healthy", equals: "true" },
    active: { path: "current", command: ["{root}/current/agent", "version"] },
    upgrade: { command: ["{root}/current/agent", "upgrade", "{version}"], busy: [{ file: ".upgrading" }] },
    layout: { preserved: ["mine/**"], volatile: ["run/**"], contents: ["state.json"], allowed: ["*/logs/**"] },
    processes: [{ name: "agent", match: "agent run$" }],
    updaters: ["agent watch"],
    logs: {},
    state: ["state.json"],
    temporary: ["*.tmp", "work/**"],
    user: [{ file: "config.yaml", append: "# mine" }],
    variants: {
      "crash-on-start": { wrap: "dist/agent", then: { exit: 1 } },
      "slow-but-healthy": { wrap: "dist/agent", then: { delay: "300ms" } },
    },
    limits: { downtime: "1s", disk: 2 },
    ...changes,
  });
}

export const PRODUCT: Product = productOf();

export function file(path: string, content: string, changes: Partial<TreeEntry> = {}): TreeEntry {
  const digest = [...content].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 0xffffffff, 7).toString(16);
  return { path, type: "file", mode: "644", owner: "0:0", size: content.length, digest: digest.padStart(16, "0"), ...changes };
}

export function directory(path: string): TreeEntry {
  return { path, type: "directory", mode: "755", owner: "0:0" };
}

export function link(path: string, target: string): TreeEntry {
  return { path, type: "link", owner: "0:0", target };
}

/** An installation of a version. `build` tells builds of one version apart. */
export function treeOf(version: string, build = ""): Tree {
  const home = `v${version}`;
  return withEntries(
    [],
    [
      directory("."),
      file("config.yaml", "port: 1"),
      link("current", home),
      directory("mine"),
      file("mine/store", "treasure"),
      directory("run"),
      file("run/pid", version),
      file("state.json", `{"v":"${version}"}`),
      directory(home),
      file(`${home}/agent`, `program ${version}${build}`, { mode: "755" }),
    ],
  );
}

/** The tree with some entries added or replaced, in order. */
export function withEntries(tree: Tree, entries: readonly TreeEntry[]): Tree {
  const all = new Map([...tree, ...entries].map((entry) => [entry.path, entry]));
  return [...all.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

export function without(tree: Tree, path: string): Tree {
  return tree.filter((entry) => entry.path !== path && !entry.path.startsWith(`${path}/`));
}

export function snapshotOf(version: string, changes: Partial<Snapshot> = {}): Snapshot {
  const tree = changes.tree ?? treeOf(version);
  return {
    tree,
    version,
    healthy: true,
    active: { exists: true, target: `v${version}`, version, detail: "asked" },
    processes: [{ pid: 100, parent: 1, command: "/opt/agent run" }],
    busy: [],
    unreadable: [],
    diskBytes: tree.reduce((sum, { size }) => sum + (size ?? 0), 0),
    ...changes,
  };
}

export function scriptOf(changes: Partial<Script> = {}, own?: readonly Step[]): Script {
  const steps: Step[] = [
    { kind: "install", role: "from" },
    { kind: "start" },
    { kind: "edit" },
    { kind: "snapshot", label: "before" },
    ...(own ?? [{ kind: "upgrade", role: "to", faults: true }]),
    { kind: "settle" },
    { kind: "snapshot", label: "after" },
    { kind: "reboot" },
    { kind: "snapshot", label: "rebooted" },
    { kind: "upgrade", role: "again", faults: false },
    { kind: "settle" },
    { kind: "snapshot", label: "again" },
    { kind: "stop" },
  ];
  const layout = { present: [], absent: [] };
  return {
    scenario: "test",
    summary: "A test",
    tier: "smoke",
    steps,
    faults: [],
    expect: ["upgraded"],
    settled: "strict",
    layout,
    ...changes,
  };
}

/** From 1.0.0 to 2.0.0, and 3.0.0 next. */
export function cellOf(script: Script = scriptOf(), changes: Partial<Cell> = {}): Cell {
  return {
    id: "agent/1.0.0..2.0.0/test@host",
    product: "agent",
    from: "1.0.0",
    to: "2.0.0",
    next: "3.0.0",
    kind: "upgrade",
    inverted: false,
    scenario: script.scenario,
    environment: "host",
    tier: "smoke",
    script,
    ...changes,
  };
}

export const KILL: Fault = { when: "start", do: { kill: "all", signal: "SIGKILL" }, undo: "settled" };
export const STALL: Fault = { when: "start", do: { serve: "*.gz", misbehave: { stall: 0.5, times: 1 } }, undo: "settled" };

/** What is seen in a cell, where it differs from an upgrade in which all goes well. */
export interface Tale {
  readonly snapshots?: Partial<Record<SnapshotLabel, Snapshot>>;
  /** During a step, by its number. */
  readonly during?: Readonly<Record<number, readonly Seen[]>>;
  /** Messages of steps that fail, by their number. */
  readonly failed?: Readonly<Record<number, string>>;
  /** The cell ends in this step: it does not end itself. */
  readonly cutIn?: number;
  readonly end?: CellEnd;
}

export const COMPLETE: CellEnd = { how: "complete", detail: "", leaks: [] };
export const DEADLINE: CellEnd = { how: "deadline", detail: "The cell's time was up", leaks: [] };

/** An updating command that was accepted, a service that was started anew, and the version that answers then. */
export function restartedAs(version: string): Seen[] {
  return [
    triggered(0),
    { kind: "service", service: "agent.service", event: "exited", pid: 100, code: 0, signal: null },
    { kind: "health", version: null, healthy: false },
    { kind: "service", service: "agent.service", event: "started", pid: 101 },
    { kind: "health", version, healthy: true },
  ];
}

export function triggered(code: number): Seen {
  return {
    kind: "command",
    argv: ["agent", "upgrade"],
    code,
    signal: null,
    stdout: "",
    stderr: code === 0 ? "" : "refused",
    durationMs: 1,
    accepted: code === 0,
  };
}

/** The observations of a cell, ten milliseconds from one to the next. */
export function observe(cell: Cell, tale: Tale = {}): Observation[] {
  const seen: Seen[] = [{ kind: "health", version: null, healthy: false }];
  for (const [index, step] of cell.script.steps.entries()) {
    const number = index + 1;
    seen.push({ kind: "step", step: number, event: "started" }, ...(tale.during?.[number] ?? usual(cell, step)));
    if (tale.cutIn === number) break;
    if (step.kind === "snapshot") {
      const snapshot = tale.snapshots?.[step.label] ?? USUAL[step.label];
      seen.push({ kind: "snapshot", label: step.label, snapshot });
    }
    const message = tale.failed?.[number];
    seen.push({ kind: "step", step: number, event: "ended", ok: message === undefined, message: message ?? "fine" });
  }
  seen.push({ kind: "end", end: tale.end ?? COMPLETE });
  return seen.map((one, index) => ({ t: index * 10, ...one }));
}

const BEFORE = snapshotOf("1.0.0", { tree: withEntries(treeOf("1.0.0"), [file("config.yaml", "port: 1 # mine")]) });
const edited = (version: string): Snapshot => {
  const tree = withEntries(treeOf(version), [file("config.yaml", "port: 1 # mine")]);
  return snapshotOf(version, { tree, processes: [{ pid: 101, parent: 1, command: "/opt/agent run" }] });
};

export const USUAL: Record<SnapshotLabel, Snapshot> = {
  fresh: snapshotOf("2.0.0"),
  before: BEFORE,
  after: edited("2.0.0"),
  rebooted: edited("2.0.0"),
  again: edited("3.0.0"),
};

/** The snapshots of a cell that goes back to 1.0.0 and reaches 2.0.0 with the next upgrade. */
export const BACK = { after: edited("1.0.0"), rebooted: edited("1.0.0"), again: edited("2.0.0") };

function usual(cell: Cell, step: Step): Seen[] {
  if (step.kind === "start") return [{ kind: "health", version: cell.from, healthy: true }];
  if (step.kind === "upgrade") return restartedAs(step.role === "again" ? cell.next : cell[step.role]);
  return [];
}

export interface Circumstances extends Partial<Pick<JudgeInput, "fresh" | "freshNext" | "freshProblem" | "product">> {
  readonly pairs?: Readonly<Record<string, Outcome>>;
}

/** Judges a cell with this tale; references are fresh installs of 2.0.0 and 3.0.0. */
export function judged(cell: Cell, tale: Tale = {}, { pairs = {}, ...given }: Circumstances = {}): Judgement {
  return judge({
    cell,
    product: PRODUCT,
    observations: observe(cell, tale),
    fresh: treeOf("2.0.0"),
    freshNext: treeOf("3.0.0"),
    pairOutcome: (from, to) => pairs[`${from} ${to}`],
    ...given,
  });
}

/** Names of the checks that found something, each once, in the order of the findings. */
export function broken(judgement: Judgement): string[] {
  if (judgement.errored !== null) return [`errored: ${judgement.errored}`];
  return [...new Set(judgement.findings.map(({ check }) => check))];
}
