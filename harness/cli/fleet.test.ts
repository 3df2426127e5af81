// Fleets by the real command line: releases that do one thing wrong with several hosts, services or a control plane, each of
// which must be found; and beside them a sound fleet that is upgraded in parts, grows, shrinks and loses a line, and passes.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { matrix as matrixSchema, type RunRecord } from "../model/index.ts";
import { parse } from "yaml";
import { FLEET_MISTAKES, fleetAddress } from "./fleet-mistakes.testing.ts";
import { CAN_RUN, cellOf, leftOf, Project } from "./testing.ts";

describe.runIf(CAN_RUN)("the project with fleets", () => {
  let project: Project;
  let record: RunRecord;

  beforeAll(async () => {
    project = await Project.copy("fleet");
    await project.upmatrix(
      "run",
      "--environment",
      "host",
      "--parallel",
      "2",
      "crew/1.0.0..2.0.0/*@host",
      ...FLEET_MISTAKES.map(fleetAddress),
    );
    record = await project.record();
  });
  afterAll(async () => project[Symbol.asyncDispose]());

  test.each(FLEET_MISTAKES)("$trait is found by $check", (mistake) => {
    const cell = cellOf(record, fleetAddress(mistake));
    const { check, expected, actual } = mistake;
    expect(cell).toMatchObject({ verdict: "failed", reason: "" });
    expect(cell.findings).toContainEqual({
      ...{ check, path: null, step: expect.any(Number) as number },
      expected: expect.stringMatching(expected ?? /./) as string,
      actual: expect.stringMatching(actual) as string,
    });
  });

  test("the sound fleet passes, whatever is done to it", () => {
    const sound = record.cells.filter(({ from }) => !from.includes("-"));
    expect(sound.map(({ scenario, verdict, findings }) => [scenario, verdict, ...findings])).toEqual([
      ["asked", "passed"],
      ["fleet-changes", "passed"],
      ["in-turn", "passed"],
      ["neighbours-apart", "passed"],
    ]);
  });

  test("the record knows what each member runs, and which one was never touched", () => {
    const { members, facts } = cellOf(record, "crew/1.0.0..2.0.0/in-turn@host");
    expect(members?.map(({ name, from, to, restarted }) => [name, from, to, restarted])).toEqual([
      ["host-1/alpha", "1.0.0", "1.0.0", false],
      ["host-1/beta", "1.0.0", "2.0.0", true],
      ["host-2/alpha", "1.0.0", "1.0.0", false],
      ["host-2/beta", "1.0.0", "2.0.0", true],
    ]);
    expect(facts).toEqual({ orders: "2", silent: "0" }); // all neighbours answered
    const changed = cellOf(record, "crew/1.0.0..2.0.0/fleet-changes@host").members;
    expect(changed?.filter(({ removed }) => removed).map(({ name }) => name)).toEqual(["host-2/alpha", "host-2/beta"]);
    expect(changed?.filter(({ name }) => name.startsWith("host-3")).map(({ to }) => to)).toEqual(["1.0.0", "1.0.0"]);
  });

  test("nothing is left behind", () => {
    expect(record.problems).toEqual([]);
    expect(leftOf(record.run)).toEqual([]);
  });
});

test("every broken fleet is in the table", async () => {
  await using copy = await Project.copy("fleet");
  const { products } = matrixSchema.parse(parse(await copy.matrix()));
  expect(products["crew"]?.releases.flatMap(({ traits }) => traits).toSorted()).toEqual(
    FLEET_MISTAKES.map(({ trait }) => trait).toSorted(),
  );
});
