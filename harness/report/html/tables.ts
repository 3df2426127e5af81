// What a cell's members answered, stated and did, as tables: who was away how long, versions and processes, facts, sources, bursts.
import {
  type CellRecord,
  changedProcesses,
  type Member,
  type Observation,
  type Snapshot,
  type SnapshotLabel,
  type Statement,
} from "../../model/index.ts";
import { clip, formatDuration, oneLine } from "../text.ts";
import type { DetailTable } from "./data.ts";
import { type Answering, answering } from "./lanes.ts";
import { type Outage, outagesOf, type Stretch, upgradeTime } from "./outages.ts";

const MOST_ROWS = 60;
const VALUE = 200;
const WHEN: Readonly<Record<Exclude<SnapshotLabel, "fresh">, string>> = {
  before: "before the upgrade",
  after: "after the upgrade",
  rebooted: "after the reboot",
  again: "after one more upgrade",
};

/** A moment that was looked at. */
interface Look {
  readonly when: string;
  readonly snapshot: Snapshot;
}

type Told = Pick<CellRecord, "downtimeMs" | "members">;

/** Those that have something to tell; none for a product with one agent, but for the time it was away. */
export function tablesOf(cell: Told, seen: readonly Observation[]): DetailTable[] {
  const looks = seen.flatMap((one): Look[] =>
    one.kind === "snapshot" && one.label !== "fresh" ? [{ when: WHEN[one.label], snapshot: one.snapshot }] : [],
  );
  const tables = [outageTable(cell, seen), memberTable(looks), factTable(looks), ...sourceTables(looks), burstTable(seen)];
  return tables
    .filter(({ rows }) => rows.length > 0)
    .map(({ rows, ...table }) => ({ ...table, rows: worstFirst(rows).slice(0, MOST_ROWS), more: Math.max(0, rows.length - MOST_ROWS) }));
}

type Whole = Omit<DetailTable, "more">;

/**
 * Only where it was measured. Each outage counts whole, in the column of the step in which it began; what of it was judged as
 * downtime stands beside it. One agent that was away once has its downtime already told.
 */
function outageTable({ downtimeMs, members }: Told, seen: readonly Observation[]): Whole {
  const end = seen.reduce((most, { t }) => Math.max(most, t), 0);
  const time = downtimeMs === null ? null : upgradeTime(seen, end);
  const starts = seen.filter((one) => one.kind === "step" && one.event === "started");
  const stepAt = (t: number): number => starts.findLast((start) => start.t <= t)?.step ?? 0;
  const asked = time === null ? [] : answering(seen, end).map((one) => ({ ...one, outages: within(time, one) }));
  const all = asked.flatMap(({ outages }) => outages);
  const steps = [...new Set(all.map(({ from }) => stepAt(from)))].toSorted((one, other) => one - other);
  const away = asked.filter(({ outages }) => outages.length > 0);
  return {
    title: "Without a healthy answer during the upgrade",
    head: ["who", ...steps.map((step) => (step === 0 ? "begun ahead of the steps" : `begun in step ${step}`)), ...judgedHead(members)],
    rows: (asked.length === 1 && all.length === 1 ? [] : away).map(({ member, outages }) => {
      const who = member === null ? (asked.length === 1 ? "the agent" : "at least one") : oneLine(member);
      const begun = Map.groupBy(outages, ({ from }) => stepAt(from));
      return { cells: [who, ...steps.map((step) => outageText(begun.get(step) ?? [])), ...judgedText(member, members)], bad: false };
    }),
  };
}

function within({ from, to }: Stretch, { answers, lives }: Answering): Outage[] {
  return outagesOf(answers, lives).filter((outage) => from <= outage.from && outage.from < to);
}

/** `310ms`, `1.2s in 3, longest 800ms`; with a word where no healthy answer ended one. */
function outageText(outages: readonly Outage[]): string {
  const lengths = outages.map(({ from, to }) => to - from);
  if (lengths.length === 0) return "none";
  const total = formatDuration(lengths.reduce((sum, ms) => sum + ms, 0));
  const parts = lengths.length === 1 ? total : `${total} in ${lengths.length}, longest ${formatDuration(Math.max(...lengths))}`;
  return outages.some(({ over }) => !over) ? `${parts}, and not healthy again` : parts;
}

function judgedHead(members: Told["members"]): string[] {
  return members === undefined ? [] : ["judged as downtime"];
}

