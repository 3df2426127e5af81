// The command line from outside: exit codes, what stands in record.json and beside it, and what the other commands make of it.
import { mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SaxesParser } from "saxes";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunRecord } from "../model/index.ts";
import { CAN_RUN, cellOf, Project } from "./testing.ts";

const SOUND = "tiny/1.0.0..2.0.0/clean-upgrade@host";
const KNOWN = "tiny/1.0.0-leaves-download..2.0.0/clean-upgrade@host";
const BROKEN = "tiny/1.0.0-changes-modes..2.0.0/clean-upgrade@host";
const SKIPPED = "tiny/1.0.0..2.0.0/signed@host";
const SCHEMAS = path.join(import.meta.dirname, "..", "load", "schemas");

/** A list of known failures as matrix.yaml writes it. */
function known(...entries: { readonly pattern: string; readonly expires: string }[]): string {
  return `known:\n${entries.map((entry) => `  - ${JSON.stringify({ ...entry, reason: "A reason", link: "a-link" })}\n`).join("")}`;
}

describe.runIf(CAN_RUN)("a run", () => {
  let project: Project;
  let plain: string;
  let record: RunRecord;
  let ran: Awaited<ReturnType<Project["upmatrix"]>>;

  beforeAll(async () => {
    project = await Project.copy();
    plain = await project.matrix();
    await project.setMatrix(plain + known({ pattern: "tiny/*-leaves-download..*/*", expires: "2999-12-31" }));
    ran = await project.upmatrix("run", "--environment", "host", SOUND, KNOWN, SKIPPED);
    record = await project.record();
  });
  afterAll(async () => project[Symbol.asyncDispose]());

  test("with nothing but known failures opens the gate", () => {
    expect({ exitCode: ran.exitCode, gate: record.gate, recorded: record.exitCode }).toEqual({ exitCode: 0, gate: "open", recorded: 0 });
    expect(record.cells.map(({ id, verdict }) => [id, verdict])).toEqual([
      [KNOWN, "known"],
      [SOUND, "passed"],
      [SKIPPED, "skipped"],
    ]);
    expect(ran.all).toContain("Gate open");
  });

  test("prints how to remove what it would leave, before anything else happens", () => {
    const lines = ran.all.split("\n");
    const clean = lines.findIndex((line) => line.endsWith(`clean ${record.run}`));
    expect(clean).toBeGreaterThan(0);
    expect(lines.findIndex((line) => /artifacts are ready/.test(line))).toBeGreaterThan(clean);
  });

  test("keeps in its record what programs rely on", () => {
    expect(record).toMatchObject({
      gate: "open",
      interrupted: false,
      environments: [{ name: "host" }],
      skipped: [{ id: SKIPPED, reason: expect.stringContaining("needs signature") }],
    });
    expect(cellOf(record, KNOWN)).toMatchObject({
      id: KNOWN,
      product: "tiny",
      from: "1.0.0-leaves-download",
      to: "2.0.0",
      kind: "upgrade",
      inverted: false,
      scenario: "clean-upgrade",
      environment: "host",
      tier: "smoke",
      verdict: "known",
      outcome: "upgraded",
      fault: null,
      durationMs: expect.any(Number),
      reason: "A reason (a-link)",
    });
    for (const finding of cellOf(record, KNOWN).findings) {
      expect(finding).toEqual({
        check: expect.any(String),
        path: expect.any(String),
        expected: expect.any(String),
        actual: expect.any(String),
        step: 7,
      });
    }
  });

  test("is where `latest` points, with its observations and views", async () => {
    expect(await realpath(project.reports("latest"))).toBe(project.reports(record.run));
    expect(await readdir(project.reports(record.run))).toEqual(expect.arrayContaining(["cells", "junit.xml", "record.json", "summary.md"]));
    const { observations } = cellOf(record, SOUND);
    const lines = (await readFile(project.reports("latest", observations ?? ""), "utf8")).trimEnd().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ kind: "end", end: { how: "complete", leaks: [] } });
  });

  test("writes JUnit that parses, a case for each cell", async () => {
    const cases: string[] = [];
    const parser = new SaxesParser({});
    parser.on("error", (error) => {
      throw error;
    });
    parser.on("opentag", ({ name, attributes }) => {
      if (name === "testcase") cases.push(String(attributes["name"]));
    });
    parser.write(await readFile(project.reports("latest", "junit.xml"), "utf8")).close();
    expect(cases.toSorted()).toEqual(record.cells.map(({ id }) => id).toSorted());
  });

  test("can be shown again", async () => {
    const shown = await project.upmatrix("report");
    expect(shown.exitCode).toBe(0);
    expect(shown.all).toContain("3 cells: 1 passed · 1 known · 1 skipped");
  });

  test("is judged alike when it is judged again, and otherwise by another list of known failures", async () => {
    const judge = async (list: string) => {
      await project.setMatrix(plain + list);
      const { exitCode } = await project.upmatrix("judge", "latest");
      const { gate, cells } = await project.record();
      const by = (id: string) => cells.find((cell) => cell.id === id);
      return { exitCode, gate, broken: by(KNOWN)?.verdict, reason: by(KNOWN)?.reason, sound: by(SOUND)?.verdict };
    };
    const entry = { pattern: "tiny/*-leaves-download..*/*", expires: "2999-12-31" };
    const open = { exitCode: 0, gate: "open", broken: "known", reason: "A reason (a-link)", sound: "passed" };
    const closed = { exitCode: 1, gate: "closed" };
    expect(await judge(known(entry))).toEqual(open);
    expect(await judge(known({ ...entry, expires: "2025-12-31" }))).toEqual({
      ...open,
      ...closed,
      broken: "failed",
      reason: "The entry in known expired on 2025-12-31: A reason (a-link)",
    });
    expect(await judge(known(entry, { pattern: SOUND, expires: "2999-12-31" }))).toEqual({ ...open, ...closed, sound: "fixed" });
    expect(await judge("")).toEqual({ ...open, ...closed, broken: "failed", reason: "" });
    expect(await judge(known(entry))).toEqual(open);
  });

  test("leaves nothing to clean", async () => {
    const cleaned = await project.upmatrix("clean", record.run);
    expect({ exitCode: cleaned.exitCode, said: cleaned.all }).toEqual({ exitCode: 0, said: `The run ${record.run} left nothing` });
  });

  test.each([
    ["a good cell", SOUND, 0, "Gate open"],
    ["a broken cell", BROKEN, 1, "mode 777"],
  ])("of %s can be repeated alone, with every step told", async (_, id, code, said) => {
    const replayed = await project.upmatrix("replay", id);
    expect(replayed.exitCode).toBe(code);
    expect(replayed.all).toMatch(/5\. Trigger the upgrade to 2\.0\.0 and wait until it is over/);
    expect(replayed.all).toMatch(/tiny\.service started \(\d+\)/);
    if (code !== 0) expect(replayed.all).toContain(said);
    expect((await project.record()).cells.map((cell) => [cell.id, cell.verdict])).toEqual([[id, code === 0 ? "passed" : "failed"]]);
  });
});

