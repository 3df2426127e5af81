// Annotations read back as GitHub's runner reads them: whatever an agent writes, it starts no command of its own.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CellRecord } from "../model/index.ts";
import { githubAnnotations, type Place } from "./annotations.ts";
import { SAMPLE, sampleCell } from "./sample.ts";

interface Read {
  readonly kind: string;
  readonly properties: Record<string, string>;
  readonly message: string;
}

/** As ActionCommand.TryParseV2 of actions/runner: `::name key=value,key=value::data`, then the codes turned back. */
function read(line: string): Read {
  const [, kind = "", list = "", message = ""] = /^::(\w+) ([^\n]*?)::([^\n\r]*)$/.exec(line) ?? [];
  const back = (text: string): string =>
    text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%25", "%");
  const properties = list.split(",").map((part) => [part.slice(0, part.indexOf("=")), back(part.slice(part.indexOf("=") + 1))]);
  return { kind, properties: Object.fromEntries(properties) as Record<string, string>, message: back(message) };
}

test("each cause is one error at the matrix, with findings and replay; problems are warnings", () => {
  const told = githubAnnotations(SAMPLE, () => ({ file: "matrix.yaml" })).map(read);
  expect(told.map(({ kind, properties }) => [kind, properties["file"], properties["title"]])).toEqual([
    ["error", "matrix.yaml", "failed: sample/1.4.0..2.0.0/crash-on-start@docker and 1 other cell"],
    ["error", "matrix.yaml", "failed: sample/2.1.0..1.4.0/clean@docker"],
    ["error", "matrix.yaml", "errored: sample/1.4.0..2.1.0/disk-full@docker"],
    ["error", "matrix.yaml", "fixed: sample/1.3.0..2.1.0/clean@docker"],
    ["warning", "matrix.yaml", "Around the cells"],
  ]);
  expect(told[0]?.message).toMatch(/\nlayout data\/agent-2\.0\.0: expected absent, found a directory with 8 entries\n/);
  expect(told[0]?.message).toMatch(/\nupmatrix replay sample\/1\.4\.0\.\.2\.0\.0\/crash-on-start@docker$/);
});

test("each stands where it is to be looked at: a cell at its own line, what is about the run at the file", () => {
  const place = (cell: CellRecord | null): Place => ({
    file: "matrix.yaml",
    ...(cell === null ? {} : { position: { line: cell.verdict === "fixed" ? 90 : 7, column: 9 } }),
  });
  const told = githubAnnotations(SAMPLE, place).map(read);
  expect(told.map(({ properties }) => [properties["title"]?.split(":")[0], properties["line"], properties["col"]])).toEqual([
    ["failed", "7", "9"],
    ["failed", "7", "9"],
    ["errored", "7", "9"],
    ["fixed", "90", "9"],
    ["Around the cells", undefined, undefined],
  ]);
});

test("what passed, was skipped or is known makes none", () => {
  const cells = SAMPLE.cells.filter(({ verdict }) => ["passed", "skipped", "known"].includes(verdict));
  expect(githubAnnotations({ ...SAMPLE, cells, problems: [] }, () => ({ file: "matrix.yaml" }))).toEqual([]);
});

test("the tenth of many says how many more there are", () => {
  const cells = Array.from({ length: 40 }, (_, index) =>
    sampleCell({ verdict: "failed", findings: [{ check: `c${"x".repeat(index)}`, path: null, expected: "a", actual: "b", step: 1 }] }),
  );
  const told = githubAnnotations({ ...SAMPLE, cells, problems: [] }, () => ({ file: "m" })).map(read);
  expect(told.length).toBe(10);
  expect(told[9]?.properties["title"]).toBe("31 more cells to look at");
});

test("no text starts a command or ends its own", () => {
  const hostile = fc.array(fc.constantFrom("::error::x", "\n", "\r", "%0A", "%", ",", ":", "file=a", "\u001b[31m", "é"), { maxLength: 8 });
  fc.assert(
    fc.property(hostile, hostile, (name, text) => {
      const cell = sampleCell({ id: `a${name.join("")}`, summary: `s${text.join("")}`, verdict: "errored", reason: text.join("") });
      const lines = githubAnnotations({ ...SAMPLE, cells: [cell], problems: [text.join("")] }, () => ({ file: "a,b:c.yaml" }));
      expect(lines.length).toBe(2);
      for (const line of lines)
        expect(read(line)).toMatchObject({ kind: expect.stringMatching(/^(error|warning)$/), properties: { file: "a,b:c.yaml" } });
    }),
  );
});
