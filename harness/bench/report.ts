// How long a report of 100,000 cells takes in a real Chromium: from opening the file to the first screen, and each filter.
import { existsSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { chromium, type Page } from "playwright-core";
import { address, type CellRecord, RECORD_VERSION, type RunRecord } from "../model/index.ts";
import { htmlStream } from "../report/index.ts";
import type { Measure } from "./measure.ts";
import type { BenchOptions } from "./options.ts";

const CELLS = 100_000;
const PRODUCTS = 4;
const SCENARIOS = 20;
const RELEASES = 51;
/** One in so many cells fails. */
const BROKEN = 50;
const RUNS = 5;
const BROWSER = process.env["UPMATRIX_CHROMIUM"] ?? "/usr/bin/chromium";

export async function reportBenchmark({ runs, say, signal }: BenchOptions): Promise<Measure[]> {
  if (!existsSync(BROWSER))
    throw new Error(`Cannot measure: there is no Chromium at ${BROWSER}; install one, or name it by UPMATRIX_CHROMIUM`);
  const folder = await mkdtemp(path.join(os.tmpdir(), "upmatrix-bench-"));
  const browser = await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox"], handleSIGINT: false, handleSIGTERM: false });
  try {
    const file = path.join(folder, "index.html");
    const began = performance.now();
    await writeFile(
      file,
      htmlStream(largeRecord(), { details: () => undefined, pack: (text) => gzipSync(text, { level: 9 }).toString("base64") }),
    );
    const note = `${((await stat(file)).size / 1e6).toFixed(1)} MB, written in ${((performance.now() - began) / 1000).toFixed(1)} s`;
    const shown: number[] = [];
    const filtered: number[] = [];
    const worked: number[] = [];
    for (let run = 0; run < (runs ?? RUNS); run++) {
      signal.throwIfAborted();
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await page.goto(`file://${file}`, { waitUntil: "commit" });
      await page.waitForSelector("footer");
      shown.push(((await page.evaluate(PAINTED)) as number) / 1000); // a time since the page was opened
      await page.evaluate(PAINTED); // what is prepared once the first screen is shown is ready
      const times = await filterTimes(page);
      filtered.push(Math.max(...times.map(({ ms }) => ms)));
      worked.push(Math.max(...times.map(({ processorMs }) => processorMs)));
      const told = times.map(({ name, ms, processorMs }) => `${name} ${Math.round(ms)} ms (${Math.round(processorMs)})`);
      say(`report-100k ${run + 1}: shown after ${shown.at(-1)?.toFixed(2)} s; ${told.join(", ")}`);
      await page.close();
    }
    return [
      {
        name: "report-100k",
        unit: "s",
        values: shown,
        goal: { than: "below", value: 3 },
        note: `from opening the file to the first screen; ${note}`,
      },
      {
        name: "report-100k filter",
        unit: "ms",
        values: filtered,
        goal: { than: "below", value: 100 },
        note: "the slowest of several filters, from the input to the screen",
      },
      {
        name: "report-100k filter, processor",
        unit: "ms",
        values: worked,
        goal: { than: "below", value: 100 },
        note: "the same in processor time of the page's main thread, which a busy machine changes less",
      },
    ];
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves when what was last drawn is on the screen. */
const PAINTED = `new Promise((shown) => requestAnimationFrame(() => setTimeout(() => shown(performance.now()))))`;

const INPUTS: Readonly<Record<string, string>> = {
  text: `type("product-1/1.3")`,
  "more text": `type("product-1/1.30.0")`,
  pattern: `type("*/1.7.0..*/scenario-3@docker")`,
  "no text": `type("")`,
  "failed only": `press(".chip.failed")`,
  "failed and passed": `press(".chip.passed")`,
  inverted: `press(".check input")`,
};

interface FilterTime {
  readonly name: string;
  readonly ms: number;
  readonly processorMs: number;
}

/** Milliseconds from each input to the screen that shows what is left. */
async function filterTimes(page: Page): Promise<FilterTime[]> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const processor = async (): Promise<number> => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  };
  const times: FilterTime[] = [];
  for (const [name, input] of Object.entries(INPUTS)) {
    const before = await processor();
    const ms = (await page.evaluate(`(async () => {
      const type = (text) => {
        const search = document.getElementById("search");
        search.value = text;
        search.dispatchEvent(new InputEvent("input", { bubbles: true }));
      };
      const press = (what) => document.querySelector(what).click();
      const began = performance.now();
      ${input};
      return (await ${PAINTED}) - began;
    })()`)) as number; // what the expression gives
    times.push({ name, ms, processorMs: (await processor()) - before });
  }
  return times;
}

function largeRecord(): RunRecord {
  const cells = Array.from({ length: CELLS }, (_, index) => castRecord(index));
  return {
    record: RECORD_VERSION,
    upmatrix: "bench",
    run: "report",
    startedAt: "2026-01-05T09:00:00.000Z",
    endedAt: "2026-01-05T12:00:00.000Z",
    tier: "full",
    gate: "closed",
    exitCode: 1,
    interrupted: false,
    environments: [],
    unavailable: [],
    settings: [],
    leftOut: [],
    skipped: [],
    problems: [],
    sweeps: [],
    cells,
  };
}

/** Another product, scenario or pair of releases for each number up to 102,000; every seventh pair is inverted. */
function castRecord(index: number): CellRecord {
  const pair = Math.floor(index / PRODUCTS / SCENARIOS);
  const [low, high] = pairOf(pair);
  const parts = {
    product: `product-${index % PRODUCTS}`,
    from: `1.${low}.0`,
    to: `1.${high}.0`,
    scenario: `scenario-${Math.floor(index / PRODUCTS) % SCENARIOS}`,
    environment: "docker" as const,
  };
  const id = address(parts);
  const failed = index % BROKEN === 0;
  return {
    ...{
      id,
      ...parts,
      next: `1.${high + 1}.0`,
      kind: "upgrade",
      inverted: pair % 7 === 0,
      summary: "An upgrade in which nothing goes wrong",
      tier: "full",
    },
    ...{ verdict: failed ? "failed" : "passed", outcome: "upgraded", expect: ["upgraded"], fault: null, reason: "", observations: null },
    findings: failed ? [{ check: "layout-after-upgrade", path: `data/${index}`, expected: "nothing", actual: "file, 5 B", step: 7 }] : [],
    ...{ downtimeMs: 300 + (index % 97), durationMs: 2000 + (index % 1013), steps: [], replay: `npm run upmatrix -- replay '${id}'` },
  };
}

/** The pairs of releases in order: 0 → 1, 0 → 2, … */
function pairOf(index: number): [number, number] {
  let rest = index;
  for (let low = 0; low < RELEASES; low++) {
    const higher = RELEASES - 1 - low;
    if (rest < higher) return [low, low + 1 + rest];
    rest -= higher;
  }
  throw new RangeError(`Cannot cast pair ${index}: ${RELEASES} releases have fewer`);
}
