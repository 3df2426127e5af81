// What a cell with several hosts and services has to tell besides its plan: who runs what, what is said of it, and what was done to it.
import type { CellRecord, MemberRecord, Observation, SnapshotLabel } from "../model/index.ts";
import type { Block } from "./evidence.ts";
import { bounded, type DiffLine } from "./tree-diff.ts";
import { clip, formatDuration, oneLine } from "./text.ts";

const MOST_LINES = 24;
const VALUE = 300;
const WHEN: Readonly<Record<SnapshotLabel, string>> = {
  fresh: "in a fresh install",
  before: "before the upgrade",
  after: "after the upgrade",
  rebooted: "after the reboot",
  again: "after one more upgrade",
};

/** Nothing of a product with one agent on one machine. */
export function fleetBlocks({ members = [], facts = {} }: Pick<CellRecord, "members" | "facts">, seen: readonly Observation[]): Block[] {
  const blocks: readonly Block[] = [
    { title: "Hosts and services", lines: members.map((member) => line(memberText(member))) },
    { title: "Facts in the end", lines: Object.entries(facts).map(([name, value]) => line(`${oneLine(name)}: ${said(value)}`)) },
    { title: "Sources that do not agree", lines: disagreements(seen) },
    { title: "What was done to hosts, lines and companions", lines: events(seen) },
  ];
  return blocks.filter(({ lines }) => lines.length > 0).map(({ title, lines }) => ({ title, lines: bounded(lines, MOST_LINES, "line") }));
}

/** `downtime 310 ms`, and how much there was in all where that is more. */
export function downtimeText({ downtimeMs, downtimeTotalMs }: Pick<CellRecord, "downtimeMs" | "downtimeTotalMs">): string[] {
  if (downtimeMs === null) return [];
  const all = downtimeTotalMs ?? downtimeMs;
  return [`downtime ${formatDuration(downtimeMs)}${all > downtimeMs ? ` (${formatDuration(all)} in all)` : ""}`];
}

function memberText({ name, from, to, healthy, removed, downtimeMs, downtimeTotalMs, ...processes }: MemberRecord): string {
  if (removed) return `${oneLine(name)}: ${said(from)}, removed`;
  const versions = from === to ? `${to === null ? "" : "stays at "}${said(to)}` : `${said(from)} → ${said(to)}`;
  const down = downtimeMs === null || downtimeMs === 0 ? [] : downtimeText({ downtimeMs, downtimeTotalMs });
  return `${oneLine(name)}: ${[versions, ...(healthy ? [] : ["not healthy"]), ...processText(processes), ...down].join(", ")}`;
}

/** A version may change without the main process, which may be an upgrader that starts the rest. */
function processText({ restarted, restartedServices }: Pick<MemberRecord, "restarted" | "restartedServices">): string[] {
  if (restarted === null) return [];
  if (restartedServices === undefined) return [restarted ? "another main process" : "the same main process"];
  return [restarted ? `another main process of ${restartedServices.map(oneLine).join(", ")}` : "the same main processes"];
}

function disagreements(seen: readonly Observation[]): DiffLine[] {
  return seen.flatMap((one): DiffLine[] => {
    if (one.kind !== "snapshot") return [];
    return (one.snapshot.statements ?? []).flatMap(({ of, member, says }): DiffLine[] => {
      if (new Set(Object.values(says)).size === 1 && !Object.values(says).includes(null)) return [];
      const sources = Object.entries(says).map(([source, value]) => `${oneLine(source)} ${said(value)}`);
      return [line(`${WHEN[one.label]}, ${oneLine(member)} (${oneLine(of)}): ${sources.join(", ")}`)];
    });
  });
}

function events(seen: readonly Observation[]): DiffLine[] {
  return seen.flatMap((one): DiffLine[] => {
    const text = eventText(one);
    return text === undefined ? [] : [line(`${formatDuration(one.t).padStart(7)}  ${text}`)];
  });
}

function eventText(one: Observation): string | undefined {
  switch (one.kind) {
    case "host":
      return `${oneLine(one.host)} ${one.event}`;
    case "network":
      return clip(`line ${one.between.map(oneLine).join(" – ")} ${NETWORK[one.change]}: ${oneLine(one.evidence)}`, VALUE);
    case "burst": {
      const answers = Object.entries(one.statuses).map(([status, times]) => `${times} × ${oneLine(status)}`);
      const lost = one.unanswered === 0 ? [] : [`${one.unanswered} not answered`];
      return clip(`${one.count} × ${oneLine(one.request)}: ${[...answers, ...lost, ...one.unclear.map(oneLine)].join(", ")}`, VALUE);
    }
    default:
      return undefined;
  }
}

const NETWORK = { cut: "cut", slow: "slowed down", heal: "whole again" } as const;

function said(value: string | null): string {
  return value === null ? "no answer" : clip(oneLine(value), VALUE);
}

function line(text: string): DiffLine {
  return { sign: " ", text };
}
