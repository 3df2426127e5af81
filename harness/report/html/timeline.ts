// A cell's observations as lanes over time: steps, what answers, services, commands; and marks for faults, downloads, problems.
import type { CellRecord, Observation, StepRecord } from "../../model/index.ts";
import { clip, formatBytes, formatDuration, oneLine } from "../text.ts";
import type { Lane, Span, Timeline, TimelineMark } from "./data.ts";

const MOST_SPANS = 120;
const MOST_MARKS = 60;
const MOST_SERVICES = 6;
const LABEL = 160;
const TOLERANCE_MS = 2;

/** null: nothing was observed over time. */
export function timelineOf({ steps, downtimeMs }: Pick<CellRecord, "steps" | "downtimeMs">, seen: readonly Observation[]): Timeline | null {
  const own = seen.filter((one) => one.kind !== "snapshot" || one.label !== "fresh");
  const end = own.reduce((most, { t }) => Math.max(most, t), 0);
  if (end <= 0) return null;
  const stepSpans = stepLane(steps, own, end);
  const health = healthLane(own, end);
  const lanes = [
    { name: "steps", spans: stepSpans },
    { name: "agent answers", spans: health },
    ...serviceLanes(own, end),
    { name: "commands", spans: commandLane(own) },
  ];
  const bounded = lanes.filter(({ spans }) => spans.length > 0).map(({ name, spans }) => ({ name, spans: spans.slice(0, MOST_SPANS) }));
  return { end, lanes: bounded, marks: marks(own).slice(0, MOST_MARKS), downtime: downtimeOf(downtimeMs, own, end) };
}

function stepLane(steps: readonly StepRecord[], seen: readonly Observation[], end: number): Span[] {
  const spans: Span[] = [];
  let open: { step: number; from: number } | undefined;
  const close = (to: number, ok: boolean): void => {
    if (open === undefined) return;
    const sentence = steps[open.step - 1]?.sentence ?? "";
    spans.push({ from: open.from, to, label: clip(`${open.step} ${oneLine(sentence)}`, LABEL), tone: ok ? "good" : "bad" });
    open = undefined;
  };
  for (const one of seen) {
    if (one.kind !== "step") continue;
    if (one.event === "started") {
      close(one.t, true);
      open = { step: one.step, from: one.t };
    } else close(one.t, one.ok);
  }
  close(end, false);
  return spans;
}

/** From each change in what answers to the next one. */
function healthLane(seen: readonly Observation[], end: number): Span[] {
  const changes = seen.filter((one) => one.kind === "health");
  return changes.map(({ t, version, healthy }, index) => ({
    from: t,
    to: changes[index + 1]?.t ?? end,
    label: version === null ? "nothing answers" : `${oneLine(version)}, ${healthy ? "healthy" : "not healthy"}`,
    tone: version === null ? "bad" : healthy ? "good" : "odd",
  }));
}

/** Each service's process from its start to its end. */
function serviceLanes(seen: readonly Observation[], end: number): Lane[] {
  const lanes = new Map<string, { spans: Span[]; open: { from: number; pid: number | undefined } | undefined }>();
  for (const one of seen) {
    if (one.kind !== "service") continue;
    const lane = lanes.get(one.service) ?? { spans: [], open: undefined };
    lanes.set(one.service, lane);
    if (one.event === "started") lane.open = { from: one.t, pid: one.pid };
    else if (lane.open !== undefined) {
      lane.spans.push(
        processSpan(
          lane.open,
          one.t,
          `${one.event}${typeof one.signal === "string" ? ` by ${one.signal}` : typeof one.code === "number" ? ` with code ${one.code}` : ""}`,
        ),
      );
      lane.open = undefined;
    } else if (one.event === "failed")
      lane.spans.push({ from: one.t, to: one.t, label: clip(`failed ${oneLine(one.detail ?? "")}`, LABEL), tone: "bad" });
  }
  return [...lanes].slice(0, MOST_SERVICES).map(([name, { spans, open }]) => ({
    name: oneLine(name),
    spans: open === undefined ? spans : [...spans, processSpan(open, end, "still runs")],
  }));
}

function processSpan({ from, pid }: { from: number; pid: number | undefined }, to: number, how: string): Span {
  const sound = /^(stopped|still runs|exited with code 0)/.test(how);
  return { from, to, label: `${pid === undefined ? "" : `pid ${pid}, `}${how}`, tone: sound ? "good" : "odd" };
}

function commandLane(seen: readonly Observation[]): Span[] {
  return seen.flatMap((one): Span[] => {
    if (one.kind !== "command") return [];
    const ok = one.accepted ?? one.code === 0;
    const how = one.code === null ? `ended by ${one.signal ?? "?"}` : `exit code ${one.code}`;
    return [
      {
        from: Math.max(0, one.t - one.durationMs),
        to: one.t,
        label: clip(`${oneLine(one.argv.join(" "))}: ${how}`, LABEL),
        tone: ok ? "dim" : "bad",
      },
    ];
  });
}

function marks(seen: readonly Observation[]): TimelineMark[] {
  return seen.flatMap((one): TimelineMark[] => {
    if (one.kind === "fault") return [{ t: one.t, kind: "fault", label: clip(`fault ${one.event}: ${oneLine(one.evidence)}`, LABEL) }];
    if (one.kind === "problem") return [{ t: one.t, kind: "problem", label: clip(oneLine(one.message), LABEL) }];
    if (one.kind !== "request") return [];
    const how = one.misbehaved === undefined ? "" : `, ${one.misbehaved}`;
    return [
      { t: one.t, kind: "request", label: clip(`download ${oneLine(one.path)}: ${one.status}, ${formatBytes(one.bytes)}${how}`, LABEL) },
    ];
  });
}

/**
 * Where the downtime that was judged lies: the stretch without a healthy answer, once the cell is installed, that is as long
 * or else the least one that is longer.
 */
function downtimeOf(downtimeMs: number | null, seen: readonly Observation[], end: number): Timeline["downtime"] {
  const installed = seen.find((one) => one.kind === "snapshot" && one.label === "before")?.t;
  if (downtimeMs === null || downtimeMs <= 0 || installed === undefined) return null;
  const changes = seen.filter((one) => one.kind === "health").filter(({ t }) => t >= installed);
  const stretches: { from: number; to: number }[] = [];
  let since: number | undefined;
  for (const { t, healthy } of [...changes, { t: end, healthy: true }]) {
    if (!healthy) since ??= t;
    else if (since !== undefined) {
      stretches.push({ from: since, to: t });
      since = undefined;
    }
  }
  const [least] = stretches
    .filter(({ from, to }) => to - from >= downtimeMs - TOLERANCE_MS)
    .toSorted((a, b) => a.to - a.from - (b.to - b.from));
  return least === undefined ? null : { from: least.from, to: least.from + downtimeMs };
}

/** What a picture shows, in one sentence for those who do not see it. */
export function timelineSentence({ end, lanes, marks: all, downtime }: Timeline): string {
  const faults = all.filter(({ kind }) => kind === "fault").length;
  const down = downtime === null ? "no downtime" : `without a healthy agent for ${formatDuration(downtime.to - downtime.from)}`;
  return `${formatDuration(end)} in ${lanes.length} lanes: ${lanes.map(({ name }) => name).join(", ")}; ${faults} fault events; ${down}`;
}