describe("what the command line refuses", () => {
  test("a matrix that is not valid, with the place of every mistake", async () => {
    await using project = await Project.copy();
    const matrix = await project.matrix();
    await project.setMatrix(matrix.replace(/(version: 2\.0\.0, built:) "[^"]*"/, "$1 yesterday").replace("pairs:", "pears:"));
    const line = (text: string): number => matrix.split("\n").findIndex((candidate) => candidate.includes(text)) + 1;
    const { exitCode, all } = await project.upmatrix("check");
    expect(exitCode).toBe(2);
    expect(all).toMatch(new RegExp(`^matrix\\.yaml:${line("version: 2.0.0")}:\\d+: .*yesterday`, "m"));
    expect(all).toMatch(new RegExp(`^matrix\\.yaml:${line("pairs:")}:1.*pears`, "m"));
    expect(all).not.toMatch(/^\s+at /m);
  });

  test.each([
    ["a product that is not there", ["plan", "--product", "tinny"], 'Cannot find the product "tinny"'],
    [
      "the first of two products, which is not there",
      ["plan", "--product", "tinny", "--product", "tiny"],
      'Cannot find the product "tinny"',
    ],
    ["a scenario that is not there", ["run", "--scenario", "clean-upgrades"], 'did you mean "clean-upgrade"?'],
    ["a version that is none", ["plan", "--from", "one"], 'Cannot read the from version "one"'],
    ["a pattern that matches nothing", ["run", "--environment", "host", "tiny/9.*"], 'Cannot find a cell for "tiny/9.*"'],
    ["a pattern that is none", ["plan", "tiny/1.0.0/2.0.0/clean-upgrade"], "Cannot read the pattern"],
    ["an environment that is not there", ["run", "--environment", "moon"], "Allowed choices are docker, host, all"],
    ["an option that is not there", ["run", "--fast"], "unknown option '--fast'"],
    ["a command that is not there", ["runn"], "unknown command 'runn'"],
    ["a run that is not there", ["report", "yesterday"], "Cannot find a run at"],
  ])("%s", async (_, words, said) => {
    await using project = await Project.copy();
    const { exitCode, all } = await project.upmatrix(...words);
    expect({ exitCode, all }).toEqual({ exitCode: 2, all: expect.stringContaining(said) });
    expect(all).not.toMatch(/^\s+at /m);
    expect(await readdir(project.directory)).not.toContain("reports");
  });
});

describe("what the command line prints", () => {
  test("a plan as JSON, the same each time", async () => {
    await using project = await Project.copy();
    const [one, other] = await Promise.all([1, 2].map(() => project.upmatrix("plan", "--json", "--environment", "host", "--to", "2.0.0")));
    expect(one?.exitCode).toBe(0);
    expect(other?.stdout).toBe(one?.stdout);
    const { cells } = JSON.parse(one?.stdout ?? "") as { cells: Record<string, unknown>[] }; // its keys are what is tested
    expect(cells.length).toBeGreaterThan(100);
    expect(cells.find(({ id }) => id === SOUND)).toMatchObject({
      product: "tiny",
      from: "1.0.0",
      to: "2.0.0",
      kind: "upgrade",
      inverted: false,
      scenario: "clean-upgrade",
      environment: "host",
      tier: "smoke",
    });
    for (const cell of cells) {
      for (const key of ["id", "product", "from", "to", "kind", "inverted", "scenario", "environment", "tier"])
        expect(cell).toHaveProperty(key);
    }
  });

  test("that all is valid", async () => {
    await using project = await Project.copy();
    const { exitCode, all } = await project.upmatrix("check");
    expect({ exitCode, all }).toEqual({ exitCode: 0, all: expect.stringMatching(/^1 products, \d+ releases, 6 scenarios: all valid$/) });
  });

  test("the JSON Schemas, of which the committed ones are a copy", async () => {
    await using project = await Project.copy();
    const folder = await mkdtemp(path.join(tmpdir(), "upmatrix-schemas-"));
    try {
      expect((await project.upmatrix("schema", "--to", folder)).exitCode).toBe(0);
      const names = (await readdir(folder)).toSorted();
      expect(names).toEqual(["case.schema.json", "matrix.schema.json", "product.schema.json", "scenario.schema.json"]);
      for (const name of names) {
        const [made, committed] = await Promise.all([folder, SCHEMAS].map((where) => readFile(path.join(where, name), "utf8")));
        expect(committed, `${name} is stale: run \`npm run upmatrix -- schema\``).toBe(made);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