/** Only members are judged where there are some. */
function judgedText(name: string | null, members: Told["members"]): string[] {
  if (members === undefined) return [];
  const member = members.find((one) => one.name === name);
  if (member === undefined || member.downtimeMs === null) return ["not judged"];
  const [longest, all] = [member.downtimeMs, member.downtimeTotalMs ?? member.downtimeMs];
  return [`${formatDuration(longest)}${all > longest ? ` (${formatDuration(all)} in all)` : ""}`];
}

/** Members beside each other at each moment; a process that is another one than at the moment before is told. */
function memberTable(looks: readonly Look[]): Whole {
  const told = looks.filter(({ snapshot }) => snapshot.members !== undefined);
  const names = new Set(told.flatMap(({ snapshot }) => (snapshot.members ?? []).map(({ name }) => name)));
  return {
    title: "Members",
    head: ["member", ...told.map(({ when }) => when)],
    rows: [...names].map((name) => {
      const own = told.map(({ snapshot }) => snapshot.members?.find((member) => member.name === name));
      const cells = own.map((member, index) => memberText(member, own[index - 1]));
      return { cells: [oneLine(name), ...cells], bad: own.some((member) => member?.healthy === false) };
    }),
  };
}

function memberText(member: Member | undefined, before: Member | undefined): string {
  if (member === undefined) return "not there";
  const answer = member.version === null ? "no answer" : `${oneLine(member.version)}${member.healthy ? "" : ", not healthy"}`;
  const changed = changedProcesses(before, member);
  if (changed === null) return answer;
  if (member.processes === undefined) return `${answer}, ${changed.length === 0 ? "same" : "new"} main process`;
  return `${answer}, ${changed.length === 0 ? "same main processes" : `new main process of ${changed.map(oneLine).join(", ")}`}`;
}

/** What has no answer in the end is marked; ahead of that an older release may not know the fact. */
function factTable(looks: readonly Look[]): Whole {
  const told = looks.filter(({ snapshot }) => snapshot.facts !== undefined);
  const names = new Set(told.flatMap(({ snapshot }) => Object.keys(snapshot.facts ?? {})));
  return {
    title: "Facts",
    head: ["fact", ...told.map(({ when }) => when)],
    rows: [...names].map((name) => {
      const values = told.map(({ snapshot }) => snapshot.facts?.[name]);
      return { cells: [oneLine(name), ...values.map(value)], bad: values.at(-1) === null };
    }),
  };
}

/** One table for each kind of statement and moment in which sources disagree; of the last moment all. */
function sourceTables(looks: readonly Look[]): Whole[] {
  const told = looks.filter(({ snapshot }) => (snapshot.statements ?? []).length > 0);
  return told.flatMap(({ when, snapshot }, index) => {
    const kinds = Map.groupBy(snapshot.statements ?? [], ({ of }) => of);
    return [...kinds].flatMap(([of, statements]): Whole[] => {
      const shown = index === told.length - 1 ? statements : statements.filter((one) => !agree(one));
      const sources = [...new Set(shown.flatMap(({ says }) => Object.keys(says)))];
      const rows = shown.map((one) => ({
        cells: [oneLine(one.member), ...sources.map((source) => value(one.says[source])), agree(one) ? "agree" : "disagree"],
        bad: !agree(one),
      }));
      return [{ title: `What is said of ${oneLine(of)} ${when}`, head: ["member", ...sources.map(oneLine), "sources"], rows }];
    });
  });
}

function agree({ says }: Statement): boolean {
  return new Set(Object.values(says)).size <= 1;
}

function burstTable(seen: readonly Observation[]): Whole {
  return {
    title: "Bursts of requests",
    head: ["request", "sent", "answered", "not answered", "unclear"],
    rows: seen.flatMap((one) => {
      if (one.kind !== "burst") return [];
      const answers = Object.entries(one.statuses).map(([status, many]) => `${many} × ${oneLine(status)}`);
      const unclear = one.unclear.length === 0 ? "none" : clip(one.unclear.map(oneLine).join("; "), VALUE);
      const cells = [oneLine(one.request), String(one.count), answers.join(", "), String(one.unanswered), unclear];
      return [{ cells, bad: one.unanswered > 0 || one.unclear.length > 0 }];
    }),
  };
}

function value(said: string | null | undefined): string {
  if (said === undefined) return "not asked";
  if (said === null) return "no answer";
  return said === "" ? "(empty)" : clip(oneLine(said), VALUE);
}

function worstFirst<T extends { readonly bad: boolean }>(rows: readonly T[]): T[] {
  return [...rows.filter(({ bad }) => bad), ...rows.filter(({ bad }) => !bad)];
}
