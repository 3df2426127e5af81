// `npm run bench [name...] [-- --json] [--runs n] [--cells n|all]`: measures, prints one line a goal. Exit codes: 0 all goals met · 1 one is missed · 3 nothing could be measured · 130 interrupted.
import { parseArgs } from "node:util";
import { formatMeasure, type Measured, summarize } from "./measure.ts";
import type { Benchmark } from "./options.ts";
import { memoryBenchmark } from "./memory.ts";
import { recorderOverhead } from "./overhead.ts";
import { planBenchmark } from "./plan.ts";
import { recordBenchmark } from "./record.ts";
import { replayEqualsKill } from "./replay.ts";
import { reportBenchmark } from "./report.ts";
import { sweepVsRerun } from "./sweep.ts";
import { throughputVsBare, throughputVsNaive } from "./throughput.ts";

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  "throughput-vs-naive": throughputVsNaive,
  "throughput-vs-bare": throughputVsBare,
  "plan-100x30": planBenchmark,
  "record-100k": recordBenchmark,
  "report-100k": reportBenchmark,
  "memory-2000": memoryBenchmark,
  "recorder-overhead": recorderOverhead,
  "replay-equals-kill": replayEqualsKill,
  "sweep-vs-rerun": sweepVsRerun,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    runs: { type: "string" },
    cells: { type: "string" },
    product: { type: "string" },
  },
});

function count(name: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`Cannot use --${name} ${text}: it must be a positive number`);
}

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    console.error("Interrupted: ending what was started");
    interrupt.abort(new Error("interrupted"));
  });

async function main(): Promise<void> {
  const unknown = positionals.find((name) => BENCHMARKS[name] === undefined);
  if (unknown !== undefined) throw new Error(`Cannot find the benchmark ${unknown}: there are ${Object.keys(BENCHMARKS).join(", ")}`);
  const chosen = Object.entries(BENCHMARKS).filter(([name]) => positionals.length === 0 || positionals.includes(name));
  const measures: Measured[] = [];
  for (const [, benchmark] of chosen) {
    const measured = await benchmark({
      runs: values.runs === undefined ? undefined : count("runs", values.runs),
      cells: values.cells === undefined || values.cells === "all" ? values.cells : count("cells", values.cells),
      product: values.product,
      say: (line) => console.error(line),
      signal: interrupt.signal,
    });
    measures.push(...measured);
    if (!values.json) for (const measure of measured) console.log(formatMeasure(measure));
  }
  const summaries = measures.map((measure) => ("skipped" in measure ? measure : summarize(measure)));
  if (values.json) console.log(JSON.stringify(summaries, null, 2));
  process.exitCode = summaries.every((one) => "skipped" in one || one.met) ? 0 : 1;
}

await main().catch((error: unknown) => {
  if (!interrupt.signal.aborted) console.error(error); // what fails after an interrupt fails because of it
  process.exitCode = interrupt.signal.aborted ? 130 : 3;
});
