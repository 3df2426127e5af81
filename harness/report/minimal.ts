// A failing point of a sweep, looked for in other pairs: the first release whose updater has it, and the nearest pair that shows it.
import type { CellRecord, Finding, RunRecord } from "../model/index.ts";

export interface Minimal {
  readonly finding: Pick<Finding, "check" | "path">;
  /** Every pair in which the sweep ran, in the order in which `from` was built. */
  readonly pairs: readonly PairShown[];
  /** Of all releases the one built first whose upgrade shows it. */
  readonly firstRelease: string;
  /** The pair whose two releases differ least. */
  readonly nearest: PairShown;
}

export interface PairShown {
  readonly from: string;
  readonly to: string;
  /** The first of its points that fails in the same way; null: none does. */
  readonly point: string | null;
}

export interface ReleaseFacts {
  readonly version: string;
  readonly builtMs: number;
  readonly traits: readonly string[];
}

/**
 * @param id address of the point that fails
 * @param record of a run of the same operation in other pairs
 * @returns undefined when the point itself does not fail there
 */
export function minimalOf(id: string, record: Pick<RunRecord, "cells">, releases: readonly ReleaseFacts[]): Minimal | undefined {
  const original = record.cells.find((cell) => cell.id === id);
  const finding = original?.findings[0];
  if (original === undefined || finding === undefined) return undefined;
  const facts = new Map(releases.map((release) => [release.version, release]));
  const points = record.cells.filter((cell) => cell.scenario.includes(".") && cell.outcome !== null);
  const keys = [...new Set(points.map(({ from, to }) => `${from} ${to}`))];
  const pairs = keys.map((key): PairShown => {
    const [from = "", to = ""] = key.split(" ");
    const shown = points.find((cell) => cell.from === from && cell.to === to && failsAlike(cell, finding));
    return { from, to, point: shown?.id ?? null };
  });
  const ordered = pairs.toSorted(
    (one, other) => built(facts, one.from) - built(facts, other.from) || built(facts, one.to) - built(facts, other.to),
  );
  const showing = ordered.filter(({ point }) => point !== null);
  const [first = { from: original.from, to: original.to, point: id }] = showing;
  const nearest = showing.toSorted((one, other) => distance(facts, one) - distance(facts, other))[0] ?? first;
  return { finding: { check: finding.check, path: finding.path }, pairs: ordered, firstRelease: first.from, nearest };
}

function failsAlike({ findings }: CellRecord, { check, path }: Finding): boolean {
  return findings.some((finding) => finding.check === check && finding.path === path);
}

function built(facts: ReadonlyMap<string, ReleaseFacts>, version: string): number {
  return facts.get(version)?.builtMs ?? 0;
}

/** How many traits only one of the two has; builds that lie closer together count as nearer among equals. */
function distance(facts: ReadonlyMap<string, ReleaseFacts>, { from, to }: PairShown): number {
  const [one, other] = [facts.get(from)?.traits ?? [], facts.get(to)?.traits ?? []];
  const differing = one.filter((trait) => !other.includes(trait)).length + other.filter((trait) => !one.includes(trait)).length;
  const apart = Math.abs(built(facts, from) - built(facts, to));
  return differing + apart / (apart + DAY_MS);
}

const DAY_MS = 86_400_000;

/** For a terminal, line by line. */
export function minimalLines({ finding, pairs, firstRelease, nearest }: Minimal): string[] {
  const what = `${finding.check}${finding.path === null ? "" : ` ${finding.path}`}`;
  return [
    `${what} in ${pairs.filter(({ point }) => point !== null).length} of ${pairs.length} pairs`,
    ...pairs.map(({ from, to, point }) => `  ${point === null ? "✓" : "✗"} ${from} → ${to}${point === null ? "" : `  ${point}`}`),
    `First release that has it: ${firstRelease}`,
    `Nearest pair that shows it: ${nearest.from} → ${nearest.to}  ${nearest.point ?? ""}`,
  ];
}
