// The library that gives a product a clock of its own: built on first use, for environments whose loader takes it.
import { buildClock } from "../build/index.ts";
import type { EnvironmentFacts } from "../model/index.ts";
import type { RunOptions } from "../run/index.ts";

/** The library, or in words why there is none. */
export type ClockChoice = NonNullable<RunOptions["clock"]> | { readonly unavailable: string };

export function findClock(cache: string): Promise<ClockChoice> {
  return buildClock(cache);
}

/** What an environment can do when it has the library. */
export function withClock(facts: EnvironmentFacts, clock: ClockChoice): EnvironmentFacts {
  if (!("unavailable" in clock) && facts.platform === "linux") return { ...facts, capabilities: [...facts.capabilities, "virtual-time"] };
  const why = "unavailable" in clock ? clock.unavailable : `it is made for Linux, and ${facts.name} is ${facts.platform}`;
  return { ...facts, lacks: { ...facts.lacks, "virtual-time": why } };
}

/** What a run is told of it. */
export function clockOptions(clock: ClockChoice): Pick<RunOptions, "clock"> {
  return "unavailable" in clock ? {} : { clock };
}
