// The commands that people decide by, on two real runs: in the first a failure is known, in the second it is not any more.
import { readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunRecord } from "../model/index.ts";
import { CAN_RUN, cellOf, Project } from "./testing.ts";

const FIRST = "tiny/1.0.0..2.0.0/clean-upgrade@host";
const SECOND = "tiny/2.0.0..3.0.0/clean-upgrade@host";
const BROKEN = "tiny/1.0.0-changes-modes..2.0.0/clean-upgrade@host";
const KNOWN = `known:\n  - { pattern: "tiny/*-changes-modes..*/*", reason: Changes modes, link: docs/modes.md, expires: "2999-12-31" }\n`;

describe.runIf(CAN_RUN)("two runs", () => {
  let project: Project;
  let records: RunRecord[];
  let second: Awaited<ReturnType<Project["upmatrix"]>>;
  const told = async (...words: string[]) => {
    const { exitCode, all } = await project.upmatrix(...words);
    return { exitCode, all };
  };

  beforeAll(async () => {
    project = await Project.copy();
    const matrix = await project.matrix();
    const words = ["run", "--environment", "host", FIRST, SECOND, BROKEN];
    await project.setMatrix(matrix + KNOWN);
    await project.upmatrix(...words);
    const before = await project.record();
    await project.setMatrix(matrix);
    second = await project.upmatrixIn({ GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: path.dirname(project.directory) }, ...words);
    records = [before, await project.record()];
  });
  afterAll(async () => project[Symbol.asyncDispose]());

  test("keep what the views need: the known entry, the releases, and inputs that do not depend on the list of known failures", () => {
    const [before, after] = records.map((record) => cellOf(record, BROKEN));
    expect(before).toMatchObject({
      verdict: "known",
      known: { pattern: "tiny/*-changes-modes..*/*", reason: "Changes modes", link: "docs/modes.md" },
    });
    expect(after).toMatchObject({ verdict: "failed", inputs: before?.inputs });
    expect(after?.known).toBeUndefined();
    expect(before?.inputs).toMatch(/^[0-9a-f]{16}$/);
    expect(before?.inputs).not.toBe(cellOf(records[0]!, FIRST).inputs); // there are two
    expect(records[0]?.releases).toContainEqual(expect.objectContaining({ product: "tiny", version: "3.0.0", channel: "stable" }));
  });

  test("are compared: exit code 1 for what newly fails, 0 for the way back", async () => {
    const [before = "", after = ""] = records.map(({ run }) => run);
    const worse = await told("compare", before, "latest");
    expect(worse).toEqual({
      exitCode: 1,
      all: expect.stringMatching(/Newly failing: 1 cell\n.*changes-modes\.\.2\.0\.0.*\n +was known, now failed/),
    });
    expect(worse.all).not.toContain("Flaky");
    const better = await told("compare", after, before, "--format", "markdown");
    expect(better).toEqual({
      exitCode: 0,
      // a machine that is busy makes single cells slower
      all: expect.stringMatching(/^<!-- upmatrix compare -->\n## ✅ upmatrix: nothing newly fails, 1 newly known(?:, \d slower)?\n/),
    });
  });

  test("make a graph in which only what passed is an edge", async () => {
    const graphOf = async (run: string): Promise<unknown> =>
      JSON.parse((await told("graph", run, "--link-base", "https://example.org/x")).all);
    expect(await graphOf(records[0]?.run ?? "")).toMatchObject({
      conditionalEdges: [
        {
          edges: [{ from: "1.0.0-changes-modes", to: "2.0.0" }],
          risks: [
            {
              name: "ChangesModes",
              message: "Changes modes",
              url: "https://example.org/x/docs/modes.md",
              matchingRules: [{ type: "Always" }],
            },
          ],
        },
      ],
    });
    const { nodes, edges, conditionalEdges } = (await graphOf("latest")) as {
      nodes: { version: string }[];
      edges: [number, number][];
      conditionalEdges: unknown[];
    }; // its shape is tested where it is made
    const named = edges.map((ends) => ends.map((place) => nodes[place]?.version));
    expect({ named, conditionalEdges }).toEqual({
      named: [
        ["1.0.0", "2.0.0"],
        ["2.0.0", "3.0.0"],
      ],
      conditionalEdges: [],
    });
    expect((await told("graph", "--format", "mermaid")).all).toMatch(/^flowchart LR\n/);
    expect((await told("graph", "--format", "svg", "--product", "tiny")).all).toMatch(/^<svg xmlns=/);
  });

  test("tell the way to a release, or why there is none", async () => {
    expect(await told("path", "tiny", "1.0.0", "3.0.0")).toEqual({
      exitCode: 0,
      all: expect.stringMatching(/^1\.0\.0 → 2\.0\.0 → 3\.0\.0\n/),
    });
    const none = await told("path", "tiny", "1.0.0-changes-modes", "3.0.0");
    expect(none).toEqual({ exitCode: 1, all: expect.stringMatching(/^There is no safe way from 1\.0\.0-changes-modes to 3\.0\.0\n/) });
    expect(none.all).toMatch(/1\.0\.0-changes-modes → 2\.0\.0: failed: .*mode 777/);
    const risky = await told("path", "tiny", "1.0.0-changes-modes", "3.0.0", "--run", records[0]?.run ?? "");
    expect(risky.all).toContain("At a known risk: 1.0.0-changes-modes → 2.0.0 → 3.0.0");
  });

  test("are remembered: since when a cell fails, and what was before", async () => {
    const { exitCode, all } = await told("history", "tiny/1.0.0-changes-modes..*/*");
    expect(exitCode).toBe(0);
    expect(all).toMatch(new RegExp(`Fails since .* \\(run ${records[1]?.run}, .*\\), 1 run in a row`));
    expect(all).toMatch(new RegExp(`Before: known on .* \\(run ${records[0]?.run}, `));
    expect((await told("history", FIRST)).all).toMatch(/Passes since .*, 2 runs: always/);
    expect(await told("history", "tiny/9.*")).toEqual({ exitCode: 2, all: expect.stringContaining("Cannot find a cell for tiny/9.*") });
  });

  test("in GitHub Actions what fails is an error at the release in the matrix that was built last", async () => {
    const lines = (await readFile(path.join(project.directory, "matrix.yaml"), "utf8")).split("\n");
    const at = 1 + lines.findIndex((one) => one.includes("version: 2.0.0,"));
    const folder = path.basename(project.directory);
    expect(second.exitCode).toBe(1);
    const errors = second.stdout.split("\n").filter((line) => line.startsWith("::"));
    expect(errors).toEqual([expect.stringContaining(`::error file=${folder}/matrix.yaml,line=${at},col=9,title=failed%3A ${BROKEN}::`)]);
    expect(errors[0]).toContain("%0Anpm run upmatrix -- replay");
  });

  test("a run that is judged again keeps its place in the history, and its inputs", async () => {
    await project.setMatrix((await project.matrix()) + KNOWN);
    await project.upmatrix("judge", "latest");
    expect((await told("history", BROKEN)).all).toMatch(/Is a known failure since .*, 2 runs: always/);
    expect(cellOf(await project.record(), BROKEN).inputs).toBe(cellOf(records[1]!, BROKEN).inputs); // there are two
  });

  test("a history that cannot be reached changes no verdict, and is not overlooked", async () => {
    const { exitCode, all } = await project.upmatrixIn(
      { UPMATRIX_HISTORY: "postgres://me:secret@127.0.0.1:9/x" },
      "run",
      "--environment",
      "host",
      FIRST,
    );
    const record = await project.record();
    expect({ exitCode, gate: record.gate, recorded: record.exitCode }).toEqual({ exitCode: 3, gate: "open", recorded: 0 });
    expect(all).toMatch(/This run is not in the history: Cannot reach the history postgres:\/\/me@127\.0\.0\.1:9\/x/);
    expect(all).not.toContain("secret");
  });

  test("a run that is not to be remembered is not", async () => {
    const file = path.join(project.directory, ".upmatrix", "history.db");
    const before = await readFile(file);
    expect((await project.upmatrix("run", "--environment", "host", "--no-history", FIRST)).exitCode).toBe(0);
    expect((await readFile(file)).equals(before)).toBe(true);
    expect(await realpath(project.reports("latest"))).not.toContain(records[1]?.run);
  });
});

describe("what they refuse", () => {
  test.each([
    ["a history that is not there", ["history", "tiny/*"], "Cannot find a history at"],
    ["a run that is not there", ["compare", "one", "two"], "Cannot find a run at"],
    ["a graph of no run", ["graph"], "Cannot find a run at"],
    ["a shape that is none", ["graph", "--format", "dot"], "Allowed choices are cincinnati, mermaid, svg"],
  ])("%s", async (_, words, said) => {
    await using project = await Project.copy();
    const { exitCode, all } = await project.upmatrix(...words);
    expect({ exitCode, all }).toEqual({ exitCode: 2, all: expect.stringContaining(said) });
    expect(all).not.toMatch(/^\s+at /m);
  });
});
