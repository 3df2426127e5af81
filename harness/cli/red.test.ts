// Every check has something broken that it finds: releases whose updater does one thing wrong, run by the real command line.
// Beside them the sound release, which must pass everything.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHECKS } from "../judge/index.ts";
import { matrix as matrixSchema, type RunRecord } from "../model/index.ts";
import { parse } from "yaml";
import { FLEET_MISTAKES } from "./fleet-mistakes.testing.ts";
import { CAN_RUN, cellOf, leftOf, Project } from "./testing.ts";

/** What is wrong with a release: its trait, the scenario in which it shows, and the finding that must name it. */
interface Mistake {
  readonly trait: string;
  readonly scenario: string;
  readonly check: string;
  readonly path: string | null;
  readonly actual?: RegExp;
}

const clean = (trait: string, check: string, path: string | null, actual?: RegExp): Mistake => ({
  trait,
  scenario: "clean-upgrade",
  check,
  path,
  ...(actual === undefined ? {} : { actual }),
});

const MISTAKES: readonly Mistake[] = [
  { trait: "forgets-rollback", scenario: "crash-on-start", check: "expected-outcome", path: null, actual: /^bricked/ },
  { trait: "skips-checksum", scenario: "bad-checksum", check: "expected-outcome", path: null, actual: /^upgraded/ },
  { trait: "forgets-recovery", scenario: "killed.locked", check: "expected-outcome", path: null, actual: /^stuck: .*upgrade\.lock/ },
  {
    trait: "wants-two-askings",
    scenario: "two-upgrades",
    check: "upgrades-in-turn",
    path: null,
    actual: /^1\.0\.0-wants-two-askings runs/,
  },
  { trait: "leaves-candidate", scenario: "crash-on-start", check: "layout-after-rollback", path: "versions/2.0.0" },
  clean("leaves-hold", "next-upgrade-works", null, /^2\.0\.0 runs/),
  clean("removes-new-version", "active-pointer", "current", /leads nowhere/),
  clean("overwrites-config", "user-files", "config.txt"),
  clean("loses-user-data", "user-files", "data/treasure.txt", /^missing/),
  clean("half-writes-state", "readable-state", "state.json", /Unterminated string/),
  clean("half-writes-yaml", "readable-state", "origin.yaml", /^is not YAML: line 1: /),
  clean("empties-a-file", "empty-files", "versions/2.0.0/notes.txt"),
  clean("claims-failure", "updating-command", null, /^exit code 1: cannot upgrade/),
  clean("never-ends", "over-in-time", null, /not over within/),
  clean("forgets-restart", "version-reported", "current", /^selects 2\.0\.0/),
  clean("starts-twice", "processes", null, /^2: .*agent run/),
  clean("leaves-watcher", "processes", null, /agent watch 2\.0\.0/),
  clean("keeps-old-version", "layout-after-upgrade", "versions/1.0.0-keeps-old-version"),
  clean("changes-modes", "layout-after-upgrade", "versions/2.0.0/agent", /^mode 777/),
  clean("writes-log", "explicit-layout", "upgrade.log"),
  clean("forgets-commit", "reboot-changes-nothing", null, /^1\.0\.0-forgets-commit runs/),
  clean("leaves-download", "temporary-names", "download"),
  clean("hoards-downloads", "disk-bounded", null),
  clean("restarts-slowly", "downtime", null, /^\d+(\.\d)? ms$/),
];

const SOUND = ["1.0.0..2.0.0/*", "1.0.0..2.0.0..3.0.0/*", "2.0.0..3.0.0/clean-upgrade"].map((cells) => `tiny/${cells}@host`);

function addressOf({ trait, scenario }: Mistake): string {
  return `tiny/1.0.0-${trait}..2.0.0${scenario === "two-upgrades" ? "..3.0.0" : ""}/${scenario}@host`;
}

describe.runIf(CAN_RUN)("the red project", () => {
  let project: Project;
  let record: RunRecord;
  let exitCode: number | undefined;

  beforeAll(async () => {
    project = await Project.copy();
    const ran = await project.upmatrix("run", "--environment", "host", "--parallel", "4", ...SOUND, ...MISTAKES.map(addressOf));
    exitCode = ran.exitCode;
    record = await project.record();
  });
  afterAll(async () => project[Symbol.asyncDispose]());

  test.each(MISTAKES)("$trait is found by $check", (mistake) => {
    const cell = cellOf(record, addressOf(mistake));
    const { check, path, actual } = mistake;
    expect(cell).toMatchObject({ verdict: "failed", reason: "" });
    expect(cell.findings).toContainEqual(
      expect.objectContaining({
        check,
        path,
        step: expect.any(Number),
        ...(actual === undefined ? {} : { actual: expect.stringMatching(actual) }),
      }),
    );
  });

  test("the sound release passes every scenario, and only what tiny does not provide is skipped", () => {
    const sound = record.cells.filter(({ from }) => !from.includes("-"));
    expect(sound.map(({ scenario, verdict, findings }) => [scenario, verdict, ...findings])).toEqual([
      ["clean-upgrade", "passed"],
      ["bad-checksum", "passed"],
      ["crash-on-start", "passed"],
      ["killed.locked", "passed"],
      ["killed.swapped", "passed"],
      ["signed", "skipped"],
      ["clean-upgrade", "passed"],
      ["two-upgrades", "passed"],
    ]);
    expect(record.skipped).toEqual([{ id: "tiny/1.0.0..2.0.0/signed@host", reason: expect.stringContaining("needs signature") }]);
  });

  test("faults leave evidence", () => {
    expect(cellOf(record, "tiny/1.0.0..2.0.0/killed.swapped@host").fault).toEqual({
      fired: true,
      evidence: [expect.stringMatching(/^current changed; SIGKILL to .*agent run/)],
    });
  });

  test("what failed closes the gate, and the run leaves nothing behind", () => {
    expect({ exitCode, gate: record.gate, recorded: record.exitCode }).toEqual({ exitCode: 1, gate: "closed", recorded: 1 });
    expect(record.problems).toEqual([]);
    expect(leftOf(record.run)).toEqual([]);
  });
});

test("every check has a release that is broken in just that way", () => {
  expect([...new Set([...MISTAKES, ...FLEET_MISTAKES].map(({ check }) => check))].toSorted()).toEqual(
    CHECKS.map(({ name }) => name).toSorted(),
  );
});

test("every broken release is in the table", async () => {
  await using copy = await Project.copy();
  const { products } = matrixSchema.parse(parse(await copy.matrix()));
  expect(products["tiny"]?.releases.flatMap(({ traits }) => traits).toSorted()).toEqual(MISTAKES.map(({ trait }) => trait).toSorted());
});
