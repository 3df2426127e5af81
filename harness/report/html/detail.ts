// One cell as the report shows it: its plan, findings, timeline and evidence, each bounded.
import type { CellRecord, Finding, Observation } from "../../model/index.ts";
import { evidence } from "../evidence.ts";
import { clip, formatDuration, oneLine, plain } from "../text.ts";
import type { DetailData, DetailFinding } from "./data.ts";
import { tablesOf } from "./tables.ts";
import { timelineOf } from "./timeline.ts";

const MOST_FINDINGS = 30;
const MOST_PATHS = 20;
const MESSAGE = 1000;
const VALUE = 2000;
const LOG_LINES = 120;

/** With `observations` undefined: what the record itself knows. A cell that passed needs no evidence. */
export function detailOf(cell: CellRecord, observations: readonly Observation[] | undefined): DetailData {
  const seen = observations ?? [];
  const found = Map.groupBy(cell.findings, ({ step }) => step);
  const findings = groups(cell.findings);
  return {
    steps: cell.steps.map(({ sentence, status, message, durationMs }, index) => ({
      sentence: oneLine(sentence),
      status,
      message: clip(plain(message), MESSAGE),
      took: durationMs === null ? "" : formatDuration(durationMs),
      findings: found.get(index + 1)?.length ?? 0,
    })),
    findings: findings.slice(0, MOST_FINDINGS),
    moreFindings: findings.slice(MOST_FINDINGS).reduce((sum, { paths }) => sum + Math.max(1, paths.length), 0),
    faults: (cell.fault?.evidence ?? []).map((line) => clip(oneLine(line), MESSAGE)),
    timeline: timelineOf(cell, seen),
    tables: tablesOf(cell, seen),
    blocks:
      cell.verdict === "passed"
        ? []
        : evidence(cell, seen, LOG_LINES).map(({ title, lines }) => ({ title, lines: lines.map(({ sign, text }) => `${sign}${text}`) })),
  };
}

/** Findings that differ in their path only are one. */
function groups(all: readonly Finding[]): DetailFinding[] {
  const alike = Map.groupBy(all, ({ check, expected, actual, step }) => [check, expected, actual, step].join("\n"));
  return [...alike.values()].map((group) => {
    const { check, expected, actual, step } = group[0] as Finding; // a group has at least one
    const paths = group.flatMap(({ path }) => (path === null ? [] : [oneLine(path)]));
    const shown = paths.length > MOST_PATHS ? [...paths.slice(0, MOST_PATHS), `… and ${paths.length - MOST_PATHS} more`] : paths;
    return { check: oneLine(check), paths: shown, expected: clip(plain(expected), VALUE), actual: clip(plain(actual), VALUE), step };
  });
}
