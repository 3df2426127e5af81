// What happened in a cell, over time: lanes, marks for faults, downloads, machines and problems, and where the downtime lies.
import type { CellRecord, Observation } from "../../model/index.ts";
import { clip, formatBytes, formatDuration, oneLine } from "../text.ts";
import type { Timeline, TimelineMark } from "./data.ts";
import { type Answering, answering, answerLane, commandLane, networkLanes, serviceLanes, stepLane } from "./lanes.ts";
import { stretchesOf, upgradeTime } from "./outages.ts";

const MOST_SPANS = 120;
const MOST_MARKS = 60;
const MOST_LANES = 40;
const LABEL = 160;
const TOLERANCE_MS = 2;

type Told = Pick<CellRecord, "steps" | "downtimeMs" | "findings">;

/** null: nothing was observed over time. */
export function timelineOf({ steps, downtimeMs, findings }: Told, seen: readonly Observation[]): Timeline | null {
  const own = seen.filter((one) => one.kind !== "snapshot" || one.label !== "fresh");
  const end = own.reduce((most, { t }) => Math.max(most, t), 0);
  if (end <= 0) return null;
  const asked = answering(own, end);
  const all = [
    stepLane(steps, own, end, new Set(findings.flatMap(({ step }) => step ?? []))),
    ...asked.map(answerLane),
    ...networkLanes(own, end),
    ...serviceLanes(own, end),
    commandLane(own),
  ].filter(({ spans }) => spans.length > 0);
  const lanes = all.slice(0, MOST_LANES).map(({ name, spans }) => ({ name, spans: spans.slice(0, MOST_SPANS) }));
  return {
    end,
    lanes,
    moreLanes: all.length - lanes.length,
    marks: marks(own).slice(0, MOST_MARKS),
    downtime: downtimeOf(downtimeMs, asked, own, end),
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

/**
 * Where the downtime that was judged lies: the stretch without a healthy answer, during the upgrade, that is as long or else the
 * least one that is longer; of members where there are some, for each is judged by itself.
 */
function downtimeOf(
  downtimeMs: number | null,
  asked: readonly Answering[],
  seen: readonly Observation[],
  end: number,
): Timeline["downtime"] {
  const time = upgradeTime(seen, end);
  if (downtimeMs === null || downtimeMs <= 0 || time === null) return null;
  const members = asked.filter(({ member }) => member !== null);
  const [least] = (members.length > 0 ? members : asked)
    .flatMap((one) => stretchesOf(one, time.from, time.to).map((stretch) => ({ ...stretch, lane: one.name })))
    .filter(({ from, to }) => to - from >= downtimeMs - TOLERANCE_MS)
    .toSorted((a, b) => a.to - a.from - (b.to - b.from));
  return least === undefined ? null : { from: least.from, to: least.from + downtimeMs, lane: least.lane };
}

/** What a picture shows, in one sentence for those who do not see it. */
export function timelineSentence({ end, lanes, marks: all, downtime }: Timeline): string {
  const faults = all.filter(({ kind }) => kind === "fault").length;
  const down = downtime === null ? "no downtime" : `without a healthy agent for ${formatDuration(downtime.to - downtime.from)}`;
  return `${formatDuration(end)} in ${lanes.length} lanes: ${lanes.map(({ name }) => name).join(", ")}; ${faults} fault events; ${down}`;
}
