// Conditions that are made for real, and what proves them: a process of the product tells what it sees, also when nothing was made.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildClock } from "../build/index.ts";
import type { Conditions } from "../model/index.ts";
import { runCommand } from "./command.ts";
import { handOver, makeConditions, proveConditions } from "./conditions.ts";
import { NOTHING, Place } from "./place.ts";
import { type ScratchCell, scratchCell } from "./testing/scratch-cell.ts";

const linux = process.platform === "linux";
const root = process.getuid?.() === 0;
const built = mkdtempSync(path.join(os.tmpdir(), "upmatrix-clock-"));
const library = linux ? await buildClock(built) : { unavailable: "only Linux has it" };
afterAll(() => rmSync(built, { recursive: true, force: true }));
const processes = (): number => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).length;

describe.skipIf(process.platform === "win32")("conditions", () => {
  const umask = process.umask();
  let cell: ScratchCell;
  beforeEach(() => {
    cell = scratchCell();
  });
  afterEach(async () => {
    process.umask(umask);
    await cell[Symbol.asyncDispose]();
  });

  /** The cell's place under these conditions. */
  const under = (conditions: Conditions, clock?: string): Place => {
    const { job } = cell.place;
    return new Place({ ...job, script: { ...job.script, conditions }, ...(clock === undefined ? {} : { clock }) });
  };
  /** What the witness says: condition, whether it holds, and how it knows. */
  const proof = async (place: Place): Promise<string[]> => {
    await proveConditions(place, cell.observer);
    return cell.seen.flatMap((one) =>
      one.kind === "condition" ? [`${one.condition} ${one.holds ? "holds" : "does not hold"}: ${one.evidence}`] : [],
    );
  };

  test.each([
    ["umask", { umask: "0027" }, /^umask holds: umask 0027$/, /^umask does not hold: umask 0022$/],
    [
      "descriptors",
      { descriptors: 64 },
      /^descriptors holds: 64 open files at most$/,
      /^descriptors does not hold: (?!64 )\w+ open files at most$/,
    ],
  ] as const)("%s: holds where it was made, and is not believed where it was not", async (_, conditions, made, notMade) => {
    process.umask(0o022);
    expect(await proof(under(conditions))).toEqual([expect.stringMatching(notMade)]);
    cell.seen.length = 0;
    const place = under(conditions);
    await using inForce = await makeConditions(place);
    expect(inForce.clock).toBeUndefined();
    expect(await proof(place)).toEqual([expect.stringMatching(made)]);
  });

  test.runIf(root)("user: the product runs as nobody, and owns what is the cell's", async () => {
    expect(await proof(under({ user: "unprivileged" }))).toEqual(["user does not hold: user 0"]);
    cell.seen.length = 0;
    const place = under({ user: "unprivileged" });
    mkdirSync(path.join(place.tree, "data"));
    writeFileSync(path.join(place.tree, "data", "state"), "");
    await using inForce = await makeConditions(place);
    expect(inForce).toBeDefined();
    handOver(place);
    expect(["", "data", "data/state"].map((name) => statSync(path.join(place.tree, name)).uid)).toEqual([65_534, 65_534, 65_534]);
    expect(statSync(cell.folder).uid).toBe(0); // only what is the cell's own
  });

  test("folder: the product is installed in one of that name", async () => {
    const place = under({ folder: "päth with spaces" });
    mkdirSync(place.root, { recursive: true });
    expect(await proof(place)).toEqual([`folder holds: installed in ${place.root}, ${Buffer.byteLength(place.root)} bytes long`]);
  });

  test.runIf(linux)("processes: so many more are there, belong to no cell, and end with the condition", async () => {
    const many = processes() + 150; // more than others on this machine start meanwhile
    expect(await proof(under({ processes: many }))).toEqual([expect.stringMatching(/^processes does not hold: \d+ processes run$/)]);
    cell.seen.length = 0;
    const place = under({ processes: many });
    {
      await using inForce = await makeConditions(place);
      expect(inForce).toBeDefined();
      expect(await proof(place)).toEqual([expect.stringMatching(/^processes holds: \d+ processes run$/)]);
      expect(cell.processes.list()).toEqual([]);
    }
    expect(processes()).toBeLessThan(many);
  });

  test.skipIf("unavailable" in library)("time: a process of the product sees it fly; without the library it does not hold", async () => {
    if ("unavailable" in library) throw new Error(library.unavailable);
    expect(await proof(under({ time: { speed: 30 } }))).toEqual([
      expect.stringMatching(/^time does not hold: time goes 1\.0 times as fast$/),
    ]);
    cell.seen.length = 0;
    const place = under({ time: { speed: 30 } }, library.file);
    await using inForce = await makeConditions(place);
    expect(inForce.clock).toBeDefined();
    expect(await proof(place)).toEqual([expect.stringMatching(/^time holds: time goes \d+\.\d times as fast$/)]);
  });

  test("time without a library for it is an error, not a condition that is left out", async () => {
    await expect(makeConditions(under({ time: { speed: 30 } }))).rejects.toThrow("the job names no library for it");
  });

  test("where no process of the product can run nothing holds", async () => {
    const place = under({ umask: "0027", descriptors: 64 });
    place.ground.limited = (argv) => ["sh", "-c", "echo broken >&2; exit 3", ...argv];
    const options = { ...place.commandOptions(NOTHING, 5000), quiet: true };
    expect((await runCommand(["true"], options, cell.observer)).code).toBe(3);
    expect(await proof(place)).toEqual([
      "umask does not hold: a process of the product cannot run: broken",
      "descriptors does not hold: a process of the product cannot run: broken",
    ]);
  });

  test("without conditions nobody is asked", async () => {
    expect(await proof(under({}))).toEqual([]);
    expect(cell.seen).toEqual([]);
  });
});
