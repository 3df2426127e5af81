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
import { FLEET_CELL, fleetDetails, richRecord } from "./sample.ts";
import { tablesOf } from "./tables.ts";
import { timelineOf } from "./timeline.ts";

const read = (record: RunRecord): { data: ReportData; cells: Cells } => {
  const data = JSON.parse(JSON.stringify(contentOf(record, () => undefined).data)) as ReportData;
  return { data, cells: new Cells(data) };
};

test("the committed script is the one that is built from app/: run `npm run build:report` when it is not", async () => {
  const same = (await buildReportApp()) === (await readFile(GENERATED, "utf8")); // nobody wants to read how they differ
  expect(same).toBe(true);
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
  const often = Array.from({ length: 1200 }, (_, index) =>
    sampleCell({
      from: `1.${index}.0`,
      verdict: "failed",
      findings: [{ check: "often", path: null, expected: "a", actual: "b", step: 1 }],
    }),
  );
  const content = contentOf({ ...SAMPLE, cells: [...often, rare] }, () => undefined);
  const details = JSON.parse(content.details) as DetailData[];
  expect(details).toHaveLength(1000);
  expect(content.data.columns.detail.filter((at) => at >= 0)).toHaveLength(1000);
  expect(details[content.data.columns.detail[1200] ?? -1]?.findings[0]?.check).toBe("rare");
});

test("where there is no room for all, products and scenarios take turns, and no sweep keeps anybody out", () => {
  const points = Array.from({ length: 1200 }, (_, index) => sampleCell({ scenario: `kill-sweep.${index}-after` }));
  const others = ["other", "sample"].flatMap((product) => ["clean", "disk-full"].map((scenario) => sampleCell({ product, scenario })));
  const cells = [...points, ...others];
  const { detail } = contentOf({ ...SAMPLE, cells }, () => undefined).data.columns;
  expect(detail.filter((at) => at >= 0)).toHaveLength(1000);
  expect(detail.slice(-others.length).every((at) => at >= 0)).toBe(true);
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
    const downtimeAt = { member: null, from: 42, to: 140 };
    expect(timelineOf({ steps: [...steps], findings: [], downtimeAt }, seen)?.downtime).toEqual({
      ...{ from: 42, to: 140 },
      lane: "agent answers",
    });
    expect(timelineOf({ steps: [...steps], findings: [] }, seen)?.downtime).toBeNull();
  });

  test("a step that never ended is drawn as broken; a service's process from its start to its end", () => {
    const more: Observation[] = [
      { t: 20, kind: "service", service: "agent", event: "started", pid: 7 },
      { t: 60, kind: "service", service: "agent", event: "exited", code: 1, signal: null },
      { t: 70, kind: "service", service: "agent", event: "started", pid: 8 },
      { t: 400, kind: "end", end: { how: "deadline", detail: "", leaks: [] } },
    ];
    const lanes = timelineOf({ steps: [...steps], findings: [] }, [...seen, ...more])?.lanes;
    expect(lanes?.find(({ name }) => name === "steps")?.spans).toEqual([{ from: 200, to: 400, label: "1 Trigger", tone: "bad" }]);
    expect(lanes?.find(({ name }) => name === "agent")?.spans).toEqual([
      { from: 20, to: 60, label: "pid 7, exited with code 1", tone: "odd" },
      { from: 70, to: 400, label: "pid 8, still runs", tone: "good" },
    ]);
  });

  test("a step in which something was found is drawn as broken, although it was taken; what is not there yet is not missed", () => {
    const finding = { check: "layout", path: null, expected: "a", actual: "b", step: 1 };
    const taken: Observation[] = [
      health(0, false),
      health(3, true),
      { t: 5, kind: "step", step: 1, event: "started" },
      { t: 9, kind: "step", step: 1, event: "ended", ok: true, message: "" },
      health(9, false),
      { t: 12, kind: "end", end: { how: "complete", detail: "", leaks: [] } },
    ];
    const tones = (findings: CellRecord["findings"]): string[] =>
      (timelineOf({ steps: [...steps], findings }, taken)?.lanes ?? []).map(
        ({ name, spans }) => `${name}: ${spans.map(({ tone }) => tone).join(" ")}`,
      );
    expect(tones([finding])).toEqual(["steps: bad", "agent answers: dim good odd"]);
    expect(tones([])).toEqual(["steps: good", "agent answers: dim good odd"]);
  });

  test("without observations there is none", () => {
    expect(timelineOf({ steps: [], findings: [], downtimeAt: { member: null, from: 0, to: 10 } }, [])).toBeNull();
  });
});

