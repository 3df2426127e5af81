// Sweeps by the real command line: a sound updater survives every point, and each of two mistakes is found where it lies.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { probeEnvironments } from "../environment/index.ts";
import { matrix, type RunRecord, type SweepRecord } from "../model/index.ts";
import { cellOf, Project } from "./testing.ts";

const SOUND = "durable/1.0.0..2.0.0";
const IN_PLACE = "durable/1.0.1..2.0.0/kill";
const UNSYNCED = "durable/1.0.2..2.0.0/power-loss";
const UNDETERMINED = "durable/1.0.3..2.0.1/kill";

const probes = await probeEnvironments(matrix.parse({ products: {}, environments: { docker: {} } }));
const docker = probes.find(({ name }) => name === "docker");

describe.runIf(docker?.facts !== undefined)("sweeps in docker", () => {
  let project: Project;
  let record: RunRecord;
  let output = "";

  beforeAll(async () => {
    project = await Project.copy("swept");
    const cells = [
      `${SOUND}/kill@docker`,
      `${SOUND}/power-loss@docker`,
      `${IN_PLACE}@docker`,
      `${UNSYNCED}@docker`,
      `${UNDETERMINED}@docker`,
    ];
    const ran = await project.upmatrix("run", ...cells, "--parallel", "4");
    output = ran.all;
    record = await project.record();
  });
  afterAll(async () => project[Symbol.asyncDispose]());

  const sweep = (id: string): SweepRecord => {
    const found = record.sweeps.find((one) => one.id === id);
    if (found === undefined) throw new Error(`The record has no sweep ${id}: ${output}`);
    return found;
  };

  test.each(["kill", "power-loss"])("a sound updater survives every point of %s", (scenario) => {
    const { run, recovered, operations, failures } = sweep(`${SOUND}/${scenario}@docker`);
    expect({ failures, recovered }).toEqual({ failures: [], recovered: run });
    expect(run).toBeGreaterThan(15);
    expect(operations).toBeGreaterThan(30);
    expect(cellOf(record, `${SOUND}/${scenario}@docker`)).toMatchObject({ verdict: "passed", outcome: "upgraded" });
  });

  test("a state that is written in place is found at the truncation", () => {
    const [failure] = sweep(`${IN_PLACE}@docker`).failures;
    expect(failure?.first).toMatch(/\.\d{4}-after-truncate-state-json@docker$/);
    expect(output).toContain("truncate of …/state.json to 0 bytes");
  });

  test("what is never synced is found by power losses", () => {
    const { failures, run, recovered } = sweep(`${UNSYNCED}@docker`);
    expect(recovered).toBeLessThan(run);
    expect(failures.map(({ first }) => first)).toContainEqual(expect.stringMatching(/after-rename-state-json/));
  });

  test("where each boot comes to another end, all points are booted, and the sweep says why", () => {
    const { run, recovered, booted, failures, undetermined } = sweep(`${UNDETERMINED}@docker`);
    expect({ failures, recovered, booted }).toEqual({ failures: [], recovered: run, booted: run });
    expect(undetermined).toMatch(/^\S+, booted twice, came to .*"booted"/);
    expect(output).toContain("nothing is foretold, for a state does not decide how it boots");
    expect(cellOf(record, `${UNDETERMINED}@docker`)).toMatchObject({ verdict: "passed", outcome: "upgraded" });
  });

  test("where boots come to one end, witnesses prove it, and what is foretold counts", () => {
    const { run, booted, undetermined } = sweep(`${SOUND}/kill@docker`);
    expect(undetermined).toBeUndefined();
    expect(booted).toBeLessThan(run);
  });

  test("a recording proves itself by real kills", async () => {
    const { observations } = cellOf(record, `${SOUND}/kill@docker`);
    const { text } = await project.observations(observations ?? "");
    expect(text.match(/self-check: a real kill at [^"]* left what replaying/g)).toHaveLength(2);
  });

  test("an old run judged again sums its sweeps up again", async () => {
    const { exitCode } = await project.upmatrix("judge");
    expect(exitCode).toBe(1);
    expect((await project.record()).sweeps).toEqual(record.sweeps);
  });

  test("one point is replayed alone, from the recording that is there", async () => {
    const first = sweep(`${IN_PLACE}@docker`).failures[0]?.first ?? "";
    const { exitCode, all } = await project.upmatrix("replay", first);
    expect(exitCode).toBe(1);
    expect(all).toContain("fault fired: after operation");
    const { cells } = await project.record();
    expect(cells.map(({ id }) => id)).toEqual([`${IN_PLACE}@docker`, first]);
  });

  test("plan lists the points once they are known", async () => {
    const { all } = await project.upmatrix("plan", `${IN_PLACE}.*-truncate-*@docker`);
    expect(all).toMatch(/kill\.\d{4}-after-truncate-state-json @docker/);
  });

  test("minimise names the release that has it and spares the others", async () => {
    const first = sweep(`${IN_PLACE}@docker`).failures[0]?.first ?? "";
    const { exitCode, all } = await project.upmatrix("minimise", first, "--parallel", "4");
    expect(exitCode).toBe(1);
    expect(all).toContain("First release that has it: 1.0.1");
  });
});

describe.runIf(docker?.facts !== undefined)("errors in docker", () => {
  test("a sound updater ends well or takes the upgrade back, whichever operation fails", async () => {
    await using project = await Project.copy("swept");
    const { exitCode, all } = await project.upmatrix("run", `${SOUND}/errno.*-state-json*@docker`, "--parallel", "4");
    expect({ exitCode, all }).toMatchObject({ exitCode: 0 });
    const [{ run, recovered } = { run: 0, recovered: 0 }] = (await project.record()).sweeps;
    expect(recovered).toBe(run);
    expect(run).toBeGreaterThan(4);
  });
});
