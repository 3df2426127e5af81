import { expect, test } from "vitest";
import { FilterError, addressMatcher, isExactAddress, productMatcher } from "./index.ts";

const CELL = "elastic/8.1.0..9.0.0/crash-on-start@docker";
const POINT = "elastic/8.1.0..9.0.0/kill-updater.swap@host";

test.each([
  ["*", CELL, true],
  ["elastic", CELL, true],
  ["elastic/*", CELL, true],
  ["elastic/8.*..9.*/crash-*@docker", CELL, true],
  ["elastic/8.1.0..9.0.0/*", CELL, true],
  ["elastic/8.1.0..9.0.0", CELL, true],
  ["*/*/crash-on-start", CELL, true],
  ["*@docker", CELL, true],
  [CELL, CELL, true],
  ["elastic/8.?.0..9.0.0", CELL, true],
  ["*/*/kill-updater", POINT, true],
  ["*/*/kill-updater.swap@host", POINT, true],
  ["elast", CELL, false],
  ["lastic", CELL, false],
  ["elastic/8.1.0", CELL, false],
  ["elastic/8x1.0..9.0.0", CELL, false],
  ["elastic/*/crash-on", CELL, false],
  ["*@host", CELL, false],
  ["*/*/kill-updater.rename", POINT, false],
  ["elastic*", "elastic-two/1.0.0..1.1.0/clean@docker", true],
  ["elastic", "elastic-two/1.0.0..1.1.0/clean@docker", false],
  ["elastic/8.1.0..9.0.0", "elastic/8.1.0..9.0.0..9.1.0/hop@docker", false],
  ["elastic/8.1.0..9.*", "elastic/8.1.0..9.0.0..9.1.0/hop@docker", true],
])("%s against %s: %s", (pattern, address, expected) => {
  expect(addressMatcher(pattern)(address)).toBe(expected);
});

test.each(["", "a//b", "a/b/c/d", "a@b@c", "elastic@", "elastic /*"])(
  "the pattern %j is refused with the form of an address",
  (pattern) => {
    expect(() => addressMatcher(pattern)).toThrow(FilterError);
    expect(() => addressMatcher(pattern)).toThrow("<product>/<from>..<to>/<scenario>@<environment>");
  },
);

test("an exact address has all parts and no wildcard", () => {
  expect([CELL, "elastic/*", "elastic/8.1.0..9.0.0/crash-on-start", "elastic/8.*..9.0.0/crash@docker"].map(isExactAddress)).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(["*@docker", "elastic/8.*", "el*", "juju"].map((pattern) => productMatcher(pattern)("elastic"))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
