// A cell's observations as lanes over time: steps, what answers, lines between machines, services, commands.
import type { Observation, StepRecord } from "../../model/index.ts";
import { clip, oneLine } from "../text.ts";
import type { Lane, Span } from "./data.ts";
import { type Answer, livesOf, type Stretch } from "./outages.ts";

const LABEL = 160;

/** The answers of one: of the product as a whole, or of a member. */
export interface Answering {
  /** Of the lane. */
  readonly name: string;
  /** A member; null: the product as a whole. */
  readonly member: string | null;
  readonly answers: readonly Answer[];
  /** When it was expected to answer. */
  readonly lives: readonly Stretch[];
}

/** The whole first, then its members by name. */
export function answering(seen: readonly Observation[], end: number): Answering[] {
  const whole = seen.filter((one) => one.kind === "health");
  const members = Map.groupBy(
    seen.filter((one) => one.kind === "member"),
    ({ member }) => member,
  );
  const removed = seen.flatMap((one) => (one.kind === "host" && one.event === "removed" ? [one] : []));
  const name = members.size === 0 ? "agent answers" : "all answer";
  return [
    ...(whole.length === 0 ? [] : [{ name, member: null, answers: whole, lives: livesOf(whole, [], end) }]),
    ...[...members]
      .toSorted(([a], [b]) => byName(a, b))
      .map(([member, answers]) => {
        const gone = removed.filter(({ host }) => member === host || member.startsWith(`${host}/`)).map(({ t }) => t);
        return { name: oneLine(member), member, answers, lives: livesOf(answers, gone, end) };
      }),
  ];
}

/** What has no machine of its own first, then machine by machine, the second before the tenth. */
function byName(a: string, b: string): number {
  return Number(a.includes("/")) - Number(b.includes("/")) || a.localeCompare(b, "en", { numeric: true });
}

/** Where it is not expected to answer, nothing is wrong; when it was taken away for good, its lane ends. */
export function answerLane({ name, answers, lives }: Pick<Answering, "name" | "answers" | "lives">, end: number): Lane {
  const spans = answers.flatMap(({ t, version, healthy }, index): Span[] => {
    const life = lives.find(({ from, to }) => from <= t && t < to);
    if (life === undefined && lives.length > 0 && !lives.some(({ from }) => from > t)) return [];
    const label = version === null ? "nothing answers" : `${oneLine(version)}, ${healthy ? "healthy" : "not healthy"}`;
    const early = life === undefined && lives.length > 0;
    const tone = healthy ? "good" : early ? "dim" : version === null ? "bad" : "odd";
    return [{ from: t, to: Math.min(answers[index + 1]?.t ?? end, life?.to ?? end), label, tone }];
  });
  return { name, spans };
}

/** @param found numbers of the steps in which something was found to be wrong */
export function stepLane(steps: readonly StepRecord[], seen: readonly Observation[], end: number, found: ReadonlySet<number>): Lane {
  const spans: Span[] = [];
  let open: { step: number; from: number } | undefined;
  const close = (to: number, ok: boolean): void => {
    if (open === undefined) return;
    const sentence = steps[open.step - 1]?.sentence ?? "";
    const label = clip(`${open.step} ${oneLine(sentence)}`, LABEL);
    spans.push({ from: open.from, to, label, tone: ok && !found.has(open.step) ? "good" : "bad" });
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
  return { name: "steps", spans };
}

/** Each line that was disturbed: from the disturbance to its end. */
export function networkLanes(seen: readonly Observation[], end: number): Lane[] {
  const lines = Map.groupBy(
    seen.filter((one) => one.kind === "network"),
    ({ between }) => between.join(" – "),
  );
  return [...lines].map(([name, changes]) => ({
    name: `line ${oneLine(name)}`,
    spans: changes.flatMap(({ t, change }, index): Span[] =>
      change === "heal" ? [] : [{ from: t, to: changes[index + 1]?.t ?? end, label: change, tone: change === "cut" ? "bad" : "odd" }],
    ),
  }));
}

/**
 * Each service's process from its start to its end.
 * @param taken names of other lanes: a service that has a version of its own has one for what it answers, too
 */
export function serviceLanes(seen: readonly Observation[], end: number, taken: ReadonlySet<string>): Lane[] {
  const lanes = new Map<string, { spans: Span[]; open: { from: number; pid: number | undefined } | undefined }>();
  for (const one of seen) {
    if (one.kind !== "service") continue;
    const lane = lanes.get(one.service) ?? { spans: [], open: undefined };
    lanes.set(one.service, lane);
    if (one.event === "started") lane.open = { from: one.t, pid: one.pid };
    else if (lane.open !== undefined) {
      lane.spans.push(processSpan(lane.open, one.t, `${one.event}${endOf(one)}`));
      lane.open = undefined;
    } else if (one.event === "failed")
      lane.spans.push({ from: one.t, to: one.t, label: clip(`failed ${oneLine(one.detail ?? "")}`, LABEL), tone: "bad" });
  }
  return [...lanes]
    .toSorted(([a], [b]) => byName(a, b))
    .map(([unit, { spans, open }]) => {
      const name = oneLine(unit).replace(/\.service$/, "");
      return {
        name: taken.has(name) ? `${name} process` : name,
        spans: open === undefined ? spans : [...spans, processSpan(open, end, "still runs")],
      };
    });
}

function endOf({ signal, code }: Extract<Observation, { kind: "service" }>): string {
  if (typeof signal === "string") return ` by ${signal}`;
  return typeof code === "number" ? ` with code ${code}` : "";
}

function processSpan({ from, pid }: { from: number; pid: number | undefined }, to: number, how: string): Span {
  const sound = /^(stopped|still runs|exited with code 0)/.test(how);
  return { from, to, label: `${pid === undefined ? "" : `pid ${pid}, `}${how}`, tone: sound ? "good" : "odd" };
}

export function commandLane(seen: readonly Observation[]): Lane {
  const spans = seen.flatMap((one): Span[] => {
    if (one.kind !== "command") return [];
    const ok = one.accepted ?? one.code === 0;
    const how = one.code === null ? `ended by ${one.signal ?? "?"}` : `exit code ${one.code}`;
    const label = clip(`${oneLine(one.argv.join(" "))}: ${how}`, LABEL);
    return [{ from: Math.max(0, one.t - one.durationMs), to: one.t, label, tone: ok ? "dim" : "bad" }];
  });
  return { name: "commands", spans };
}
