// Takes out of a cell's observations what explains a failure: trees, logs, services, commands, faults, and how it ended.
import type { CellRecord, Observation, Snapshot, SnapshotLabel } from "../model/index.ts";
import { type DiffLine, type TreeChange, bounded, treeChanges, treeDiff } from "./tree-diff.ts";
import { clip, count, formatDuration, lastLines, oneLine } from "./text.ts";

/** A titled block of lines. */
export interface Block {
  readonly title: string;
  readonly lines: readonly DiffLine[];
}

const MOST_NAMED = 40;
const MOST_OTHERS = 16;
const MOST_EVENTS = 12;
const MOST_COMMANDS = 3;
const MOST_LOGS = 4;
const LOG_LINES = 12;
const LINE_WIDTH = 500;

const TREE_NAME: Record<SnapshotLabel, string> = {
  fresh: "a fresh install",
  before: "before the upgrade",
  after: "after the upgrade",
  rebooted: "after the reboot",
  again: "after one more upgrade",
};

/** All evidence of a cell, in the order in which it is read; of each log the last lines. */
export function evidence(cell: CellRecord, observations: readonly Observation[], logLines = LOG_LINES): Block[] {
  return [
    ...treeBlocks(cell, observations),
    ...sameBlock(observations),
    ...problemBlock(observations),
    ...commandBlocks(observations),
    ...serviceBlock(observations),
    ...processBlock(observations),
    ...logBlocks(observations, "updater", "Updater log", logLines),
    ...logBlocks(observations, "agent", "Agent log", logLines),
    ...logBlocks(observations, "service", "Service output", logLines),
  ];
}

/**
 * Expected and found tree. Where nothing may have changed (rolled back, refused) or no one knows what is there (stuck,
 * bricked), that is the whole difference to the tree before; else only the paths that findings name.
 */
function treeBlocks(cell: CellRecord, observations: readonly Observation[]): Block[] {
  const snapshots = snapshotsOf(observations);
  const expected = cell.outcome === "upgraded" && snapshots.has("fresh") ? "fresh" : "before";
  const actual = foundTree(cell, observations);
  const [reference, found] = [snapshots.get(expected), actual === undefined ? undefined : snapshots.get(actual)];
  if (actual === undefined || reference === undefined || found === undefined) return [];
  const changes = treeChanges(reference.tree, found.tree);
  const named = new Set(cell.findings.map((finding) => finding.path));
  const broken = changes.filter((change) => isNamed(change, named));
  const others = changes.filter((change) => !isNamed(change, named));
  const title = `Tree ${TREE_NAME[expected]} (-) and ${TREE_NAME[actual]} (+)`;
  const blocks: Block[] = [{ title, lines: bounded(treeDiff(broken), MOST_NAMED, "line") }];
  if (cell.outcome !== "upgraded") {
    const rest = broken.length > 0 ? "Also changed in the tree, without a finding" : title;
    blocks.push({ title: rest, lines: bounded(treeDiff(others), broken.length > 0 ? MOST_OTHERS : MOST_NAMED, "line") });
  }
  return blocks.filter((block) => block.lines.length > 0);
}

/** A finding names a path itself, or a folder around it. */
function isNamed(change: TreeChange, named: ReadonlySet<string | null>): boolean {
  for (let path = change.path; path !== ""; path = path.slice(0, Math.max(0, path.lastIndexOf("/")))) if (named.has(path)) return true;
  return false;
}

function snapshotsOf(observations: readonly Observation[]): Map<SnapshotLabel, Snapshot> {
  return new Map(observations.flatMap((seen) => (seen.kind === "snapshot" ? [[seen.label, seen.snapshot] as const] : [])));
}

/** The snapshot in which the first finding about a path was seen; without one the first after the upgrade. */
function foundTree(cell: CellRecord, observations: readonly Observation[]): SnapshotLabel | undefined {
  const seenIn = cell.findings.find((finding) => finding.path !== null && finding.step !== null)?.step;
  let step = 0;
  let first: SnapshotLabel | undefined;
  for (const observation of observations) {
    if (observation.kind === "step" && observation.event === "started") step = observation.step;
    if (observation.kind !== "snapshot" || observation.label === "fresh" || observation.label === "before") continue;
    first ??= observation.label;
    if (step === seenIn) return observation.label;
  }
  return first;
}

/** Parts of a point that were seen at another one. */
function sameBlock(observations: readonly Observation[]): Block[] {
  const lines = observations.flatMap((seen) =>
    seen.kind === "same" ? [at(seen.t, `${PART[seen.part]} went at the point ${seen.point}: ${seen.why}; replay does it here`)] : [],
  );
  return lines.length === 0 ? [] : [{ title: "Seen at another point", lines }];
}

const PART = { boot: "the boot goes as it", rest: "what follows the boot goes as it" };

