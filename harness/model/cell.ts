// A cell: product × pair (or chain) × scenario × environment. The unit that is planned, run, named and replayed.
// Cells share their script, so that a plan of hundreds of thousands stays small.
import type { Conditions } from "./conditions.ts";
import type { Fault } from "./fault.ts";
import type { FleetStep } from "./fleet.ts";
import { fleetWords } from "./fleet-words.ts";
import type { EnvironmentName } from "./matrix.ts";
import type { Outcome, PairKind, Scenario, Selection, Tier } from "./scenario.ts";
import type { Cut, Sweep } from "./sweep.ts";

/** Which release a step means. `again` is decided while running: `next` when `to` runs, else `to`. */
export type Role = "from" | "to" | "next" | "again";

/** One step, as data. Its sentence is `sentence(step, cell)`. */
export type Step =
  | { readonly kind: "install"; readonly role: "from" | "to"; readonly variant?: string }
  | { readonly kind: "start" }
  | { readonly kind: "stop" }
  | { readonly kind: "edit" }
  | { readonly kind: "snapshot"; readonly label: SnapshotLabel }
  | {
      readonly kind: "upgrade";
      readonly role: Role;
      readonly variant?: string;
      readonly faults: boolean;
      /** Absent: all. */
      readonly hosts?: readonly string[];
      readonly services?: readonly string[];
      /** Absent: until it is over. */
      readonly until?: "accepted";
    }
  | { readonly kind: "fleet"; readonly do: FleetStep }
  | { readonly kind: "settle" }
  | { readonly kind: "reboot" };

/**
 * `fresh`: a fresh install of a release, the reference for layouts. `before`: ahead of the upgrade. `after`: when the
 * upgrade is over. `rebooted`: after one more reboot. `again`: after one more, sound, upgrade.
 */
export type SnapshotLabel = "fresh" | "before" | "after" | "rebooted" | "again";

/** What a scenario does and expects, for every pair it runs on; shared by all its cells. */
export interface Script {
  /** Scenario id; with `.point` behind it when the scenario runs at several points. */
  readonly scenario: string;
  readonly summary: string;
  readonly tier: Tier;
  readonly steps: readonly Step[];
  readonly faults: readonly Fault[];
  readonly expect: readonly Outcome[];
  readonly settled: Scenario["settled"];
  readonly layout: Scenario["layout"];
  /** Longest time without a healthy agent, such as `5s`, and all such times together. */
  readonly downtime?: Scenario["downtime"];
  readonly overlap?: string;
  /** How many hosts there are; absent: as the product says. */
  readonly hosts?: number;
  readonly runs?: Scenario["runs"];
  readonly restarts?: Scenario["restarts"];
  readonly concurrency?: Scenario["concurrency"];
  readonly facts?: Scenario["facts"];
  readonly baseline?: string;
  readonly candidate?: string;
  readonly conditions?: Conditions;
  /** On the cell that a sweep expands from: its upgrade is recorded. */
  readonly sweep?: Sweep;
  /** On a point of a sweep that need not run the updater: the state it begins with. */
  readonly cut?: Cut;
}

/** The snapshot that the layout and the active pointer are judged by; there the pointer's program itself is asked its version. */
export function decisiveSnapshot({ settled }: Pick<Script, "settled">): SnapshotLabel {
  return settled === "repaired" ? "again" : "after";
}

export interface Cell {
  /** `<product>/<from>..<to>[..<next>]/<scenario>@<environment>`; nobody parses it to get data back. */
  readonly id: string;
  readonly product: string;
  readonly from: string;
  readonly to: string;
  /** The release a good installation of `to` goes on to; part of the address only in chains. */
  readonly next: string;
  readonly kind: PairKind;
  readonly inverted: boolean;
  readonly scenario: string;
  readonly environment: EnvironmentName;
  readonly tier: Tier;
  readonly script: Script;
  /** Why it cannot run here; such a cell is reported as skipped. */
  readonly skip?: string;
}

/** What a selection left out, so that nothing is silently missing. */
export interface LeftOut {
  readonly product: string;
  readonly scenario: string;
  readonly environment: EnvironmentName;
  readonly selection: Selection;
  readonly cells: number;
}

