// The recorder, which watches and interrupts what an updater does to files: built on first use, for environments that can run it.
import { buildRecorder } from "../build/index.ts";
import type { Cell, EnvironmentFacts } from "../model/index.ts";
import { addressMatcher } from "../plan/index.ts";
import type { RecorderFile, RunOptions } from "../run/index.ts";

/** The recorder, or in words why there is none. */
export type RecorderChoice = RecorderFile | { readonly unavailable: string };

export function findRecorder(cache: string): Promise<RecorderChoice> {
  return buildRecorder(cache);
}

/** What an environment can do when it has the recorder. It runs in Linux containers, where a cell's trees always have the same paths. */
export function withRecorder(facts: EnvironmentFacts, recorder: RecorderChoice): EnvironmentFacts {
  if (facts.name !== "docker") return { ...facts, lacks: { ...facts.lacks, recorder: "it records in Linux containers only" } };
  if ("unavailable" in recorder) return { ...facts, lacks: { ...facts.lacks, recorder: recorder.unavailable } };
  return { ...facts, capabilities: [...facts.capabilities, "recorder"] };
}

/** What a run is told of the recorder and of the points of sweeps that are asked for. */
export function sweepOptions(
  recorder: RecorderChoice,
  patterns: readonly string[],
): Pick<RunOptions, "wanted" | "everyPoint"> & { readonly recorder?: RecorderFile } {
  const matchers = patterns.map(addressMatcher);
  const whole = (sweep: Cell): boolean => patterns.length === 0 || matchers.some((matches) => matches(sweep.id));
  return {
    ...("unavailable" in recorder ? {} : { recorder }),
    wanted: (sweep, point) => whole(sweep) || matchers.some((matches) => matches(point)),
    // a pattern that goes on behind a sweep's name asks for certain points, whatever the tier takes
    everyPoint: patterns.some((pattern) => /\/[^/@.]+\.[^/@]+(?:@[^/]*)?$/.test(pattern)),
  };
}