function problemBlock(observations: readonly Observation[]): Block[] {
  const lines = observations.flatMap((seen): DiffLine[] => {
    if (seen.kind === "problem") return [at(seen.t, seen.message)];
    if (seen.kind !== "end" || (seen.end.how === "complete" && seen.end.leaks.length === 0)) return [];
    const leaks = seen.end.leaks.map((leak) => at(seen.t, `left behind: ${leak}`));
    return seen.end.how === "complete" ? leaks : [at(seen.t, `the cell ended by ${seen.end.how}: ${seen.end.detail}`), ...leaks];
  });
  return lines.length === 0 ? [] : [{ title: "Problems", lines: bounded(lines, MOST_EVENTS, "problem") }];
}

function commandBlocks(observations: readonly Observation[]): Block[] {
  const bad = observations
    .filter((seen) => seen.kind === "command")
    .filter((seen) => seen.accepted === false || (seen.accepted === undefined && seen.code !== 0));
  return bad.slice(-MOST_COMMANDS).map((seen) => ({
    title: `Command ${seen.code === null ? `ended by ${seen.signal ?? "no exit code"}` : `with exit code ${seen.code}`}, ${formatDuration(seen.durationMs)}`,
    lines: [
      { sign: " ", text: `$ ${clip(oneLine(seen.argv.join(" ")), LINE_WIDTH)}` },
      ...tail(`${seen.stdout}\n${seen.stderr}`, LOG_LINES),
    ],
  }));
}

function serviceBlock(observations: readonly Observation[]): Block[] {
  const lines = observations.flatMap((seen): DiffLine[] => {
    if (seen.kind === "health" || seen.kind === "member") {
      const who = seen.kind === "member" ? `${seen.member}: ` : "";
      const how = seen.version === null ? "" : seen.healthy ? ", healthy" : ", not healthy";
      return [at(seen.t, `${who}${seen.version ?? "nothing"} answers${how}`)];
    }
    if (seen.kind !== "service") return [];
    const code = typeof seen.code === "number" ? ` with code ${seen.code}` : "";
    const how = typeof seen.signal === "string" ? ` by ${seen.signal}` : code;
    const pid = seen.pid === undefined ? "" : ` (pid ${seen.pid})`;
    return [at(seen.t, `${seen.service} ${seen.event}${how}${pid}${seen.detail === undefined ? "" : `: ${seen.detail}`}`)];
  });
  if (lines.length === 0) return [];
  const cut: DiffLine[] =
    lines.length > MOST_EVENTS ? [{ sign: "@", text: `… ${count(lines.length - MOST_EVENTS, "earlier event")}` }] : [];
  return [{ title: "Services and health", lines: [...cut, ...lines.slice(-MOST_EVENTS)] }];
}

function processBlock(observations: readonly Observation[]): Block[] {
  const last = observations.findLast((seen) => seen.kind === "snapshot");
  if (last === undefined || last.label === "before" || last.label === "fresh") return [];
  const { processes, busy, unreadable } = last.snapshot;
  const lines = [
    ...processes.map((one) => line(`pid ${one.pid}  ${clip(oneLine(one.command), LINE_WIDTH)}`)),
    ...busy.map((sign) => line(`upgrade still going on: ${oneLine(sign)}`)),
    ...unreadable.map((file) => line(`cannot read ${oneLine(file.path)}: ${oneLine(file.problem)}`)),
  ];
  return lines.length === 0 ? [] : [{ title: `Running ${TREE_NAME[last.label]}`, lines: bounded(lines, MOST_EVENTS, "line") }];
}

/** The last lines of each log; of a log that was read several times, the last reading. */
function logBlocks(observations: readonly Observation[], source: "agent" | "updater" | "service", title: string, most: number): Block[] {
  const logs = new Map(
    observations.flatMap((seen) => (seen.kind === "log" && seen.source === source ? [[seen.path, seen.tail] as const] : [])),
  );
  const told = [...logs].filter(([, text]) => text.trim() !== "").slice(-MOST_LOGS);
  return told.map(([path, text]) => ({ title: `${title} ${oneLine(path)}`, lines: tail(text, most) }));
}

function tail(text: string, most: number): DiffLine[] {
  const { lines, before } = lastLines(text, most);
  const cut: DiffLine[] = before > 0 ? [{ sign: "@", text: `… ${count(before, "earlier line")}` }] : [];
  return [...cut, ...lines.filter((one) => one !== "").map((one) => line(clip(one, LINE_WIDTH)))];
}

function at(t: number, text: string): DiffLine {
  return line(`${formatDuration(t).padStart(7)}  ${clip(oneLine(text), LINE_WIDTH)}`);
}

function line(text: string): DiffLine {
  return { sign: " ", text };
}
