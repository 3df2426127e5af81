// What is embedded in the report: nothing of a cell is lost, texts stay texts, and a large run stays a small file.
import { gunzipSync, gzipSync } from "node:zlib";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { buildReportApp, GENERATED } from "../../build-report.ts";
import type { CellRecord, Observation, RunRecord } from "../../model/index.ts";
import { SAMPLE, sampleCell, sampleDetails } from "../sample.ts";
import { Cells } from "./app/cells.ts";
import { NO_FILTER, select } from "./app/filter.ts";
import { contentOf } from "./content.ts";
import type { DetailData, ReportData } from "./data.ts";
import { htmlStream } from "./page.ts";
import { richRecord } from "./sample.ts";
import { timelineOf } from "./timeline.ts";

const read = (record: RunRecord): { data: ReportData; cells: Cells } => {
  const data = JSON.parse(JSON.stringify(contentOf(record, () => undefined).data)) as ReportData;
  return { data, cells: new Cells(data) };
};

test("the committed script is the one that is built from app/: run `npm run build:report` when it is not", async () => {
  expect(await buildReportApp()).toBe(await readFile(GENERATED, "utf8"));
});

describe("columns", () => {
  test("every address, verdict and replay command comes back, odd ones too", () => {
    const odd = [
      sampleCell({ id: "sample/1.4.0..2.0.0..2.1.0/chain@docker", scenario: "chain" }),
      sampleCell({ id: "an address of its own", replay: "upmatrix --matrix other.yaml replay 'an address of its own'" }),
      sampleCell({ scenario: "no-command", replay: "" }),
    ];
    const record = { ...SAMPLE, cells: [...richRecord().cells, ...odd] };
    const { cells } = read(record);
    expect(
      record.cells.map((_, index) => [
        cells.id(index),
        cells.verdict(index),
        cells.replay(index),
        cells.word("line", "texts", index) === "",
      ]),
    ).toEqual(record.cells.map(({ id, verdict, replay }) => [id, verdict, replay, verdict === "passed"]));
    expect(record.cells.map(({ id }) => cells.id(cells.find(id)))).toEqual(record.cells.map(({ id }) => id));
    expect(cells.find("not/there")).toBe(-1);
  });

  test("a filter lets through what it says, and nothing else", () => {
    const { data, cells } = read(richRecord());
    const ids = (parts: Partial<typeof NO_FILTER>): string[] =>
      [...select(data, cells, { ...NO_FILTER, ...parts })].map((cell) => cells.id(cell));
    const all = richRecord().cells;
    const expected = (keep: (cell: CellRecord) => boolean): string[] => all.filter(keep).map(({ id }) => id);
    expect(ids({})).toEqual(expected(() => true));
    expect(ids({ inverted: true })).toEqual(expected(({ inverted }) => inverted));
    expect(ids({ text: "disk-full" })).toEqual(expected(({ id }) => id.includes("disk-full")));
    expect(ids({ text: "beta/1.0.9..*/clean@docker" })).toEqual(expected(({ id }) => /^beta\/1\.0\.9\.\..*\/clean@docker$/.test(id)));
    expect(ids({ text: "1.0.9..*/clean" })).toEqual([]);
    expect(ids({ verdicts: new Set([data.words.verdicts.indexOf("known")]) })).toEqual(expected(({ verdict }) => verdict === "known"));
    expect(ids({ product: data.words.products.indexOf("beta"), scenario: cells.scenarios.indexOf("clean") })).toEqual(
      expected(({ product, scenario }) => product === "beta" && scenario === "clean"),
    );
    expect(cells.scenarios).toEqual(["clean", "crash-on-start", "disk-full", "kill-sweep", "killed-mid-swap"]);
    expect(ids({ scenario: cells.scenarios.indexOf("kill-sweep") })).toEqual(expected(({ scenario }) => scenario.startsWith("kill-sweep")));
    expect(ids({ kind: data.words.kinds.indexOf("downgrade") })).toEqual(expected(({ kind }) => kind === "downgrade"));
  });
});

