// Writes, reads back, judges again and renders a record of 100,000 cells. Runs in a process of its own.
import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import type { Cell, CellRecord, Observation, RunRecord } from "../model/index.ts";
import { RECORD_VERSION } from "../model/index.ts";
import { htmlStream, junitStream, markdownStream, terminalSummary } from "../report/index.ts";
import { observationsNow, readRecord, RecordFolder, rejudge } from "../run/index.ts";
import { tell } from "./child.ts";
import { broken, CAST_PRODUCTS, castCell, castRecord, castReferences, Story, withoutTexts } from "./story.ts";
import type { Template } from "./template.ts";

const CELLS = Number(process.argv[3] ?? 100_000);
/** One in so many cells leaves a file behind. */
const BROKEN = 50;
/** Files that are written at once. */
const AT_ONCE = 64;

export interface RecordSaid {
  readonly cells: number;
  readonly failed: number;
  readonly files: number;
  readonly phases: readonly { readonly name: string; readonly ms: number; readonly rssMB: number }[];
}

const phases: RecordSaid["phases"][number][] = [];
let written = 0;

async function phase<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  phases.push({ name, ms: performance.now() - began, rssMB: process.memoryUsage().rss / 1e6 });
  return result;
}

/** The files of all cells, and the references they are compared with. Returns the record as it is before it is judged. */
async function writeRun(folder: RecordFolder, { cell: like, product, record, observations, reference }: Template): Promise<RunRecord> {
  const sound = new Story(withoutTexts(observations), like);
  const unsound = new Story(broken(observations), like);
  const fresh = new Story(reference, { from: like.to, to: like.to, next: like.to });
  const cells = Array.from({ length: CELLS }, (_, index): Cell => castCell(like, index));
  await folder.keepPlan({ products: Object.fromEntries(CAST_PRODUCTS.map((name) => [name, product])), cells });
  for (const { id, releases } of castReferences(like)) await keep(folder.reference(id), fresh.tell(releases));
  const records: CellRecord[] = [];
  for (let index = 0; index < cells.length; index += AT_ONCE) {
    const files = cells.slice(index, index + AT_ONCE).map((cell, offset) => {
      const file = folder.observations(cell.id);
      records.push(castRecord(record, cell, file.name));
      return keep(file, ((index + offset) % BROKEN === 0 ? unsound : sound).tell(cell));
    });
    await Promise.all(files);
  }
  return { ...HEAD, cells: records };
}

async function keep(file: ReturnType<RecordFolder["reference"]>, observations: readonly Observation[]): Promise<void> {
  for (const observation of observations) file.add(observation);
  await file.close();
  written += 1;
}

const HEAD: Omit<RunRecord, "cells"> = {
  record: RECORD_VERSION,
  upmatrix: "bench",
  run: "record",
  startedAt: "2026-01-05T09:00:00.000Z",
  endedAt: "2026-01-05T12:00:00.000Z",
  tier: "full",
  gate: "open",
  exitCode: 0,
  interrupted: false,
  environments: [],
  unavailable: [],
  settings: [],
  leftOut: [],
  skipped: [],
  problems: [],
  sweeps: [],
};

async function render(folder: RecordFolder, record: RunRecord): Promise<void> {
  const details = (cell: CellRecord): readonly Observation[] | undefined =>
    cell.observations === null ? undefined : observationsNow(folder.directory, cell.observations);
  await folder.view("junit.xml", junitStream(record, details));
  await folder.view("summary.md", markdownStream(record, details));
  await folder.view("index.html", htmlStream(record, { details, pack: (text) => gzipSync(text).toString("base64") }));
  await folder.view("terminal.txt", [terminalSummary(record, { color: false, width: 120, details })]);
}

async function main(): Promise<void> {
  const file = process.argv[2] ?? "";
  const template = JSON.parse(readFileSync(file, "utf8")) as Template; // written by templateFolder
  const reports = path.join(path.dirname(file), "reports");
  const folder = await RecordFolder.make(reports, HEAD.run);
  await phase("written", async () => folder.write(await writeRun(folder, template)));
  const { record, directory } = await phase("read back", () => readRecord(reports, HEAD.run));
  const judged = await phase("judged again", () => rejudge(record, { directory, known: [], today: "2026-01-05" }));
  await phase("written again", () => folder.write(judged));
  await phase("rendered", () => render(folder, judged));
  const odd = judged.cells.find(({ verdict }, index) => verdict !== (index % BROKEN === 0 ? "failed" : "passed"));
  if (odd !== undefined)
    throw new Error(
      `Cannot measure: ${odd.id} is ${odd.verdict}: ${odd.reason} ${odd.findings.map(({ check, actual }) => `${check}: ${actual}`).join("; ")}`,
    );
  const said: RecordSaid = {
    cells: judged.cells.length,
    failed: judged.cells.filter(({ verdict }) => verdict === "failed").length,
    files: written,
    phases,
  };
  tell(said);
}

await main();
