// Runs 2,000 cells through the scheduler and says how much heap is in use on the way. Runs in a process of its own.
import { readFileSync } from "node:fs";
import path from "node:path";
import { loadProject } from "../load/index.ts";
import type { Cell, CellEnd, CellRecord } from "../model/index.ts";
import { defaultParallel, run, type RunEvent } from "../run/index.ts";
import type { CellRequest, Environment } from "../environment/index.ts";
import { tell } from "./child.ts";
import { platform } from "./ground.ts";
import type { Template } from "./template.ts";

const CELLS = 2000;
const LOOK_AT = [500, 1000, 1500, 2000];

export interface MemorySaid {
  readonly heaps: readonly { readonly cells: number; readonly bytes: number }[];
  /** What 1,000 cell records take. */
  readonly recordsBytes: number;
}

/** Says what a real cell said, line by line and parsed anew each time, as a conversation with a cell program does. */
function standIn({ cell, observations, reference }: Template): Environment {
  const [ofCell, ofReference] = [observations, reference].map((all) => all.map((one) => JSON.stringify(one)));
  const lines = (request: CellRequest): readonly string[] =>
    (request.job.script.scenario === cell.script.scenario ? ofCell : ofReference) ?? [];
  return {
    facts: { name: cell.environment, platform: "linux", description: "Says what was recorded", capabilities: [] },
    slots: 8,
    prepare: async () => undefined,
    artifactDirectory: (key) => key,
    run: async (request) => {
      let end: CellEnd = { how: "lost", detail: "nothing was recorded", leaks: [] };
      for (const line of lines(request)) {
        const observation = JSON.parse(line) as Template["observations"][number]; // written from one
        request.observe(observation);
        if (observation.kind === "end") end = observation.end;
        await new Promise((resolve) => setImmediate(resolve));
      }
      return end;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** What a thousand of these records take, each with texts of its own. */
function heapOfRecords(record: CellRecord): number {
  const json = JSON.stringify(record);
  const before = heap();
  const copies = Array.from({ length: 1000 }, (_, index) => JSON.parse(json.replaceAll(record.id, `${record.id}-${index}`)) as CellRecord);
  const bytes = heap() - before;
  if (copies.length !== 1000) throw new Error("unreachable: keeps the copies alive until they are measured");
  return bytes;
}

async function main(): Promise<void> {
  const file = process.argv[2] ?? "";
  const template = JSON.parse(readFileSync(file, "utf8")) as Template; // written by templateFolder
  const project = await loadProject(process.cwd(), { now: new Date() });
  const cells = Array.from({ length: CELLS }, (_, index): Cell => ({ ...template.cell, id: template.cell.id.replace("@", `.${index}@`) }));
  const heaps: { readonly cells: number; readonly bytes: number }[] = [];
  let ended = 0;
  const on = ({ kind }: RunEvent): void => {
    if (kind === "ended" && LOOK_AT.includes((ended += 1))) heaps.push({ cells: ended, bytes: heap() });
  };
  const { record } = await run(
    project,
    { cells, leftOut: [] },
    {
      run: "memory",
      tier: "full",
      reports: path.join(path.dirname(file), "reports"),
      build: { cache: path.join(project.directory, ".upmatrix", "cache"), platform: platform(), parallel: defaultParallel() },
      environments: new Map([[template.cell.environment, standIn(template)]]),
      unavailable: [],
      version: "bench",
      replayCommand: ({ id }) => `npm run upmatrix -- replay '${id}'`,
      signal: new AbortController().signal,
      now: () => new Date(),
      on,
    },
  );
  const other = record.cells.find(({ verdict }) => verdict !== "passed");
  if (other !== undefined)
    throw new Error(
      `Cannot measure: ${other.id} is ${other.verdict}: ${other.reason} ${other.findings.map(({ check, actual }) => `${check}: ${actual}`).join("; ")}`,
    );
  const said: MemorySaid = { heaps, recordsBytes: heapOfRecords(record.cells[0] ?? template.record) };
  tell(said);
}

await main();