export interface Plan {
  readonly cells: readonly Cell[];
  readonly leftOut: readonly LeftOut[];
}

/** What an environment can do; planning compares it with what scenarios need. */
export interface EnvironmentFacts {
  readonly name: EnvironmentName;
  readonly platform: "linux" | "darwin" | "win32";
  readonly description: string;
  readonly capabilities: readonly string[];
  /** Why it lacks a capability, where that is known. */
  readonly lacks?: Readonly<Record<string, string>>;
}

/** Names one artifact of a release: the release itself, its rebuild, or a variant of either. */
export interface ArtifactRef {
  readonly product: string;
  readonly version: string;
  /** The same version built once more, later. */
  readonly rebuilt: boolean;
  readonly variant?: string;
}

/** `my-agent/8.1.0`, `my-agent/8.1.0+rebuilt`, `my-agent/8.1.0~crash-on-start`. */
export function artifactName(ref: ArtifactRef): string {
  return `${ref.product}/${ref.version}${ref.rebuilt ? "+rebuilt" : ""}${ref.variant === undefined ? "" : `~${ref.variant}`}`;
}

/** The cell's address. */
export function address(
  parts: Pick<Cell, "product" | "from" | "to" | "scenario" | "environment"> & { readonly chain?: string | undefined },
): string {
  const chain = parts.chain === undefined ? "" : `..${parts.chain}`;
  return `${parts.product}/${parts.from}..${parts.to}${chain}/${parts.scenario}@${parts.environment}`;
}

/** The artifact a role stands for in a cell; `again` resolves to the two it may become. */
export function artifactsOf(cell: Cell, step: Extract<Step, { kind: "install" | "upgrade" }>): ArtifactRef[] {
  const of = (role: "from" | "to" | "next"): ArtifactRef => {
    const version = cell[role];
    const rebuilt = (role === "to" && cell.kind === "rebuild") || (role === "next" && cell.next === cell.to);
    return { product: cell.product, version, rebuilt, ...(step.variant === undefined ? {} : { variant: step.variant }) };
  };
  return step.role === "again" ? [of("to"), of("next")] : [of(step.role)];
}

/** The step in imperative English; the same sentence stands in plan, log, report and JUnit. */
export function sentence(step: Step, cell: Pick<Cell, "from" | "to" | "next">): string {
  switch (step.kind) {
    case "install":
      return `Install ${cell[step.role]}${variantOf(step)}`;
    case "start":
      return "Start its services and wait until they are healthy";
    case "stop":
      return "Stop its services";
    case "edit":
      return "Edit the files that belong to the user";
    case "snapshot":
      return SNAPSHOT_SENTENCE[step.label];
    case "upgrade": {
      const target = step.role === "again" ? againTarget(cell) : cell[step.role];
      const armed = step.faults ? " with the faults armed" : "";
      return `Trigger the upgrade${aimOf(step)} to ${target}${variantOf(step)}${armed} and ${step.until === "accepted" ? "go on at once" : "wait until it is over"}`;
    }
    case "fleet": {
      const words = fleetWords(step.do, (role) => cell[role]);
      return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
    }
    case "settle":
      return "Wait until no updater is at work and the agent's state is steady";
    case "reboot":
      return "Reboot and wait until the agent is healthy";
    default:
      return step satisfies never;
  }
}

/** ` of agent and proxy on host-1`: only what an upgrade is meant for, where that is not all. */
function aimOf({ hosts, services }: Extract<Step, { kind: "upgrade" }>): string {
  const of = services === undefined ? "" : ` of ${services.join(" and ")}`;
  return `${of}${hosts === undefined ? "" : ` on ${hosts.join(" and ")}`}`;
}

function againTarget({ to, next }: Pick<Cell, "to" | "next">): string {
  return next === to ? to : `${to}, or to ${next} when ${to} runs,`;
}

const SNAPSHOT_SENTENCE: Record<SnapshotLabel, string> = {
  fresh: "Take a snapshot of the fresh install",
  before: "Take a snapshot before the upgrade",
  after: "Take a snapshot after the upgrade",
  rebooted: "Take a snapshot after the reboot",
  again: "Take a snapshot after one more upgrade",
};

function variantOf(step: { readonly variant?: string }): string {
  return step.variant === undefined ? "" : ` (${step.variant})`;
}
