// What the report says of a run, put together from the same pure views that all other reports are made of.
import type { CellRecord, ReleaseRecord, RunRecord } from "../../model/index.ts";
import { attributionLine, attributions } from "../attribution.ts";
import { cellsOf, countsLine, gateLine, leftOutLine, reasonLine, runDuration } from "../gate.ts";
import type { Details } from "../junit.ts";
import { type Overview, overviewOf } from "../overview.ts";
import { mainReasons } from "../reasons.ts";
import { sweepBasis, sweepFailures, sweepLine } from "../sweeps.ts";
import { clip, formatDuration, oneLine } from "../text.ts";
import type { DetailData, ReportData, SweepData } from "./data.ts";
import { detailOf } from "./detail.ts";
import { edgesOf } from "./edges.ts";
import { byUrgency, encodeCells } from "./encode.ts";

/** Cells told at length, about 1 KiB each; many more would make a file that nobody can mail. */
const MOST_DETAILED = 1000;
/** Characters of all details together. */
const DETAIL_BUDGET = 12_000_000;
const MOST_LISTED = 200;
const MOST_SAME = 50;
const LINE = 500;

export interface Content {
  readonly data: ReportData;
  /** JSON, one entry a cell that is told at length. */
  readonly details: string;
}

/** @param details the observations of a cell; asked for the cells that are told at length only */
export function contentOf(record: RunRecord, details: Details): Content {
  const overview = overviewOf(record);
  const told = tellAtLength(record, overview, details);
  const number = new Map(record.cells.map((cell, index) => [cell, index]));
  const at = (cell: CellRecord | null | undefined): number => (cell === null || cell === undefined ? -1 : (number.get(cell) ?? -1));
  const found = attributions(record);
  const encoded = encodeCells(record.cells, new Map([...told.keys()].map((cell, index) => [cell, index])));
  const data: ReportData = {
    ...headOf(record, overview),
    reasons: mainReasons(record, overview, found).map(({ text, cell }) => ({ text, cell: at(cell) })),
    blame: found
      .slice(0, MOST_LISTED)
      .map((one) => ({ text: attributionLine(one), cell: at(one.cells.find(({ verdict }) => verdict === "failed")) })),
    causes: overview.attention
      .slice(0, MOST_LISTED)
      .map(({ cell, others }) => ({ cell: at(cell), others: others.slice(0, MOST_SAME).map(at), cells: 1 + others.length })),
    sweeps: sweepsOf(record, at),
    ...encoded,
    edges: edgesOf(record, encoded.words),
    detailed: told.size,
  };
  return { data, details: `[${[...told.values()].join(",")}]` };
}

type Head = Omit<ReportData, "reasons" | "blame" | "causes" | "sweeps" | "words" | "columns" | "edges" | "detailed">;

function headOf(record: RunRecord, overview: Overview): Head {
  const where = record.environments.map((one) => `${one.name} (${one.platform}, ${oneLine(one.description)})`);
  return {
    run: oneLine(record.run),
    facts: [
      `tier ${record.tier}`,
      ...where,
      `begun ${record.startedAt}`,
      `took ${formatDuration(runDuration(record))}`,
      `upmatrix ${oneLine(record.upmatrix)}`,
    ],
    gate: record.gate,
    decision: gateLine(record),
    counts: countsLine(overview.counts),
    total: overview.total,
    known: overview.known.slice(0, MOST_LISTED).map(reasonLine),
    problems: record.problems.slice(0, MOST_LISTED).map((problem) => clip(oneLine(problem), LINE)),
    notRun: notRun(record, overview),
    traits: Object.fromEntries((record.releases ?? []).map((release) => [`${release.product} ${release.version}`, releaseLine(release)])),
  };
}

function releaseLine({ built, traits, channel, withdrawn }: ReleaseRecord): string {
  return [
    `built ${built.slice(0, 10)}`,
    ...(channel === undefined ? [] : [`channel ${channel}`]),
    ...(traits.length === 0 ? [] : [`knows ${traits.join(", ")}`]),
    ...(withdrawn === undefined ? [] : [`withdrawn: ${oneLine(withdrawn)}`]),
  ].join("; ");
}

function notRun(record: RunRecord, overview: Overview): ReportData["notRun"] {
  const skipped = [...record.cells.filter(({ verdict }) => verdict === "skipped"), ...overview.namedSkips];
  const ids = Map.groupBy(skipped, ({ reason }) => reason);
  return {
    skips: overview.skips.slice(0, MOST_LISTED).map(({ reason, cells, products }) => ({
      reason: clip(oneLine(reason), LINE),
      cells,
      whose: cellsOf(cells, products),
      ids: (ids.get(reason) ?? []).slice(0, MOST_SAME).map(({ id }) => oneLine(id)),
    })),
    leftOut: overview.leftOut.slice(0, MOST_LISTED).map(leftOutLine),
    unavailable: record.unavailable.map(({ name, reason }) => `${name}: ${oneLine(reason)}`),
    settings: record.settings.map(
      (one) => `${oneLine(one.product)} ${oneLine(one.name)}: ${oneLine(one.published)} → ${oneLine(one.test)}`,
    ),
  };
}

/** The cells of a sweep are its points: those of the same pair whose scenario carries the sweep's name, a dot, and theirs. */
function sweepsOf(record: RunRecord, at: (cell: CellRecord | undefined) => number): SweepData[] {
  if (record.sweeps.length === 0) return [];
  const place = ({ product, from, to, environment }: CellRecord, scenario: string): string =>
    [product, from, to, environment, scenario].join("\n");
  const points = Map.groupBy(
    record.cells.filter(({ scenario }) => scenario.includes(".")),
    (cell) => place(cell, cell.scenario.slice(0, cell.scenario.indexOf("."))),
  );
  const byId = new Map(record.cells.map((cell) => [cell.id, cell]));
  return record.sweeps.map((sweep) => {
    const recorded = byId.get(sweep.id);
    return {
      id: oneLine(sweep.id),
      cell: at(recorded),
      line: sweepLine(sweep),
      basis: sweepBasis(sweep),
      whole: sweep.recovered === sweep.run,
      failures: sweepFailures(sweep)
        .slice(0, MOST_SAME)
        .map(({ what, first, where }) => ({ what, where, cell: at(byId.get(first)) })),
      points: (recorded === undefined ? [] : (points.get(place(recorded, recorded.scenario)) ?? [])).map((cell) => ({
        cell: at(cell),
        operation: Number(/\.(\d+)-/.exec(cell.scenario)?.[1] ?? 0),
        sentence: clip(oneLine(cell.fault?.evidence[0] ?? cell.reason), LINE),
      })),
    };
  });
}

/** Cells that are told at length, as JSON: first one of each cause, then the worst, until there is no room. */
function tellAtLength(record: RunRecord, overview: Overview, details: Details): Map<CellRecord, string> {
  const told = new Map<CellRecord, string>();
  let left = DETAIL_BUDGET;
  const order = new Set([...overview.attention.map(({ cell }) => cell), ...byUrgency(record.cells)]);
  for (const cell of order) {
    if (told.size === MOST_DETAILED) break;
    const text = JSON.stringify(detailOf(cell, details(cell)) satisfies DetailData);
    if (text.length > left) break;
    left -= text.length;
    told.set(cell, text);
  }
  return told;
}
