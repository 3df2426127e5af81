// What happened in a cell, over time: lanes, marks for faults, downloads, machines and problems, and where the downtime lies.
import type { CellRecord, Observation } from "../../model/index.ts";
import { clip, formatBytes, formatDuration, oneLine } from "../text.ts";
import type { Timeline, TimelineMark } from "./data.ts";
import { type Answering, answering, answerLane, commandLane, networkLanes, serviceLanes, stepLane } from "./lanes.ts";

const MOST_SPANS = 120;
const MOST_MARKS = 60;
const MOST_LANES = 40;
const LABEL = 160;

type Told = Pick<CellRecord, "steps" | "downtimeAt" | "findings">;

/** null: nothing was observed over time. */
export function timelineOf({ steps, downtimeAt, findings }: Told, seen: readonly Observation[]): Timeline | null {
  const own = seen.filter((one) => one.kind !== "snapshot" || one.label !== "fresh");
  const end = own.reduce((most, { t }) => Math.max(most, t), 0);
  if (end <= 0) return null;
  const asked = answering(own, end);
  const all = [
    stepLane(steps, own, end, new Set(findings.flatMap(({ step }) => step ?? []))),
    ...asked.map((one) => answerLane(one, end)),
    ...networkLanes(own, end),
    ...serviceLanes(own, end, new Set(asked.map(({ name }) => name))),
    commandLane(own),
  ].filter(({ spans }) => spans.length > 0);
  const lanes = all.slice(0, MOST_LANES).map(({ name, spans }) => ({ name, spans: spans.slice(0, MOST_SPANS) }));
  return {
    end,
    lanes,
    moreLanes: all.length - lanes.length,
    marks: marks(own).slice(0, MOST_MARKS),
    downtime: downtimeAt === undefined ? null : { from: downtimeAt.from, to: downtimeAt.to, lane: laneOf(downtimeAt.member, asked) },
  };
}

function marks(seen: readonly Observation[]): TimelineMark[] {
  return seen.flatMap((one): TimelineMark[] => {
    switch (one.kind) {
      case "fault":
        return [{ t: one.t, kind: "fault", label: clip(`fault ${one.event}: ${oneLine(one.evidence)}`, LABEL) }];
      case "network":
        return [{ t: one.t, kind: "fault", label: clip(`line ${one.between.join(" – ")} ${NETWORK[one.change]}`, LABEL) }];
      case "host":
        return [{ t: one.t, kind: "fault", label: clip(`${oneLine(one.host)} ${one.event}`, LABEL) }];
      case "problem":
        return [{ t: one.t, kind: "problem", label: clip(oneLine(one.message), LABEL) }];
      case "burst":
        return [{ t: one.t, kind: "request", label: clip(`burst of ${one.count} × ${oneLine(one.request)}`, LABEL) }];
      case "request": {
        const how = one.misbehaved === undefined ? "" : `, ${one.misbehaved}`;
        const label = clip(`download ${oneLine(one.path)}: ${one.status}, ${formatBytes(one.bytes)}${how}`, LABEL);
        return [{ t: one.t, kind: "request", label }];
      }
      default:
        return [];
    }
  });
}

const NETWORK = { cut: "cut", slow: "slowed down", heal: "whole again" } as const;

/** The lane in which the downtime that was judged lies. */
function laneOf(member: string | null, asked: readonly Answering[]): string {
  return asked.find((one) => one.member === member)?.name ?? "";
}

/** What a picture shows, in one sentence for those who do not see it. */
export function timelineSentence({ end, lanes, marks: all, downtime }: Timeline): string {
  const faults = all.filter(({ kind }) => kind === "fault").length;
  const down = downtime === null ? "no downtime" : `without a healthy agent for ${formatDuration(downtime.to - downtime.from)}`;
  return `${formatDuration(end)} in ${lanes.length} lanes: ${lanes.map(({ name }) => name).join(", ")}; ${faults} fault events; ${down}`;
}
