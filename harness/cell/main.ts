// The cell program: reads the cell as JSON from standard input, runs it here, and streams observations to standard
// output as NDJSON. Bundled into one file that needs nothing but Node. Further input lines: `continue`, `stop`.
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { CellEnd, CellJob, Step } from "../model/index.ts";
import { Cell } from "./cell.ts";
import { matchingPaths } from "./glob.ts";
import { Observer } from "./observer.ts";
import { Points } from "./points.ts";
import { StepFailed } from "./step-failed.ts";
import { Steps } from "./steps.ts";

const LOG_BYTES = 6000;
const BASELINE: readonly Step["kind"][] = ["install", "start", "edit"];

/** What the outside asks for, by lines on standard input; the end of input means stop. */
class Control {
  readonly stopped: Promise<"stop">;
  #continue: (() => void) | undefined;
  readonly job: Promise<CellJob>;

  constructor() {
    const lines = createInterface({ input: process.stdin });
    const { promise: stopped, resolve: stop } = Promise.withResolvers<"stop">();
    const { promise: job, resolve: begin, reject } = Promise.withResolvers<CellJob>();
    let first = true;
    lines.on("line", (line) => {
      if (first) {
        first = false;
        try {
          begin(JSON.parse(line) as CellJob); // written by the environment, from the same type
        } catch (error) {
          reject(error);
        }
      } else if (line === "continue") this.#continue?.();
      else if (line === "stop") stop("stop");
    });
    lines.on("close", () => {
      stop("stop");
      if (first) reject(new Error("Cannot begin: standard input ended before a job came"));
    });
    this.stopped = stopped;
    this.job = job;
  }

  continued(): Promise<void> {
    return new Promise((resolve) => (this.#continue = resolve));
  }
}

async function main(): Promise<void> {
  const control = new Control();
  const job = await control.job;
  const observer = new Observer();
  const deadline = Promise.withResolvers<"deadline">();
  const timer = setTimeout(() => deadline.resolve("deadline"), job.limits.cellMs);
  let cell: Cell | undefined;
  let end: CellEnd;
  try {
    cell = await Cell.open(job, observer);
    const work = job.points === undefined ? takeSteps(job, cell, control) : takePoints(job, cell, control);
    const ended = await Promise.race([work, control.stopped, deadline.promise]);
    end = ENDS[ended];
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    end = { how: "lost", detail: `The cell program failed: ${message}`, leaks: [] };
  }
  clearTimeout(timer);
  if (cell !== undefined) {
    tellLogs(cell);
    await cell[Symbol.asyncDispose]();
  }
  observer.see({ kind: "end", end });
  process.exit(0);
}

const ENDS: Record<"done" | "stop" | "deadline", CellEnd> = {
  done: { how: "complete", detail: "", leaks: [] },
  stop: { how: "interrupted", detail: "It was told to stop", leaks: [] },
  deadline: { how: "deadline", detail: "The cell's time was up", leaks: [] },
};

/** The points of a sweep, one after another in the same cell; see points.ts for what they share. */
async function takePoints(job: CellJob, cell: Cell, control: Control): Promise<"done"> {
  const points = new Points(cell);
  for (const cut of job.points?.cuts ?? []) {
    const begin = await points.begin(cut);
    if (begin !== undefined) {
      await takeSteps(job, cell, control, begin, (step) => points.isKnown(step));
      tellLogs(cell);
    }
    points.end();
    await takeControls(job, cell, control, points);
  }
  for (const cut of points.witnesses()) {
    await takeSteps(job, cell, control, await points.beginWitness(cut), (step) => points.isRefuted(step));
    await takeControls(job, cell, control, points);
  }
  return "done";
}

async function takeControls(job: CellJob, cell: Cell, control: Control, points: Points): Promise<void> {
  for (let boot = points.nextControl(); boot !== undefined; boot = points.nextControl()) {
    const repeated = boot;
    await takeSteps(job, cell, control, await points.beginControl(repeated), (step) => points.isControlled(repeated, step));
  }
}

/**
 * Takes the steps in order. A failed baseline ends the cell: there is nothing to test. Other failures are observed, and it goes on.
 * @param begin index of the first step to take
 * @param enough asked after each step whether the rest need not be taken
 */
async function takeSteps(
  job: CellJob,
  cell: Cell,
  control: Control,
  begin = 0,
  enough: (step: Step) => boolean | Promise<boolean> = () => false,
): Promise<"done"> {
  const steps = new Steps(cell);
  const { observer, monitor } = cell;
  let changed = begin > 0;
  for (const [index, step] of job.script.steps.entries()) {
    if (index < begin) continue;
    const number = index + 1;
    if (job.breakAt === number) {
      observer.see({ kind: "problem", message: `break: before step ${number}` });
      await control.continued();
    }
    observer.see({ kind: "step", step: number, event: "started" });
    const without = step.kind === "upgrade" && step.role === "again" && !monitor.latest.healthy;
    const { ok, message } = without ? { ok: false, message: "No healthy agent is left to upgrade" } : await taken(steps, step);
    observer.see({ kind: "step", step: number, event: "ended", ok, message });
    if (!ok && !changed && BASELINE.includes(step.kind)) break;
    if (await enough(step)) break;
    if (step.kind === "upgrade") changed = true;
  }
  return "done";
}

async function taken(steps: Steps, step: Step): Promise<{ ok: boolean; message: string }> {
  try {
    return { ok: true, message: await steps.take(step) };
  } catch (error) {
    if (error instanceof StepFailed) return { ok: false, message: error.message };
    throw error;
  }
}

/** The last lines of every log, agent's, updater's and services': what a person reads first when a cell failed. */
function tellLogs(cell: Cell): void {
  const { place, observer, fleet } = cell;
  const { logs } = place.job.product;
  const told = new Set<string>();
  for (const source of ["updater", "agent"] as const) {
    for (const relative of logs[source].flatMap((glob) => matchingPaths(place.root, glob))) {
      if (told.has(relative)) continue;
      told.add(relative);
      const tail = tailOf(path.join(place.root, relative));
      if (tail !== "") observer.see({ kind: "log", source, path: relative, tail });
    }
  }
  for (const { name, file } of fleet.printed()) {
    const tail = tailOf(file);
    if (tail !== "") observer.see({ kind: "log", source: "service", path: name, tail });
  }
}

function tailOf(file: string): string {
  try {
    return readFileSync(file).subarray(-LOG_BYTES).toString("utf8");
  } catch {
    return ""; // never written, or removed
  }
}

void main();
