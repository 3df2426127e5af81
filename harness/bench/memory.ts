// Whether the harness's memory stays flat over 2,000 cells: the real scheduler, recorder and judge, with an environment that
// says again what a real cell said.
import { measureChild } from "./child.ts";
import { type Measure, medianOf } from "./measure.ts";
import type { MemorySaid } from "./memory.child.ts";
import type { BenchOptions } from "./options.ts";
import { templateFolder } from "./template.ts";

/** How much of the growth may be something else than the records: the maps that hold them, names of files. */
const ALLOWANCE = 1.5;

export async function memoryBenchmark({ runs, say, signal }: BenchOptions): Promise<Measure[]> {
  const said: MemorySaid[] = [];
  for (let run = 0; run < (runs ?? 5); run++) {
    await using template = await templateFolder(signal);
    const one = (await measureChild("memory.child.ts", [template.file], signal)).said as MemorySaid; // told by memory.child.ts
    said.push(one);
    say(
      `memory-2000 ${run + 1}: ${one.heaps.map(({ cells, bytes }) => `${cells} cells ${megabytes(bytes).toFixed(1)} MB`).join(", ")}; 1,000 records ${megabytes(one.recordsBytes).toFixed(2)} MB`,
    );
  }
  const growth = said.map(({ heaps: [first, ...more] }) => {
    const last = more.at(-1);
    if (first === undefined || last === undefined) throw new Error("Cannot tell the growth: memory.child.ts measured less than twice");
    return (megabytes(last.bytes - first.bytes) / (last.cells - first.cells)) * 1000;
  });
  const bound = Math.round(medianOf(said.map(({ recordsBytes }) => megabytes(recordsBytes))) * ALLOWANCE * 100) / 100;
  const note = `heap growth for 1,000 cells, after a collection, between cell ${said[0]?.heaps[0]?.cells ?? 0} and 2,000; the goal is ${ALLOWANCE} × what 1,000 of the kept cell records take, which is all that may grow`;
  return [{ name: "memory-2000", unit: "MB", values: growth, goal: { than: "below", value: bound }, note }];
}

function megabytes(bytes: number): number {
  return bytes / 1e6;
}
