// One cell told so that a developer understands it without any other file: plan, findings, evidence, and how to replay it.
import type { CellRecord, Finding, Observation, StepRecord } from "../model/index.ts";
import { type Block, evidence } from "./evidence.ts";
import { downtimeText, fleetBlocks } from "./fleet.ts";
import { MARKS, type Paint, painter } from "./marks.ts";
import { LEAST_WIDTH, clip, count, formatDuration, oneLine, plain, wrap } from "./text.ts";
import { type DiffLine, textDiff } from "./tree-diff.ts";

export interface DetailOptions {
  readonly color: boolean;
  readonly width: number;
}

const MOST_FINDINGS = 12;
const MOST_PATHS = 10;
const MOST_VALUE_LINES = 6;

/** The block of one cell, ending in a line break. Without observations it tells what the record knows. */
export function cellDetail(cell: CellRecord, observations: readonly Observation[] | undefined, options: DetailOptions): string {
  const paint = painter(options.color);
  const width = Math.max(LEAST_WIDTH, options.width);
  const seen = observations ?? [];
  const sections = [
    heading(cell, paint, width),
    cell.verdict === "fixed" || cell.verdict === "skipped" ? [] : plan(cell, paint, width),
    findings(cell.findings, paint, width),
    faults(cell, seen, paint, width),
    ...[...fleetBlocks(cell, seen), ...evidence(cell, seen)].map((block) => blockLines(block, paint, width)),
    replay(cell, paint),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

/** A finding in one line, for lists and for the message of a test case. */
export function findingLine(finding: Finding): string {
  const where = finding.path === null ? "" : ` ${oneLine(finding.path)}`;
  return `${oneLine(finding.check)}${where}: expected ${oneLine(finding.expected)}, found ${oneLine(finding.actual)}`;
}

/** Why a cell has its verdict, in one line. */
export function cellLine(cell: CellRecord): string {
  const [first] = cell.findings;
  const more = cell.findings.length > 1 ? ` (and ${count(cell.findings.length - 1, "more finding")})` : "";
  if (cell.verdict === "failed" && first !== undefined) return `${findingLine(first)}${more}`;
  if (cell.reason !== "") return oneLine(cell.reason);
  return first === undefined ? outcomeLine(cell) : `${findingLine(first)}${more}`;
}

function outcomeLine(cell: CellRecord): string {
  const expected = cell.expect.join(" or ");
  if (cell.outcome === null) return `expected ${expected}, no outcome`;
  return cell.expect.includes(cell.outcome) ? `${cell.outcome}, as expected` : `expected ${expected}, but ${cell.outcome}`;
}

function heading(cell: CellRecord, paint: Paint, width: number): string[] {
  const { sign, tone } = MARKS[cell.verdict];
  const facts = [
    outcomeLine(cell),
    `${cell.inverted ? "inverted " : ""}${cell.kind}`,
    formatDuration(cell.durationMs),
    ...downtimeText(cell),
  ];
  const reason = cell.reason === "" ? [] : wrap(clip(`${REASON[cell.verdict]}${plain(cell.reason)}`, width * MOST_VALUE_LINES), width - 2);
  return [
    `${paint(tone, `${sign} ${cell.verdict.toUpperCase()}`)}  ${paint("strong", oneLine(cell.id))}`,
    ...wrap(oneLine(cell.summary), width - 2).map((line) => `  ${line}`),
    ...wrap(facts.join(" · "), width - 2).map((line) => paint("dim", `  ${line}`)),
    ...reason.map((line) => paint(tone, `  ${line}`)),
  ];
}

const REASON: Record<CellRecord["verdict"], string> = {
  passed: "",
  failed: "",
  errored: "Could not be judged: ",
  fixed: "Passes, but matrix.yaml says it is known to fail. Remove the entry: ",
  known: "Known: ",
  skipped: "Skipped: ",
};

function plan(cell: CellRecord, paint: Paint, width: number): string[] {
  if (cell.steps.length === 0) return [];
  const found = Map.groupBy(cell.findings, (finding) => finding.step);
  const lines = cell.steps.flatMap((step, index) => stepLines(step, index + 1, found.get(index + 1)?.length ?? 0, paint, width));
  return [paint("strong", "  Plan"), ...lines];
}

function stepLines(step: StepRecord, number: number, found: number, paint: Paint, width: number): string[] {
  const bad = step.status === "failed" || found > 0;
  const [sign, tone] = bad ? (["✗", "bad"] as const) : step.status === "done" ? (["✓", "good"] as const) : (["·", "dim"] as const);
  const time = step.durationMs === null ? "" : formatDuration(step.durationMs);
  const note = found > 0 ? `  ← ${count(found, "finding")}` : "";
  const [first = "", ...rest] = wrap(oneLine(step.sentence) + note, width - 20);
  const head = `${String(number).padStart(2)} ${first}`;
  const message =
    step.message === "" ? [] : wrap(clip(plain(step.message), width * MOST_VALUE_LINES), width - 10).slice(0, MOST_VALUE_LINES);
  const loud = (text: string): string => (tone === "good" ? text : paint(tone, text));
  return [
    `    ${paint(tone, sign)} ${loud(head)}${time === "" ? "" : paint("dim", `  ${time}`)}`,
    ...rest.map((line) => loud(`         ${line}`)),
    ...message.map((line) => paint(step.status === "failed" ? "bad" : "dim", `         ${line}`)),
  ];
}

function findings(all: readonly Finding[], paint: Paint, width: number): string[] {
  if (all.length === 0) return [];
  const alike = [...Map.groupBy(all, (one) => [one.check, one.expected, one.actual, one.step].join("\n")).values()];
  const lines = alike.slice(0, MOST_FINDINGS).flatMap((group) => findingLines(group, paint, width));
  const rest = alike.slice(MOST_FINDINGS).reduce((sum, group) => sum + group.length, 0);
  const cut = rest > 0 ? [paint("dim", `    … and ${count(rest, "more finding")}, all in the record`)] : [];
  return [paint("strong", "  Findings") + paint("dim", "  (- expected, + found)"), ...lines, ...cut];
}

/** Findings that differ in their path only: the paths below each other, what was expected and found once. */
function findingLines(group: readonly Finding[], paint: Paint, width: number): string[] {
  const finding = group[0]!; // a group has at least one
  const paths = group.flatMap(({ path }) => (path === null ? [] : [oneLine(path)]));
  const step = finding.step === null ? "" : `  (step ${finding.step})`;
  const head =
    [oneLine(finding.check), ...(paths.length === 1 ? paths : paths.length > 1 ? [count(paths.length, "path")] : [])].join("  ") + step;
  const listed = paths.length === 1 ? [] : paths.slice(0, MOST_PATHS);
  const cut = paths.length > MOST_PATHS ? [paint("dim", `      … and ${count(paths.length - MOST_PATHS, "more path")}`)] : [];
  const bothLong = finding.expected.includes("\n") && finding.actual.includes("\n");
  const lines = bothLong ? textDiff(finding.expected, finding.actual) : [...value("-", finding.expected), ...value("+", finding.actual)];
  return [
    ...wrap(head, width - 4).map((line) => `    ${paint("bad", line)}`),
    ...listed.flatMap((path) => wrap(path, width - 6).map((line) => `      ${line}`)),
    ...cut,
    ...lines.flatMap((line) => diffLine(line, paint, width, 6)),
  ];
}

function value(sign: "-" | "+", text: string): DiffLine[] {
  const lines = plain(text).trimEnd().split("\n");
  const shown = lines.length > MOST_VALUE_LINES ? [...lines.slice(0, MOST_VALUE_LINES), "…"] : lines;
  return shown.map((line) => ({ sign, text: line }));
}

function faults(cell: CellRecord, observations: readonly Observation[], paint: Paint, width: number): string[] {
  const seen = observations.flatMap((one) =>
    one.kind === "fault" ? [`${formatDuration(one.t).padStart(7)}  ${one.event.padEnd(10)}  ${oneLine(one.evidence)}`] : [],
  );
  if (cell.fault === null && seen.length === 0) return [];
  const lines = seen.length > 0 ? seen : (cell.fault?.evidence ?? []).map((text) => oneLine(text));
  const missing = cell.fault?.fired === false ? paint("bad", "  (never fired, so it proves nothing)") : "";
  return [paint("strong", "  Faults") + missing, ...lines.map((line) => `    ${clip(line, width - 4)}`)];
}

function blockLines(block: Block, paint: Paint, width: number): string[] {
  return [paint("strong", `  ${clip(block.title, width - 2)}`), ...block.lines.flatMap((line) => diffLine(line, paint, width, 4))];
}

/** A line of a block; a long one goes on below itself. */
function diffLine(line: DiffLine, paint: Paint, width: number, indent: number): string[] {
  const margin = " ".repeat(indent);
  if (line.sign === "@") return [paint("dim", clip(`${margin}  ${line.text}`, width))];
  const parts = wrap(clip(line.text, width * MOST_VALUE_LINES), width - indent - 2);
  const shown = parts.length > MOST_VALUE_LINES ? [...parts.slice(0, MOST_VALUE_LINES), "…"] : parts;
  return shown.map((part, index) => {
    const text = `${margin}${index === 0 || line.sign !== " " ? line.sign : " "} ${part}`;
    return line.sign === "-" ? paint("bad", text) : line.sign === "+" ? paint("good", text) : text.trimEnd();
  });
}

function replay(cell: CellRecord, paint: Paint): string[] {
  return cell.replay === "" ? [] : [`  ${paint("strong", "Replay")}  ${paint("accent", oneLine(cell.replay))}`];
}
