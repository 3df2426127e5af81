// Sweeps in words: how many of their states recover, what they come to, and each way of failing by its minimal point.
import type { SweepRecord } from "../model/index.ts";
import { count, grouped, oneLine } from "./text.ts";

/** `412 of 412 states recover; 2 distinct outcomes (upgraded 400, rolled-back 12)`. */
export function sweepLine(sweep: SweepRecord): string {
  const outcomes = sweep.outcomes.map(({ outcome, points }) => `${outcome} ${grouped(points)}`).join(", ");
  const distinct = sweep.outcomes.length === 0 ? "" : `; ${count(sweep.outcomes.length, "distinct outcome")} (${outcomes})`;
  return `${grouped(sweep.recovered)} of ${grouped(sweep.run)} states recover${distinct}`;
}

/** What the states were chosen from. */
export function sweepBasis(sweep: SweepRecord): string {
  const left = sweep.run < sweep.states ? `, ${grouped(sweep.states)} distinct ones of which this tier takes ${grouped(sweep.run)}` : "";
  const all = sweep.candidates === sweep.states ? "" : `, ${grouped(sweep.candidates)} possible states`;
  return `${count(sweep.operations, "operation")}${all}${left}${irregularOf(sweep)}${bootedOf(sweep)}${undeterminedOf(sweep)}${sweep.cached ? "; recorded earlier" : ""}`;
}

/** Where all were, there is nothing to say. */
function bootedOf({ run, booted = run }: SweepRecord): string {
  return booted === run ? "" : `; ${grouped(booted)} booted, ${grouped(run - booted)} look alike to one of those boots`;
}

/** What a timer does comes by now and then: a strike at it would mostly strike at nothing. */
function irregularOf({ irregular = 0 }: SweepRecord): string {
  return irregular === 0 ? "" : `, ${grouped(irregular)} left out for they do not come by in every run`;
}

/** What was to be foretold, and was not: a sweep that took longer says why. */
function undeterminedOf({ undetermined }: SweepRecord): string {
  return undetermined === undefined ? "" : `; nothing is foretold, for a state does not decide how it boots: ${oneLine(undetermined)}`;
}

/** One line for each way of failing, the most frequent first. */
export function sweepFailures(sweep: SweepRecord): { readonly what: string; readonly first: string; readonly where: string }[] {
  return sweep.failures
    .toSorted((one, other) => other.points - one.points)
    .map(({ check, path, actual, points, first, sentence }) => ({
      what: `${count(points, "state")}: ${check}${path === null ? "" : ` ${oneLine(path)}`}: ${oneLine(actual)}`,
      first: oneLine(first),
      where: oneLine(sentence),
    }));
}
