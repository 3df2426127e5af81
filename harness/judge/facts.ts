// What judging rests on: the baseline, the upgrade that decides, what ran before it, and the references. Or why there is nothing to judge.
import type { Cell, Observation, Outcome, Product, Snapshot, Tree } from "../model/index.ts";
import { disagreement } from "./consistency.ts";
import { type Fleet, fleetOf, fleetTree, type ReleaseRole, type Roles } from "./fleet.ts";
import { type LayoutRules, layoutRules } from "./rules.ts";
import { endText, healthAt, openStep, stepName, type Timeline } from "./timeline.ts";
import { type OwnUpgrade, ownUpgrades } from "./upgrades.ts";

export type { ReleaseRole } from "./fleet.ts";

export interface JudgeInput {
  readonly cell: Cell;
  readonly product: Product;
  readonly observations: readonly Observation[];
  /** Tree of a fresh, started install of `to` in the same environment; null when there is none. */
  readonly fresh: Tree | null;
  /** Why there is none. */
  readonly freshProblem?: string;
  /** The same of `next`, for cells that `referencesOf` says need it. */
  readonly freshNext?: Tree | null;
  /** Outcome of the sound upgrade of another pair in this run, when it is known. */
  readonly pairOutcome: (from: string, to: string) => Outcome | undefined;
}

export interface Facts extends Omit<JudgeInput, "observations"> {
  readonly timeline: Timeline;
  readonly before: Snapshot;
  /** null: one agent on one machine. */
  readonly fleet: Fleet | null;
  readonly upgrades: readonly OwnUpgrade[];
  /** The scenario's last upgrade: its release is what should run in the end. */
  readonly goal: OwnUpgrade;
  /** What ran when that upgrade was triggered. */
  readonly origin: { readonly role: ReleaseRole; readonly version: string };
}

/** The facts of a cell, or why its outcome cannot be told. */
export function gatherFacts(input: JudgeInput, timeline: Timeline): Facts | string {
  const { cell, product } = input;
  const { end } = timeline;
  if (end === null || end.how === "lost" || end.how === "interrupted") return endText(end);
  const upgrades = ownUpgrades(cell, timeline);
  const goal = upgrades.at(-1);
  const [first] = upgrades;
  if (goal === undefined || first === undefined) return `the scenario ${cell.scenario} asks for no upgrade`;
  const problem = baselineProblem(cell, timeline, first.span.number);
  if (problem !== null) return `baseline: ${problem}`;
  const before = timeline.snapshots.get("before")?.snapshot;
  if (before === undefined) return "baseline: there is no snapshot from before the upgrade";
  if (first.span.startedAt === null) return `the upgrade was not reached (${endText(end)})`;
  const fleet = fleetOf(cell, product);
  return { ...input, timeline, before, fleet, upgrades, goal, origin: originOf(cell, timeline, upgrades) };
}

/** The fresh installs that judging a cell compares with. */
export function referencesOf(cell: Pick<Cell, "script">): ("to" | "next")[] {
  const { settled, steps, runs } = cell.script;
  const asked = steps.some((step) => step.kind === "upgrade" && step.role === "next");
  const next = settled === "repaired" || asked || Object.values(runs ?? {}).includes("next");
  return next ? ["to", "next"] : ["to"];
}

/** The tree a release must have; `before` is the one of `from`. null: there is none. */
export function referenceTree(facts: Facts, role: ReleaseRole): Tree | null {
  switch (role) {
    case "from":
      return facts.before.tree;
    case "to":
      return facts.fresh;
    case "next":
      return facts.freshNext ?? null;
    default:
      return role satisfies never;
  }
}

/** The tree in which every member has the release that `roles` says, or the release of which there is none. */
export function referenceOf(facts: Facts, role: ReleaseRole, roles: Roles): { readonly tree: Tree } | { readonly missing: ReleaseRole } {
  const { fleet, product, cell } = facts;
  if (fleet !== null) return fleetTree({ product, cell, fleet, treeOf: (one) => referenceTree(facts, one) }, roles);
  const tree = referenceTree(facts, role);
  return tree === null ? { missing: role } : { tree };
}

/**
 * The rules to compare with `referenceTree`. The tree from before holds what was installed there, so nothing is excused;
 * a fresh install is always sound, so the wrappers of variants are.
 */
export function referenceRules(facts: Facts, role: ReleaseRole, running: string | undefined): LayoutRules {
  if (role === "from") return layoutRules(facts.product);
  const { steps } = facts.cell.script;
  const ever = new Set(steps.flatMap((step) => ("variant" in step && step.variant !== undefined ? [step.variant] : [])));
  return layoutRules(facts.product, { now: running, ever: [...ever].toSorted() });
}

/**
 * A release that cannot be installed, started and used says nothing about the upgrade. What a scenario does to hosts and
 * companions ahead of the upgrade is part of it.
 */
function baselineProblem(cell: Cell, timeline: Timeline, firstUpgrade: number): string | null {
  const baseline = timeline.steps.slice(0, firstUpgrade - 1).filter(({ step }) => step.kind !== "fleet");
  const failed = baseline.find((span) => span.ok === false);
  if (failed !== undefined) return `${stepName(failed, cell)}: ${failed.message}`;
  const open = openStep(timeline);
  if (open !== undefined && open.number < firstUpgrade) return `${stepName(open, cell)}: ${endText(timeline.end)}`;
  const before = timeline.snapshots.get("before")?.snapshot;
  if (before === undefined) return null;
  if (!before.healthy) return `${cell.from} is not healthy before the upgrade`;
  if (before.version !== cell.from) return `${before.version ?? "no version"} runs before the upgrade, not ${cell.from}`;
  const [statement] = (before.statements ?? []).flatMap((one) => disagreement(one) ?? []);
  return statement === undefined ? null : `before the upgrade ${statement.actual} of ${statement.member}`;
}

function originOf(cell: Cell, timeline: Timeline, upgrades: readonly OwnUpgrade[]): Facts["origin"] {
  const earlier = upgrades.slice(0, -1);
  const goal = upgrades.at(-1);
  const answered = earlier.length === 0 || !goal?.window ? null : (healthAt(timeline, goal.window.start)?.version ?? null);
  const version = answered ?? cell.from;
  return { role: earlier.findLast((upgrade) => upgrade.version === version && version !== cell.from)?.role ?? "from", version };
}
