import { expect, test } from "vitest";
import { randomBytes, sampled } from "./random.ts";

const ITEMS = Array.from({ length: 100 }, (_, index) => index);

test.each([0, 1, 30, 99, 100, 200])("%d of 100, without repetition, in their order", (wanted) => {
  const taken = sampled(ITEMS, wanted, 7);
  expect(taken).toHaveLength(Math.min(wanted, 100));
  expect(taken).toEqual([...new Set(taken)].sort((one, other) => one - other));
});

test("the seed decides", () => {
  expect(sampled(ITEMS, 10, 7)).toEqual(sampled(ITEMS, 10, 7));
  expect(sampled(ITEMS, 10, 7)).not.toEqual(sampled(ITEMS, 10, 8));
  expect(randomBytes(50, 1)).toEqual(randomBytes(50, 1));
  expect(randomBytes(50, 1)).not.toEqual(randomBytes(50, 2));
});

test("every item comes up", () => {
  const counts = ITEMS.map(() => 0);
  for (let seed = 0; seed < 1000; seed++) for (const item of sampled(ITEMS, 10, seed)) counts[item] = (counts[item] ?? 0) + 1;
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(Math.max(...counts)).toBeLessThan(150);
});
