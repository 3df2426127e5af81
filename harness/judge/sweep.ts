// A sweep as a whole, from the records of its points: how many recover, what they come to, and each way of failing once,
// by its minimal point.
import { type Cell, type CellRecord, crashVariants, type Finding, type Outcome, type SweepRecord } from "../model/index.ts";

export interface SweepSource {
  readonly sweep: Cell;
  /** Those that were to run. */
  readonly points: readonly Cell[];
  readonly operations: number;
  readonly candidates: number;
  readonly states: number;
  readonly irregular?: number | undefined;
  readonly cached: boolean;
  readonly undetermined?: string | undefined;
}

/** @param records among others those of the points */
export function summarizeSweep(
  { sweep, points, operations, candidates, states, irregular, cached, undetermined }: SweepSource,
  records: readonly CellRecord[],
): SweepRecord {
  const byId = new Map(records.map((record) => [record.id, record]));
  const judged = points.flatMap((point) => {
    const record = byId.get(point.id);
    return record === undefined || record.outcome === null ? [] : [{ point, record }];
  });
  const recovered = judged.filter(({ record }) => record.verdict === "passed" || record.verdict === "fixed").length;
  return {
    ...{ id: sweep.id, operations, candidates, states, run: judged.length, recovered, cached },
    booted: judged.filter(({ record }) => record.same?.boot === undefined).length,
    ...(undetermined === undefined ? {} : { undetermined }),
    ...(irregular === undefined ? {} : { irregular }),
    outcomes: outcomesOf(judged.map(({ record }) => record)),
    failures: failuresOf(judged),
  };
}

function outcomesOf(records: readonly CellRecord[]): SweepRecord["outcomes"] {
  const counts = new Map<Outcome, number>();
  for (const { outcome } of records) if (outcome !== null) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, points]) => ({ outcome, points })).sort((one, other) => other.points - one.points);
}

interface Judged {
  readonly point: Cell;
  readonly record: CellRecord;
}

/** Points fail alike when their first finding – the cause, by the order of the checks – is of one check and path. */
function failuresOf(judged: readonly Judged[]): SweepRecord["failures"] {
  const groups = new Map<string, [Judged & { finding: Finding }, ...(Judged & { finding: Finding })[]]>();
  for (const one of judged) {
    const [finding] = one.record.findings;
    if (finding === undefined) continue;
    const key = `${finding.check}\0${finding.path ?? ""}\0${generalized(finding.actual)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [{ ...one, finding }]);
    else group.push({ ...one, finding });
  }
  return [...groups.values()].map((group) => {
    const [first] = group.toSorted((one, other) => at(one.point) - at(other.point) || harshness(one.point) - harshness(other.point));
    const { finding, point, record } = first ?? group[0];
    const { check, path, actual } = finding;
    const sentence = point.script.cut?.sentence ?? record.fault?.evidence[0] ?? "";
    return { check, path, actual, points: group.length, first: point.id, sentence };
  });
}

/** Numbers and hashes differ from point to point and say nothing. */
function generalized(text: string): string {
  return text.replace(/\b[0-9a-f]{6,}\b|\d+/g, "#");
}

function at({ script }: Cell): number {
  return script.cut?.k ?? Number(/\.(\d+)-/.exec(script.scenario)?.[1] ?? 0);
}

function harshness({ script }: Cell): number {
  return script.cut === undefined ? 0 : crashVariants.indexOf(script.cut.variant);
}