test("no text of a record can end a script, start a tag, or reach the page but as text", () => {
  const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(2)>`;
  const cells = [
    sampleCell({
      verdict: "failed",
      scenario: "x",
      findings: [{ check: hostile, path: hostile, expected: hostile, actual: hostile, step: 1 }],
    }),
  ];
  const record = { ...SAMPLE, run: hostile, cells, problems: [hostile] };
  const page = [...htmlStream(record, { details: sampleDetails, pack: (text) => gzipSync(text).toString("base64") })].join("");
  expect(page).not.toContain("<img");
  expect(page.match(/<script/g)).toHaveLength(3);
  const [, packed = ""] = /id="details">([^<]*)</.exec(page) ?? [];
  expect(gunzipSync(Buffer.from(packed, "base64")).toString()).toContain("onerror");
});

test("only so many cells are told at length, one of each cause first", () => {
  const rare = sampleCell({
    scenario: "rare",
    verdict: "failed",
    findings: [{ check: "rare", path: null, expected: "a", actual: "b", step: 1 }],
  });
  const often = Array.from({ length: 600 }, (_, index) =>
    sampleCell({
      from: `1.${index}.0`,
      verdict: "failed",
      findings: [{ check: "often", path: null, expected: "a", actual: "b", step: 1 }],
    }),
  );
  const content = contentOf({ ...SAMPLE, cells: [...often, rare] }, () => undefined);
  const details = JSON.parse(content.details) as DetailData[];
  expect(details).toHaveLength(400);
  expect(content.data.columns.detail.filter((at) => at >= 0)).toHaveLength(400);
  expect(details[content.data.columns.detail[600] ?? -1]?.findings[0]?.check).toBe("rare");
});

describe("timeline", () => {
  const steps = [{ sentence: "Trigger", status: "done", message: "", durationMs: 10 }] as const;
  const health = (t: number, healthy: boolean): Observation => ({ t, kind: "health", version: "1.0.0", healthy });
  const before = { t: 5, kind: "snapshot", label: "before" } as Observation; // its tree does not matter here
  const seen: Observation[] = [
    health(0, true),
    before,
    health(10, false),
    health(30, true),
    health(40, false),
    health(140, true),
    { t: 200, kind: "step", step: 1, event: "started" },
  ];

  test("the downtime is the one that was judged, where it lies", () => {
    const downtime = (downtimeMs: number | null) => timelineOf({ steps: [...steps], downtimeMs }, seen)?.downtime;
    expect(downtime(100)).toEqual({ from: 40, to: 140 });
    expect(downtime(20)).toEqual({ from: 10, to: 30 });
    expect(downtime(0)).toBeNull();
    expect(downtime(null)).toBeNull();
    expect(downtime(5000)).toBeNull();
  });

  test("a step that never ended is drawn as broken; a service's process from its start to its end", () => {
    const more: Observation[] = [
      { t: 20, kind: "service", service: "agent", event: "started", pid: 7 },
      { t: 60, kind: "service", service: "agent", event: "exited", code: 1, signal: null },
      { t: 70, kind: "service", service: "agent", event: "started", pid: 8 },
      { t: 400, kind: "end", end: { how: "deadline", detail: "", leaks: [] } },
    ];
    const lanes = timelineOf({ steps: [...steps], downtimeMs: null }, [...seen, ...more])?.lanes;
    expect(lanes?.find(({ name }) => name === "steps")?.spans).toEqual([{ from: 200, to: 400, label: "1 Trigger", tone: "bad" }]);
    expect(lanes?.find(({ name }) => name === "agent")?.spans).toEqual([
      { from: 20, to: 60, label: "pid 7, exited with code 1", tone: "odd" },
      { from: 70, to: 400, label: "pid 8, still runs", tone: "good" },
    ]);
  });

  test("without observations there is none", () => {
    expect(timelineOf({ steps: [], downtimeMs: 10 }, [])).toBeNull();
  });
});
