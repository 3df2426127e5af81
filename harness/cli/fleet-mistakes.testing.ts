// For tests only: what is wrong with the releases of the project `fleet`, the scenario in which it shows, and what must be found.

export interface FleetMistake {
  readonly trait: string;
  readonly scenario: "in-turn" | "asked" | "neighbours-apart";
  readonly check: string;
  readonly expected?: RegExp;
  readonly actual: RegExp;
}

export const FLEET_MISTAKES: readonly FleetMistake[] = [
  {
    trait: "forgets-inventory",
    scenario: "in-turn",
    check: "consistent-sources",
    expected: /^host-1\/beta \(versions\): one answer of runs, disk, inventory$/,
    actual: /^runs says 2\.0\.0, disk says 2\.0\.0, inventory says 1\.0\.0-forgets-inventory$/,
  },
  { trait: "orders-twice", scenario: "in-turn", check: "facts", expected: /^orders is "2"$/, actual: /^"4"$/ },
  { trait: "refuses-retry", scenario: "asked", check: "own-steps", expected: /Run the command retry/, actual: /nothing to try again/ },
  {
    trait: "loses-requests",
    scenario: "asked",
    check: "burst-answered",
    expected: /^60 × job answered with 202 or 429$/,
    actual: /without an answer$/,
  },
  {
    trait: "restarts-all",
    scenario: "in-turn",
    check: "restarts",
    expected: /^host-1\/alpha: process .* goes on$/,
    actual: /^process \d+/,
  },
  { trait: "serves-both", scenario: "in-turn", check: "overlap", actual: /^host-1\/beta: .* for \d+(\.\d)? ms$/ },
  { trait: "all-at-once", scenario: "in-turn", check: "concurrency", actual: /^2: host-1, host-2$/ },
  {
    trait: "buries-neighbours",
    scenario: "neighbours-apart",
    check: "consistent-sources",
    expected: /^host-2\/alpha \(versions\): one answer of runs, disk, inventory$/,
    actual: /, inventory says nothing$/,
  },
  { trait: "store-dies", scenario: "in-turn", check: "companions-run", expected: /^store runs$/, actual: /^exited with code 3/ },
];

/** The address of the cell that must find a mistake. */
export function fleetAddress({ trait, scenario }: FleetMistake): string {
  return `crew/1.0.0-${trait}..2.0.0/${scenario}@host`;
}
