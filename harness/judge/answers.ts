// What answers over time – of the agent, or of each member of a fleet – and for how long nothing does.
import type { Fleet } from "./fleet.ts";
import { round, type Timeline } from "./timeline.ts";
import type { OwnUpgrade, Window } from "./upgrades.ts";

export interface Answer {
  readonly t: number;
  readonly version: string | null;
  readonly healthy: boolean;
}

/** The answers of one agent; `member` is null where it is the only one. */
export interface Line {
  readonly member: string | null;
  readonly host: string | undefined;
  readonly service: string | undefined;
  readonly answers: readonly Answer[];
  /** When it is expected to answer: a host may come later, go earlier, and come back. */
  readonly lives: readonly Window[];
}

/** One line for each agent that ever was. */
export function answerLines(timeline: Timeline, fleet: Fleet | null): Line[] {
  if (fleet === null) return [{ member: null, host: undefined, service: undefined, answers: timeline.health, lives: [ALWAYS] }];
  return fleet.ever.map(({ name, host, service }) => {
    const answers = timeline.members.filter(({ member }) => member === name);
    return { member: name, host, service, answers, lives: host === undefined ? [ALWAYS] : livesOf(host, answers, timeline, fleet) };
  });
}

const ALWAYS: Window = { start: -Infinity, end: Infinity };

/** From its first healthy answer, where it was not there from the beginning, until it is removed; and so on. */
function livesOf(host: string, answers: readonly Answer[], timeline: Timeline, fleet: Fleet): Window[] {
  const lives: Window[] = [];
  const removals = timeline.hosts.filter((seen) => seen.host === host && seen.event === "removed").map(({ t }) => t);
  let start: number | undefined = fleet.initial.has(host) ? -Infinity : firstHealthy(answers, -Infinity);
  for (const end of removals) {
    if (start !== undefined && start < end) lives.push({ start, end });
    start = firstHealthy(answers, end);
  }
  if (start !== undefined) lives.push({ start, end: Infinity });
  return lives;
}

function firstHealthy(answers: readonly Answer[], after: number): number | undefined {
  return answers.find(({ healthy, t }) => healthy && t > after)?.t;
}

/** The parts of a window in which an agent is expected to answer. */
export function livedIn({ lives }: Line, window: Window): Window[] {
  return lives
    .map(({ start, end }) => ({ start: Math.max(window.start, start), end: Math.min(window.end, end) }))
    .filter(({ start, end }) => start < end);
}

/** How long an agent did not answer healthily during the upgrades. */
export interface Downtime {
  readonly member: string | null;
  readonly ms: number;
  readonly totalMs: number;
  /** When the longest lies; null: there was none. */
  readonly at: Window | null;
  /** Number of the step with the longest. */
  readonly step: number;
}

/** Of each agent of which something was observed. */
export function downtimes(timeline: Timeline, fleet: Fleet | null, upgrades: readonly OwnUpgrade[]): Downtime[] {
  const windows = upgrades.flatMap(({ window, span }) => (window === null ? [] : [{ window, step: span.number }]));
  return answerLines(timeline, fleet).flatMap((line): Downtime[] => {
    const [first] = windows;
    if (line.answers.length === 0 || first === undefined) return [];
    let longest: { ms: number; at: Window | null; step: number } = { ms: 0, at: null, step: first.step };
    let totalMs = 0;
    for (const { window, step } of windows) {
      for (const gap of gapsOf(line, window)) {
        const ms = gap.end - gap.start;
        totalMs += ms;
        if (ms > longest.ms) longest = { ms, at: gap, step };
      }
    }
    return [{ ...longest, member: line.member, ms: round(longest.ms), totalMs: round(totalMs) }];
  });
}

/** The longest of all agents; null when nothing was measured. */
export function longestDowntime(all: readonly Downtime[]): Downtime | null {
  return all.reduce<Downtime | null>((most, one) => (most === null || one.ms > most.ms ? one : most), null);
}

/** The stretches within a window in which nothing healthy answered. */
export function gapsOf(line: Line, window: Window): Window[] {
  return livedIn(line, window).flatMap((bounds) => gapsWithin(line.answers, bounds));
}

function gapsWithin(answers: readonly Answer[], bounds: Window): Window[] {
  const gaps: Window[] = [];
  let downSince: number | null = null;
  const up = (t: number): void => {
    if (downSince === null) return;
    const gap = { start: Math.max(downSince, bounds.start), end: Math.min(t, bounds.end) };
    if (gap.end > gap.start) gaps.push(gap);
    downSince = null;
  };
  for (const { t, healthy } of answers) {
    if (healthy) up(t);
    else downSince ??= t;
  }
  up(bounds.end);
  return gaps;
}

/** The last answer of a member that was in force at this moment. */
export function memberAt(timeline: Timeline, name: string, t: number): Answer | undefined {
  return timeline.members.findLast((seen) => seen.member === name && seen.t <= t);
}

/** Two versions of one agent that answered in turn, and for how long. */
export interface Overlap {
  readonly versions: readonly [string, string];
  readonly ms: number;
}

/**
 * The longest time in which an agent answered with two versions. One version after the other is no overlap, nor is the way
 * back to the first: only when each answers again after the other do both run. It begins with the first answer of the one
 * that came second, and ends with the last answer of the first that the second outlives. Where nothing answers in between,
 * neither runs.
 */
export function overlapOf(line: Line, window: Window): Overlap | null {
  let longest: Overlap | null = null;
  const runs = livedIn(line, window).flatMap(({ start, end }) => unbrokenRuns(line.answers, start, end));
  for (const run of runs) {
    for (const [index, second] of run.entries()) {
      if (run.findIndex(({ version }) => version === second.version) !== index) continue;
      for (const first of new Set(run.slice(0, index).map(({ version }) => version))) {
        const lastSecond = run.findLastIndex(({ version }) => version === second.version);
        const last = run.findLast(({ version }, at) => at > index && at < lastSecond && version === first);
        const ms = last === undefined ? 0 : round(last.end - second.start);
        if (ms > (longest?.ms ?? 0)) longest = { versions: [first, second.version], ms };
      }
    }
  }
  return longest;
}

interface Spoken extends Window {
  readonly version: string;
}

/** What answered, in stretches in which something always did. */
function unbrokenRuns(answers: readonly Answer[], start: number, end: number): Spoken[][] {
  const runs: Spoken[][] = [[]];
  for (const [index, { t, version }] of answers.entries()) {
    const until = Math.min(answers[index + 1]?.t ?? Infinity, end);
    const since = Math.max(t, start);
    if (until < since) continue;
    if (version === null) runs.push([]);
    else runs.at(-1)?.push({ version, start: since, end: until });
  }
  return runs;
}
