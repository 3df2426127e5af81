// How much memory a record of 100,000 cells takes at most: written, read back, judged again and rendered, in a process of its own.
import { measureChild } from "./child.ts";
import type { Measure } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import type { RecordSaid } from "./record.child.ts";
import { templateFolder } from "./template.ts";

/** A run takes minutes, and what it takes at most hardly differs from run to run. */
const RUNS = 1;

export async function recordBenchmark({ runs, say, signal }: BenchOptions): Promise<Measure[]> {
  const gigabytes: number[] = [];
  let note = "";
  for (let run = 0; run < (runs ?? RUNS); run++) {
    await using template = await templateFolder(signal);
    const { peakMB, wallMs, said } = await measureChild("record.child.ts", [template.file], signal);
    gigabytes.push(peakMB / 1000);
    const { cells, failed, files, phases } = said as RecordSaid; // told by record.child.ts
    note = `peak resident memory; ${cells} cells, ${failed} of them failed, ${files} files of observations, ${Math.round(wallMs / 1000)} s`;
    say(
      `record-100k ${run + 1}: ${Math.round(peakMB)} MB; ${phases.map(({ name, ms, rssMB }) => `${name} ${(ms / 1000).toFixed(1)} s, then ${Math.round(rssMB)} MB`).join("; ")}`,
    );
  }
  return [{ name: "record-100k", unit: "GB", values: gigabytes, goal: { than: "below", value: 1.5 }, note }];
}
