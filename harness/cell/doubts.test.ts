// Why a boot came otherwise than it was foretold: a product that boots one state in two ways, or a foretelling that is wrong.
import { expect, test } from "vitest";
import { FileTree } from "../crash/index.ts";
import type { Observation } from "../model/index.ts";
import { type Control, Doubts } from "./doubts.ts";

const FIRST = { snapshot: {}, units: [] } as unknown as Control["first"]; // nobody looks into it here
const control = (name: string): Control => ({ name, start: new FileTree(), until: "rebooted", first: FIRST });
const WITNESS = { point: "b", like: "a", problem: "1 in place of 2" } as const;

/** Does every control that is asked for; returns which, and what was told. */
function settled(doubts: Doubts, comes: (name: string) => string | undefined): string[] {
  const done: string[] = [];
  for (let next = doubts.next(); next !== undefined; next = doubts.next()) {
    done.push(next.name);
    doubts.controlled(next, comes(next.name));
  }
  return done;
}

function begun(): { doubts: Doubts; told: Omit<Observation, "t">[] } {
  const told: Omit<Observation, "t">[] = [];
  return { doubts: new Doubts({ see: (seen) => void told.push(seen) }), told };
}

test("what came as foretold is told, and nothing booted once more", () => {
  const { doubts, told } = begun();
  doubts.hear({ ...WITNESS, problem: null }, [control("a"), control("b")]);
  expect(settled(doubts, () => "never asked")).toEqual([]);
  expect(told).toEqual([{ kind: "witness", ...WITNESS, problem: null, undetermined: null }]);
  expect(doubts.undetermined).toBe(false);
});

test("where both boot as before, the foretelling was wrong", () => {
  const { doubts, told } = begun();
  doubts.hear(WITNESS, [control("a"), control("b")]);
  expect(told).toEqual([]);
  expect(settled(doubts, () => undefined)).toEqual(["a", "b"]);
  expect(told).toEqual([{ kind: "witness", ...WITNESS, undetermined: null }]);
  expect(doubts.undetermined).toBe(false);
});

test.each([
  ["the state it was foretold from", "a", ["a"]],
  ["its own state, for what is rare may have come at the witness itself", "b", ["a", "b"]],
])("nothing is determined where another boot comes from %s", (_, name, done) => {
  const { doubts, told } = begun();
  doubts.hear(WITNESS, [control("a"), control("b")]);
  doubts.hear({ ...WITNESS, point: "c" }, [control("a"), control("c")]); // no use any more
  expect(settled(doubts, (booted) => (booted === name ? "3 in place of 1" : undefined))).toEqual(done);
  expect(told).toEqual([{ kind: "witness", ...WITNESS, undetermined: `${name}, booted twice, came to 3 in place of 1` }]);
  expect(doubts.undetermined).toBe(true);
});
