// The observations of a cell, put in order: when each step began and ended, each snapshot, each change of health. Judges nothing.
import {
  type Cell,
  type CellEnd,
  type Observation,
  sentence,
  type Snapshot,
  type SnapshotLabel,
  type Step,
  type StepRecord,
} from "../model/index.ts";

/** A step of the script and what became of it. */
export interface StepSpan {
  /** From 1. */
  readonly number: number;
  readonly step: Step;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** null: it did not end. */
  readonly ok: boolean | null;
  readonly message: string;
}

/** A snapshot and the number of the step that took it. */
export interface Seen {
  readonly label: SnapshotLabel;
  readonly snapshot: Snapshot;
  readonly step: number | null;
}

type Kind<K extends Observation["kind"]> = Extract<Observation, { kind: K }>;

export interface Timeline {
  readonly steps: readonly StepSpan[];
  readonly snapshots: ReadonlyMap<SnapshotLabel, Seen>;
  readonly health: readonly Kind<"health">[];
  readonly members: readonly Kind<"member">[];
  readonly hosts: readonly Kind<"host">[];
  /** Bursts with the number of the step that sent them. */
  readonly bursts: readonly { readonly step: number; readonly burst: Kind<"burst"> }[];
  readonly services: readonly Kind<"service">[];
  /** Commands with the number of the step in which they ran. */
  readonly commands: readonly { readonly step: number; readonly command: Kind<"command"> }[];
  readonly faults: readonly Kind<"fault">[];
  readonly conditions: readonly Kind<"condition">[];
  readonly end: CellEnd | null;
  /** Time of the last observation. */
  readonly lastAt: number;
}

/** Reads the observations once, in the order in which they were written. */
export function readTimeline(cell: Cell, observations: readonly Observation[]): Timeline {
  const spans = cell.script.steps.map(
    (step, index) => ({ number: index + 1, step, startedAt: null, endedAt: null, ok: null, message: "" }) as Writable,
  );
  const snapshots = new Map<SnapshotLabel, Seen>();
  const timeline: Lists = { health: [], members: [], hosts: [], bursts: [], services: [], commands: [], faults: [], conditions: [] };
  let end: CellEnd | null = null;
  let current = 0;
  let lastAt = 0;
  for (const seen of observations) {
    lastAt = Math.max(lastAt, seen.t);
    if (seen.kind === "step") {
      current = seen.step;
      const span = spans[seen.step - 1];
      if (span === undefined) continue; // a step that the script does not have: written by another version
      if (seen.event === "started") span.startedAt = seen.t;
      else Object.assign(span, { endedAt: seen.t, ok: seen.ok, message: seen.message });
    } else if (seen.kind === "snapshot")
      snapshots.set(seen.label, { label: seen.label, snapshot: seen.snapshot, step: current === 0 ? null : current });
    else if (seen.kind === "health") timeline.health.push(seen);
    else if (seen.kind === "member") timeline.members.push(seen);
    else if (seen.kind === "host") timeline.hosts.push(seen);
    else if (seen.kind === "burst") timeline.bursts.push({ step: current, burst: seen });
    else if (seen.kind === "service") timeline.services.push(seen);
    else if (seen.kind === "command") timeline.commands.push({ step: current, command: seen });
    else if (seen.kind === "fault") timeline.faults.push(seen);
    else if (seen.kind === "condition") timeline.conditions.push(seen);
    else if (seen.kind === "end") end = seen.end;
  }
  return { steps: spans, snapshots, ...timeline, end, lastAt };
}

type Writable = { -readonly [Key in keyof StepSpan]: StepSpan[Key] };
type Lists = {
  health: Kind<"health">[];
  members: Kind<"member">[];
  hosts: Kind<"host">[];
  bursts: { readonly step: number; readonly burst: Kind<"burst"> }[];
  services: Kind<"service">[];
  commands: { readonly step: number; readonly command: Kind<"command"> }[];
  faults: Kind<"fault">[];
  conditions: Kind<"condition">[];
};

/** The step that was under way when the cell ended; undefined when none was cut short. */
export function openStep(timeline: Timeline): StepSpan | undefined {
  return timeline.steps.findLast((span) => span.startedAt !== null && span.endedAt === null);
}

/** `step 2 (Start its services …)`, as reasons and findings name a step. */
export function stepName(span: StepSpan, cell: Cell): string {
  return `step ${span.number} (${sentence(span.step, cell)})`;
}

/** The last answer that was in force at this moment. */
export function healthAt(timeline: Timeline, t: number): { readonly version: string | null; readonly healthy: boolean } | undefined {
  return timeline.health.findLast((seen) => seen.t <= t);
}

/** The steps as the record keeps them. A step that was cut short counts as failed. */
export function stepRecords(timeline: Timeline, cell: Cell): StepRecord[] {
  return timeline.steps.map((span) => {
    const common = { sentence: sentence(span.step, cell) };
    if (span.startedAt === null) return { ...common, status: "not-reached", message: "", durationMs: null };
    const durationMs = round((span.endedAt ?? timeline.lastAt) - span.startedAt);
    if (span.ok === null) return { ...common, status: "failed", message: `Cut short: ${endText(timeline.end)}`, durationMs };
    return { ...common, status: span.ok ? "done" : "failed", message: span.message, durationMs };
  });
}

/** How the cell ended, in words. */
export function endText(end: CellEnd | null): string {
  if (end === null) return "the observations stop without an end";
  return end.detail === "" ? end.how : `${end.how}: ${end.detail}`;
}

/** Milliseconds without the noise of binary fractions. */
export function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
