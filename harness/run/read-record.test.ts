import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SAMPLE } from "../report/sample.ts";
import { readRecord, RecordError } from "./read-record.ts";
import { RecordFolder } from "./record-folder.ts";

let reports: string;

beforeEach(async () => {
  reports = await mkdtemp(path.join(tmpdir(), "upmatrix-read-"));
});

afterEach(() => rm(reports, { recursive: true }));

describe("readRecord", () => {
  it("reads what was written, by the run, by its file, and as the latest", async () => {
    const folder = await RecordFolder.make(reports, SAMPLE.run);
    const file = await folder.write(SAMPLE);
    for (const name of [SAMPLE.run, file, "latest"]) expect((await readRecord(reports, name)).record).toEqual(SAMPLE);
  });

  it("reads a record that somebody has formatted", async () => {
    const file = await (await RecordFolder.make(reports, SAMPLE.run)).write(SAMPLE);
    await writeFile(file, JSON.stringify(JSON.parse(await readFile(file, "utf8")), null, 1));
    expect((await readRecord(reports, SAMPLE.run)).record).toEqual(SAMPLE);
  });

  it("reads a record without cells", async () => {
    const record = { ...SAMPLE, cells: [] };
    await (await RecordFolder.make(reports, record.run)).write(record);
    expect((await readRecord(reports, record.run)).record).toEqual(record);
  });

  it.each([
    ["cut off in the middle of a cell", (text: string) => text.slice(0, text.lastIndexOf('"verdict"')), /is no whole JSON/],
    ["cut off after a cell", (text: string) => text.slice(0, text.lastIndexOf("\n  ]")), /is no whole JSON/],
    ["of another version", (text: string) => text.replace('"record": 1', '"record": 99'), /record: .*another version/],
    [
      "with a cell of another shape",
      (text: string) => text.replace(/"verdict":"\w+"/, '"verdict":"perhaps"'),
      /verdict: .*another version/,
    ],
  ])("refuses one that is %s", async (_, spoil, message) => {
    const file = await (await RecordFolder.make(reports, SAMPLE.run)).write(SAMPLE);
    await writeFile(file, spoil(await readFile(file, "utf8")));
    await expect(readRecord(reports, SAMPLE.run)).rejects.toThrow(RecordError);
    await expect(readRecord(reports, SAMPLE.run)).rejects.toThrow(message);
  });

  it("says where it looked", async () => {
    await expect(readRecord(reports, "nowhere")).rejects.toThrow(/Cannot find a run at .*nowhere/);
  });
});
