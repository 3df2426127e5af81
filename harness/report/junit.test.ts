// JUnit XML read back by a strict XML parser: whatever an agent writes, the file is well-formed and says the same.
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { describe, expect, test } from "vitest";
import { junit } from "./index.ts";
import { SAMPLE, sampleCell } from "./sample.ts";
import { xmlCharacters, xmlElement, xmlText } from "./xml.ts";

interface Read {
  readonly name: string;
  readonly attributes: Record<string, string>;
  text: string;
}

/** All elements in order; throws on the first violation of XML. */
function read(xml: string): Read[] {
  const elements: Read[] = [];
  const open: Read[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", (tag) => {
    const element = { name: tag.name, attributes: tag.attributes, text: "" };
    elements.push(element);
    open.push(element);
  });
  parser.on("text", (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on("closetag", () => void open.pop());
  parser.write(xml).close();
  return elements;
}

const NASTY = [
  "\u0000",
  "\u001b[31m",
  "]]>",
  "\ud800",
  "\udc00",
  "\ufffe",
  "<a b='c'>",
  "&amp;",
  "&#0;",
  '"',
  "\r\n",
  "\t",
  "😀",
  "é",
  "\u0085",
  "\u2028",
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: "binary" })), { maxLength: 12 })
  .map((parts) => parts.join(""));

test("any text comes back from an element and an attribute", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const [element] = read(xmlElement("a", { b: text }, xmlText(text) || " "));
      expect(element?.attributes["b"]).toBe(xmlCharacters(text));
      expect(element?.text).toBe(xmlCharacters(text) || " ");
    }),
    { numRuns: 300 },
  );
});

test("only what XML has no way to write is replaced", () => {
  expect(xmlCharacters("a\u0000\ud800😀\t]]>&")).toBe("a\ufffd\ufffd😀\t]]>&");
});

test("a report of hostile cells is well-formed and names them", () => {
  fc.assert(
    fc.property(hostile, hostile, (name, text) => {
      const findings = [{ check: text, path: text, expected: text, actual: `${text}\n${text}`, step: 1 }];
      const cell = sampleCell({ id: name, summary: text, reason: text, replay: text, verdict: "failed", findings });
      const cells = [
        cell,
        { ...cell, verdict: "errored" as const },
        { ...cell, verdict: "known" as const },
        { ...cell, verdict: "skipped" as const },
      ];
      const observations = [{ t: 1, kind: "log", source: "agent", path: text, tail: text }] as const;
      const elements = read(junit({ ...SAMPLE, cells, skipped: [{ id: name, reason: text }] }, () => observations));
      const cases = elements.filter((element) => element.name === "testcase");
      expect(cases.map((element) => element.attributes["name"])).toContain(xmlCharacters(name));
    }),
    { numRuns: 100 },
  );
});

describe("the suites", () => {
  const elements = read(junit(SAMPLE));
  const suites = elements.filter((element) => element.name === "testsuite");

  test("count what is in them", () => {
    const sums = ["tests", "failures", "errors", "skipped"].map((name) =>
      suites.reduce((sum, suite) => sum + Number(suite.attributes[name]), 0),
    );
    const [all] = elements;
    expect(sums.slice(0, 3)).toEqual(["tests", "failures", "errors"].map((name) => Number(all?.attributes[name])));
    const found = (name: string): number => elements.filter((element) => element.name === name).length;
    expect(sums).toEqual([found("testcase"), found("failure"), found("error"), found("skipped")]);
  });

  test("a failure tells its findings and its replay command", () => {
    const failure = elements.find((element) => element.name === "failure");
    expect(failure?.attributes["message"]).toContain("layout data/agent-1.4.0/state.json: expected as before the upgrade");
    expect(failure?.text).toContain("upmatrix replay sample/1.4.0..2.0.0/crash-on-start@docker");
  });
});

/** What strict readers allow: the element's parents, and its attributes, those before the bar being required. As Jenkins' junit-10.xsd. */
const ALLOWED: Record<string, { readonly within: readonly string[]; readonly attributes: string }> = {
  testsuites: { within: [""], attributes: "| name time tests failures errors" },
  testsuite: {
    within: ["testsuites", "testsuite"],
    attributes: "name tests failures errors | time skipped timestamp hostname id package file log url",
  },
  properties: { within: ["testsuite"], attributes: "|" },
  property: { within: ["properties"], attributes: "name value |" },
  testcase: { within: ["testsuite"], attributes: "name | time classname group" },
  failure: { within: ["testcase"], attributes: "| type message" },
  error: { within: ["testcase"], attributes: "| type message" },
  skipped: { within: ["testcase"], attributes: "| type message" },
};

test.each([
  ["of every verdict", SAMPLE],
  ["without a cell", { ...SAMPLE, cells: [], skipped: [] }],
  ["that took hours", { ...SAMPLE, endedAt: "2026-05-05T19:07:12.345Z" }],
])("a run %s is what strict readers read", (_, record) => {
  const open = [""];
  const parser = new SaxesParser();
  parser.on("opentag", ({ name, attributes }) => {
    const allowed = ALLOWED[name];
    expect(allowed?.within, name).toContain(open.at(-1));
    const [required = [], optional = []] = (allowed?.attributes ?? "")
      .split("|")
      .map((list) => list.split(" ").filter((word) => word !== ""));
    expect(Object.keys(attributes), name).toEqual(expect.arrayContaining(required));
    expect([...required, ...optional], name).toEqual(expect.arrayContaining(Object.keys(attributes)));
    if (attributes["time"] !== undefined) expect(attributes["time"]).toMatch(/^\d+\.\d{3}$/);
    open.push(name);
  });
  parser.on("closetag", () => void open.pop());
  parser.write(junit(record)).close();
});

describe("a gate that no cell explains", () => {
  const passed = { ...SAMPLE, cells: [sampleCell()], skipped: [], problems: ["A known failure has expired"] };

  test("closed: is a failure", () => {
    const failures = read(junit(passed)).filter((element) => element.name === "failure");
    expect(failures.map((failure) => failure.text)).toEqual([expect.stringContaining("A known failure has expired")]);
  });

  test("open: is none", () => {
    expect(read(junit({ ...passed, gate: "open", exitCode: 0 })).some((element) => element.name === "failure")).toBe(false);
  });
});