describe("a fleet", () => {
  const tables = (sound: boolean) =>
    Object.fromEntries(
      tablesOf(FLEET_CELL, fleetDetails(sound)).map(({ title, rows }) => [title, rows.map(({ cells, bad }) => [bad, ...cells])]),
    );

  test("each member has a lane until it is taken away, each line one while it is disturbed; the downtime lies in its member's", () => {
    const timeline = timelineOf(FLEET_CELL, fleetDetails());
    expect(timeline?.lanes.map(({ name, spans }) => [name, ...spans.map(({ from, to, label }) => `${from}–${to} ${label}`)])).toEqual([
      ["steps", expect.stringMatching(/^0–90 1 /), expect.stringMatching(/^110–790 7 /)],
      ["all answer", "0–60 nothing answers", "60–200 1.4.0, healthy", "200–700 nothing answers", "700–1000 2.0.0, healthy"],
      [
        "host-1/api",
        ...["0–50 nothing answers", "50–200 1.4.0, healthy", "200–300 nothing answers"],
        ...["300–400 2.0.0, healthy", "400–700 nothing answers", "700–1000 2.0.0, healthy"],
      ],
      ["host-2/api", "0–60 nothing answers", "60–850 1.4.0, healthy"],
      ["line host-2 – inventory", "150–750 cut"],
    ]);
    expect(timeline?.downtime).toEqual({ from: 400, to: 700, lane: "host-1/api" });
    expect(timeline?.marks.map(({ t, label }) => `${t} ${label}`)).toEqual([
      "150 line host-2 – inventory cut",
      "750 line host-2 – inventory whole again",
      "780 burst of 200 × start",
      "850 host-2 removed",
    ]);
  });

  const change = (t: number, healthy: boolean): Observation => ({
    ...{ t, kind: "member", member: "host-1/api", version: healthy ? "2.0.0" : null, healthy },
  });
  const outages = (seen: readonly Observation[], cell: Pick<CellRecord, "downtimeMs" | "members"> = FLEET_CELL) => {
    const table = tablesOf(cell, seen).find(({ title }) => title.startsWith("Without"));
    return [table?.head, ...(table?.rows ?? []).map(({ cells }) => cells)];
  };

  test("an outage counts from one change to the other, although somebody looked meanwhile; a reboot is none of the upgrade", () => {
    const seen = fleetDetails().filter((one) => one.kind !== "member" || one.member !== "host-1/api" || one.t < 700);
    const reboot = [change(1205, true), change(1300, false), change(1400, true)];
    expect(outages([...seen, ...reboot])).toEqual([
      ["who", "begun in step 7"],
      ["at least one", "500ms"],
      ["host-1/api", "905ms in 2, longest 805ms"],
    ]);
    const crashed = [...seen, ...reboot].map((one) =>
      one.kind === "snapshot" && one.label === "after" ? ({ ...one, label: "rebooted" } as const) : one,
    );
    expect(outages(crashed)).toEqual(outages([...seen, ...reboot])); // after a crash nobody looks before the boot
    expect(outages(seen).at(-1)).toEqual(["host-1/api", "700ms in 2, longest 600ms, and not healthy again"]);
  });

  test("outages stand by the step in which they began, what was judged of them beside them; who was taken away is not missed", () => {
    const more: Observation[] = [
      { t: 705, kind: "step", step: 8, event: "started" },
      ...[change(710, false), change(760, true)],
      { t: 765, kind: "host", host: "host-1", event: "removed" },
      ...[change(766, false), change(790, true)],
    ];
    const members = [
      {
        ...{ name: "host-1/api", from: "1.4.0", to: "2.0.0", healthy: true, removed: false, restarted: true },
        ...{ downtimeMs: 300, downtimeTotalMs: 400 },
      },
    ];
    const seen = [...fleetDetails(), ...more].toSorted((one, other) => one.t - other.t);
    expect(outages(seen, { ...FLEET_CELL, members })).toEqual([
      ["who", "begun in step 7", "begun in step 8", "judged as downtime"],
      ["at least one", "500ms", "none", "not judged"],
      ["host-1/api", "400ms in 2, longest 300ms", "50ms", "300ms (400ms in all)"],
    ]);
    const lane = timelineOf(FLEET_CELL, seen)?.lanes.find(({ name }) => name === "host-1/api");
    expect(lane?.spans.slice(-4).map(({ from, to, tone }) => [from, to, tone])).toEqual([
      [710, 760, "bad"],
      [760, 765, "good"],
      [766, 790, "dim"],
      [790, 1000, "good"],
    ]);
  });

  test("members stand machine by machine, the second before the tenth", () => {
    const seen = ["host-10", "host-2/b", "host-1/a", "host-2/a"].map((member): Observation => ({
      t: 1,
      kind: "member",
      member,
      version: "1",
      healthy: true,
    }));
    expect(timelineOf(FLEET_CELL, [...seen, { t: 2, kind: "problem", message: "" }])?.lanes.map(({ name }) => name)).toEqual([
      ...["host-10", "host-1/a", "host-2/a", "host-2/b"],
    ]);
  });

  test("what was away, restarted, disagreed, or was not answered", () => {
    expect(tables(false)).toEqual({
      "Without a healthy answer during the upgrade": [
        [false, "at least one", "500ms"],
        [false, "host-1/api", "400ms in 2, longest 300ms"],
      ],
      Members: [
        [false, "host-1/api", "1.4.0", "2.0.0, new main process"],
        [false, "host-2/api", "1.4.0", "1.4.0, same main process"],
      ],
      Facts: [[true, "alarms", "0", "no answer"]],
      "What is said of version after the upgrade": [
        [true, "host-2/api", "1.4.0", "2.0.0", "disagree"],
        [false, "host-1/api", "2.0.0", "2.0.0", "agree"],
      ],
      "Bursts of requests": [[true, "start", "200", "180 × 202, 19 × 429", "1", "none"]],
    });
  });

  test("a fact is marked when it has no answer in the end; one that says nothing is told to be empty", () => {
    const look = (label: "before" | "after", facts: Record<string, string | null>): Observation => {
      const one = fleetDetails().find((seen) => seen.kind === "snapshot");
      if (one?.kind !== "snapshot") throw new Error("the sample has no snapshot");
      return { ...one, label, snapshot: { ...one.snapshot, facts } };
    };
    const seen = [look("before", { late: null, lost: "1", none: "" }), look("after", { late: "1", lost: null, none: "" })];
    const rows = tablesOf(FLEET_CELL, seen).find(({ title }) => title === "Facts")?.rows;
    expect(rows?.map(({ cells, bad }) => [bad, ...cells])).toEqual([
      [true, "lost", "1", "no answer"],
      [false, "late", "no answer", "1"],
      [false, "none", "(empty)", "(empty)"],
    ]);
  });

  test("a service that answers for itself has a lane for its process beside the one for its answers", () => {
    const started: Observation = { t: 20, kind: "service", service: "host-1/api.service", event: "started", pid: 7 };
    const other: Observation = { t: 21, kind: "service", service: "host-1/store.service", event: "started", pid: 8 };
    const names = timelineOf(FLEET_CELL, [...fleetDetails(), started, other])?.lanes.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["host-1/api", "host-1/api process", "host-1/store"]));
    expect(new Set(names).size).toBe(names?.length);
  });

  test("of a host with several services it is told which of them has another main process", () => {
    const look = (label: "before" | "after", version: string, agent: string): Observation => {
      const one = fleetDetails().find((seen) => seen.kind === "snapshot");
      if (one?.kind !== "snapshot") throw new Error("the sample has no snapshot");
      const host = { name: "host-1", host: "host-1", version, healthy: true, process: null, processes: { agent, store: "2:2" } };
      return { ...one, label, snapshot: { ...one.snapshot, members: [host] } };
    };
    const told = (agent: string) =>
      tablesOf(FLEET_CELL, [look("before", "1.4.0", "1:1"), look("after", "2.0.0", agent)]).find(({ title }) => title === "Members")
        ?.rows[0]?.cells;
    expect(told("3:3")).toEqual(["host-1", "1.4.0", "2.0.0, new main process of agent"]);
    expect(told("1:1")).toEqual(["host-1", "1.4.0", "2.0.0, same main processes"]);
  });

  test("what is as it should be has no mark", () => {
    expect(Object.values(tables(true)).flatMap((rows) => rows.filter(([bad]) => bad === true))).toEqual([]);
  });

  test("one agent has no such table; one that was away twice says how long in all", () => {
    const health = (t: number, healthy: boolean): Observation => ({ t, kind: "health", version: "1.0.0", healthy });
    const before = { t: 5, kind: "snapshot", label: "before", snapshot: {} } as Observation; // what it shows does not matter here
    const once = [health(0, true), before, health(10, false), health(30, true)];
    expect(tablesOf({ downtimeMs: 20 }, once)).toEqual([]);
    const twice = [...once, health(40, false), health(70, true)];
    expect(tablesOf({ downtimeMs: 30 }, twice).map(({ rows }) => rows[0]?.cells)).toEqual([["the agent", "50ms in 2, longest 30ms"]]);
    expect(tablesOf({ downtimeMs: null }, twice)).toEqual([]);
  });
});

