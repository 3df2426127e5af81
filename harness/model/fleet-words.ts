// What is done to a fleet, in words: the same in plan, log, report and JUnit.
import type { FactExpectation, FleetStep } from "./fleet.ts";

/**
 * A step as the end of a sentence: `cut the line between host-1 and inventory`.
 * @param release how a release is called: its version, where that is known
 */
export function fleetWords(
  step: FleetStep,
  release: (role: "from" | "to" | "next") => string = (role) => `the release \`${role}\``,
): string {
  if ("reboot" in step) return `reboot ${step.reboot}`;
  if ("add" in step) return `add ${step.add} and wait until it is healthy`;
  if ("remove" in step) return `remove ${step.remove}`;
  if ("run" in step)
    return `run the command ${step.run}${step.code.includes(0) ? "" : `, which must end with code ${step.code.join(" or ")}`}`;
  if ("burst" in step) return `send ${step.count.toLocaleString("en-US")} × ${step.burst}, ${step.parallel} at a time`;
  if ("await" in step) return `wait until ${factWords(step.await)}`;
  if ("network" in step) return networkWords(step);
  if ("companion" in step)
    return step.do === "upgrade" ? `upgrade ${step.companion} to ${release(step.release)}` : `${step.do} ${step.companion}`;
  return step satisfies never;
}

/** What must hold of facts, as the end of a sentence: `attempts is at least 2 and last-error is not "none"`. */
export function factWords(facts: Readonly<Record<string, FactExpectation>>): string {
  return Object.entries(facts)
    .map(([name, expected]) => `${name} is ${expectationWords(expected)}`)
    .join(" and ");
}

/** `"done"`, `at least 2 and at most 5`, `not "none"`. */
export function expectationWords(expected: FactExpectation): string {
  if (typeof expected === "string") return JSON.stringify(expected);
  const { atLeast, atMost, not } = expected;
  return [
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
    ...(not === undefined ? [] : [`not ${JSON.stringify(not)}`]),
  ].join(" and ");
}

/** Whether a fact is as expected; no answer never is. */
export function isAsExpected(expected: FactExpectation, value: string | null | undefined): boolean {
  if (value === null || value === undefined) return false;
  if (typeof expected === "string") return value === expected;
  const { atLeast, atMost, not } = expected;
  const number = value.trim() === "" ? Number.NaN : Number(value);
  return (atLeast === undefined || number >= atLeast) && (atMost === undefined || number <= atMost) && (not === undefined || value !== not);
}

function networkWords({ network, between: [one, other], by }: Extract<FleetStep, { network: unknown }>): string {
  const line = `the line between ${one} and ${other}`;
  return network === "slow" ? `slow ${line} down${by === undefined ? "" : ` by ${by}`}` : `${network} ${line}`;
}
