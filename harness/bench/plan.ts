// How long planning a big matrix takes and how much memory: 100 releases × 30 scenarios, every pair, in a process of its own.
import { measureChild } from "./child.ts";
import type { Measure } from "./measure.ts";
import type { BenchOptions } from "./options.ts";

export async function planBenchmark({ runs, say, signal }: BenchOptions): Promise<Measure[]> {
  const seconds: number[] = [];
  const megabytes: number[] = [];
  let cells = 0;
  for (let run = 0; run < (runs ?? 5); run++) {
    const { wallMs, peakMB, said } = await measureChild("plan.child.ts", [], signal);
    seconds.push(wallMs / 1000);
    megabytes.push(peakMB);
    cells = (said as { cells: number }).cells; // told by plan.child.ts
    say(`plan-100x30 ${run + 1}: ${Math.round(wallMs)} ms, ${Math.round(peakMB)} MB, ${cells} cells`);
  }
  const note = `100 releases × 30 scenarios of all kinds, all pairs: ${cells} cells, from the start of Node to its end`;
  return [
    { name: "plan-100x30-time", unit: "s", values: seconds, goal: { than: "below", value: 2 }, note },
    {
      name: "plan-100x30-memory",
      unit: "MB",
      values: megabytes,
      goal: { than: "below", value: 300 },
      note: "peak resident memory of that process",
    },
  ];
}
