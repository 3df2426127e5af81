// References: the tree of a fresh, started install of a release, taken once for each release and environment.
import { createHash } from "node:crypto";
import {
  type ArtifactRef,
  artifactName,
  type Cell,
  type Conditions,
  type Observation,
  referenceHosts,
  type Script,
  type Tree,
} from "../model/index.ts";

const FRESH: Script = {
  scenario: "fresh-install",
  summary: "A fresh install, the reference for layouts",
  tier: "smoke",
  steps: [{ kind: "install", role: "to" }, { kind: "start" }, { kind: "snapshot", label: "fresh" }, { kind: "stop" }],
  faults: [],
  expect: ["upgraded"],
  settled: "strict",
  layout: { present: [], absent: [] },
};

/** Runs a cell and returns everything observed. */
export type RunCell = (cell: Cell) => Promise<readonly Observation[]>;

/** What is known of a fresh install: its tree, or why there is none. */
export interface Fresh {
  readonly tree: Tree | null;
  readonly problem: string;
}

export class FreshInstalls {
  readonly #known = new Map<string, Promise<Fresh>>();
  readonly #run: RunCell;

  constructor(run: RunCell) {
    this.#run = run;
  }

  /** The fresh install of the release that `cell` upgrades to (`to`) or goes on to (`next`). */
  of(cell: Cell, role: "to" | "next"): Promise<Fresh> {
    const reference = referenceCell(cell, role);
    const known = this.#known.get(reference.id);
    if (known !== undefined) return known;
    const taken = this.#run(reference).then(freshTree);
    this.#known.set(reference.id, taken);
    return taken;
  }
}

/** A cell has its conditions and the number of its hosts in its script, its record by itself. */
interface Unusual {
  readonly conditions?: Conditions | undefined;
  readonly referenceHosts?: number | undefined;
  readonly script?: Script;
}

/** The cell that installs a release afresh. Its address is no cell of the plan: it is never judged. */
export function referenceCell(cell: Pick<Cell, "product" | "to" | "next" | "kind" | "environment"> & Unusual, role: "to" | "next"): Cell {
  const version = cell[role];
  const rebuilt = role === "to" ? cell.kind === "rebuild" : cell.next === cell.to;
  const ref: ArtifactRef = { product: cell.product, version, rebuilt };
  const { environment, product } = cell;
  // a rebuild is asked for through the pair's kind, as in any other cell
  const kind = rebuilt ? "rebuild" : "upgrade";
  const conditions = cell.conditions ?? cell.script?.conditions;
  const hosts = cell.script === undefined ? cell.referenceHosts : referenceHosts(cell.script);
  const name = [
    FRESH.scenario,
    ...(hosts === undefined ? [] : [`hosts-${hosts}`]),
    ...(conditions === undefined ? [] : [conditionKey(conditions)]),
  ].join(".");
  const id = `${artifactName(ref)}/${name}@${environment}`;
  return {
    id,
    product,
    from: version,
    to: version,
    next: version,
    kind,
    inverted: false,
    scenario: FRESH.scenario,
    environment,
    tier: "smoke",
    script: { ...FRESH, ...(hosts === undefined ? {} : { hosts }), ...(conditions === undefined ? {} : { conditions }) },
  };
}

/** A fresh install under other conditions is another one: it may have other modes and owners. */
function conditionKey(conditions: Conditions): string {
  const letters = JSON.stringify(conditions)
    .replace(/[^\w]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, MOST_LETTERS);
  return `${letters}-${createHash("sha256").update(JSON.stringify(conditions)).digest("hex").slice(0, 8)}`.toLowerCase();
}

const MOST_LETTERS = 40;

/** The tree in the observations of a fresh install. */
export function freshTree(observations: readonly Observation[]): Fresh {
  for (const seen of observations) if (seen.kind === "snapshot") return { tree: seen.snapshot.tree, problem: "" };
  for (const seen of observations)
    if (seen.kind === "step" && seen.event === "ended" && !seen.ok) return { tree: null, problem: seen.message };
  const end = observations.at(-1);
  return { tree: null, problem: end?.kind === "end" ? `${end.end.how}: ${end.end.detail}` : "nothing was observed" };
}
