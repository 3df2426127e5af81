// How cases came out: whether what is broken was found by the finding it must have, and what is mended was spared.
import type { CaseFile, CellRecord, RunRecord } from "../model/index.ts";
import { MARKS } from "./marks.ts";
import { oneLine } from "./text.ts";

type Expected = Pick<CaseFile, "broken" | "mended" | "finding"> & { readonly name: string };

export interface CaseResult {
  readonly name: string;
  /** What of the broken cells got away: address and why; empty when all were caught. */
  readonly escaped: readonly string[];
  /** What of the mended cells was blamed: address and why. */
  readonly alarms: readonly string[];
  /** What was found, in words. */
  readonly found: string;
}

/** Holds a run against a case. A cell that is missing, skipped or errored proves nothing, so it counts against us. */
export function caseResult(expected: Expected, record: Pick<RunRecord, "cells">): CaseResult {
  const cellOf = (id: string): CellRecord | undefined => record.cells.find((cell) => cell.id === id);
  const complaints = (ids: readonly string[], problem: (cell: CellRecord) => string | undefined): string[] =>
    ids.flatMap((id) => {
      const cell = cellOf(id);
      const why = cell === undefined ? "it is not in the plan" : problem(cell);
      return why === undefined ? [] : [`${id}: ${why}`];
    });
  const [first] = expected.broken.flatMap((id) => cellOf(id)?.findings.find((finding) => isExpected(finding, expected.finding)) ?? []);
  return {
    name: expected.name,
    escaped: complaints(expected.broken, (cell) => escapeOf(cell, expected.finding)),
    alarms: complaints(expected.mended, (cell) => (cell.verdict === "passed" ? undefined : verdictText(cell))),
    found: first === undefined ? "" : findingText(first),
  };
}

/** One line a case, with what went wrong below it. */
export function caseLines({ name, escaped, alarms, found }: CaseResult): string[] {
  const good = escaped.length + alarms.length === 0;
  return [
    `${(good ? MARKS.passed : MARKS.failed).sign} ${name}: ${escaped.length === 0 ? `caught by ${found}` : "got away"}`,
    ...escaped.map((why) => `    got away: ${why}`),
    ...alarms.map((why) => `    false alarm: ${why}`),
  ];
}

/** `caught 3 of 4, false alarms 0 of 4` */
export function caseSummary(results: readonly CaseResult[]): string {
  const caught = results.filter(({ escaped }) => escaped.length === 0).length;
  const alarmed = results.filter(({ alarms }) => alarms.length > 0).length;
  return `caught ${caught} of ${results.length}, false alarms ${alarmed} of ${results.length}`;
}

function escapeOf(cell: CellRecord, finding: CaseFile["finding"]): string | undefined {
  if (cell.verdict !== "failed") return verdictText(cell);
  if (cell.findings.some((found) => isExpected(found, finding))) return undefined;
  const path = finding.path === undefined ? "" : ` ${finding.path}`;
  return `expected ${finding.check}${path}, but found ${cell.findings.map(findingText).join("; ")}`;
}

function isExpected(found: CellRecord["findings"][number], { check, path, actual }: CaseFile["finding"]): boolean {
  return found.check === check && found.path === (path ?? null) && (actual === undefined || found.actual.includes(actual));
}

function verdictText({ verdict, outcome, reason, findings }: CellRecord): string {
  const why = findings.length === 0 ? reason : findings.map(findingText).join("; ");
  return [`${verdict}${outcome === null ? "" : ` (${outcome})`}`, why].filter(Boolean).join(": ");
}

function findingText({ check, path, actual }: CellRecord["findings"][number]): string {
  return oneLine(`${check}${path === null ? "" : ` ${path}`}: ${actual}`);
}
