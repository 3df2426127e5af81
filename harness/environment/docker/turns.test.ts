// How many cells run at once, by what they are.
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Sized, Turns } from "./turns.ts";

const SMALL: Sized = { hosts: undefined, companions: [] };
const LARGE: Sized = { hosts: undefined, companions: ["a server of its own"] };
const FLEET: Sized = { hosts: ["one", "two"], companions: [] };

/** The most that were at work at once, of all and of large ones, while every one waits for the others. */
async function most(turns: Turns, products: readonly Sized[]): Promise<{ readonly all: number; readonly large: number }> {
  const working = new Set<number>();
  const peak = { all: 0, large: 0 };
  const work = products.map((product, index) =>
    turns.take(product, async () => {
      working.add(index);
      peak.all = Math.max(peak.all, working.size);
      peak.large = Math.max(peak.large, [...working].filter((one) => products[one] !== SMALL).length);
      for (let tick = 0; tick < 3; tick++) await setImmediate();
      working.delete(index);
    }),
  );
  await Promise.all(work);
  return peak;
}

const mixed = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? LARGE : SMALL));

test.each<[string, Turns, readonly Sized[], { all: number; large: number }]>([
  ["five a processor", new Turns(undefined, 2), mixed.map(() => SMALL), { all: 10, large: 0 }],
  [
    "three of several machines",
    new Turns(undefined, 2),
    mixed.map((_product, index) => (index % 2 === 0 ? LARGE : FLEET)),
    { all: 6, large: 6 },
  ],
  ["one beside the other: large ones leave room for small ones", new Turns(undefined, 2), mixed, { all: 10, large: 6 }],
  ["so many as were asked for, of any kind", new Turns(8, 2), mixed.map(() => LARGE), { all: 8, large: 8 }],
  ["where no processor is told of: as for one", new Turns(undefined, 0), mixed.map(() => SMALL), { all: 5, large: 0 }],
])("%s", async (_what, turns, products, expected) => {
  expect(await most(turns, products)).toEqual(expected);
});

test("a failure is told, and its turn is free again", async () => {
  const turns = new Turns(1, 1);
  await expect(turns.take(LARGE, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(await turns.take(LARGE, () => Promise.resolve("next"))).toBe("next");
});