describe("from where people can upgrade", () => {
  test("each pair that leads up, with what vouches for it or stands against it, and the safe way around", () => {
    const pair = (from: string, to: string, parts: Partial<CellRecord> = {}): CellRecord => sampleCell({ from, to, next: to, ...parts });
    const broken = { verdict: "failed", findings: [{ check: "c", path: null, expected: "a", actual: "b", step: 1 }] } as const;
    const cells = [
      pair("1.0.0", "1.1.0"),
      pair("1.1.0", "1.2.0"),
      pair("1.0.0", "1.2.0", { ...broken, findings: [...broken.findings] }),
      pair("1.0.0", "1.3.0", { verdict: "skipped", outcome: null, reason: "why not" }),
      pair("1.2.0", "1.0.0", { kind: "downgrade" }),
    ];
    const { data } = read({ ...SAMPLE, cells });
    const { edges, words } = data;
    expect(
      edges.from.map((from, edge) => [words.versions[from], words.versions[edges.to[edge] ?? -1], edges.state[edge], edges.chain[edge]]),
    ).toEqual([
      ["1.0.0", "1.1.0", "safe", ""],
      ["1.0.0", "1.2.0", "failed", "1.1.0"],
      ["1.0.0", "1.3.0", "untested", ""],
      ["1.1.0", "1.2.0", "safe", ""],
    ]);
    expect(edges.why.map((why) => edges.whys[why])).toEqual([
      "1 cell passed",
      expect.stringMatching(/^failed: c: expected a, found b; sample\/1\.0\.0\.\.1\.2\.0/),
      "not tested: skipped: why not",
      "1 cell passed",
    ]);
  });
});
