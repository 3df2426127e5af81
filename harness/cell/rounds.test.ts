// Who of a fleet is asked how often: everybody in the first round, then those that are not well.
import { expect, test, vi } from "vitest";
import { Rounds } from "./rounds.ts";
import { installedFleet } from "./testing/fleet-cell.ts";

const LONG = 60_000;

test("who is well is asked again after a while, who is not in every round, and everybody once something ended", async () => {
  await using fleet = await installedFleet();
  const { hosts } = fleet.cell.fleet;
  const asked: string[] = [];
  for (const { name, prober } of hosts) {
    const ask = prober.ask.bind(prober);
    vi.spyOn(prober, "ask").mockImplementation(async (questions, target) => {
      asked.push(`${name}/${target?.service ?? ""}`);
      const answers = await ask(questions, target);
      return name === "host-2" && target?.service === "beta" ? { ...answers, healthy: false } : answers;
    });
  }
  const all = ["host-1/alpha", "host-1/beta", "host-2/alpha", "host-2/beta"];
  const rounds = new Rounds();
  const who = async (freshMs: number): Promise<string[]> => {
    asked.length = 0;
    let round = await rounds.ask(hosts, freshMs);
    while (!round.complete) round = await rounds.ask(hosts, freshMs);
    expect(round.members.map(({ healthy }) => healthy)).toEqual([true, true, true, false]);
    return [...new Set(asked)].toSorted();
  };
  expect(await who(LONG)).toEqual(all);
  expect(await who(LONG)).toEqual(["host-2/beta"]);
  expect(await who(0)).toEqual(all);
  rounds.doubt();
  expect(await who(LONG)).toEqual(all);
  rounds.forget();
  expect(await who(LONG)).toEqual(all);
}, 60_000);
