// Shows how a run goes: one line that is written over on a terminal, plain lines elsewhere. Failures are told as they come.
import type { CellRecord, Verdict } from "../model/index.ts";
import { cellLine, formatDuration, formatProgress, formatProgressPlain, type Progress } from "../report/index.ts";
import type { RunEvent } from "../run/index.ts";

const REDRAW_MS = 100;
/** Without a terminal: a line at most so often. */
const LINE_EVERY_MS = 15_000;
const TOLD_AT_ONCE: readonly Verdict[] = ["failed", "errored", "fixed"];

export class ProgressDisplay implements Disposable {
  readonly #stream: NodeJS.WriteStream;
  readonly #live: boolean;
  readonly #toldAtOnce: readonly Verdict[];
  readonly #counts: Record<Verdict, number> = { passed: 0, failed: 0, known: 0, fixed: 0, errored: 0, skipped: 0 };
  readonly #running = new Set<string>();
  #total = 0;
  #began = performance.now();
  #drawn = 0;
  #shown = false;

  constructor(stream: NodeJS.WriteStream, skipped: number, toldAtOnce: readonly Verdict[] = TOLD_AT_ONCE) {
    this.#toldAtOnce = toldAtOnce;
    this.#stream = stream;
    this.#live = stream.isTTY && process.env["CI"] === undefined;
    this.#counts.skipped = skipped;
    this.#drawn = performance.now();
  }

  on(event: RunEvent): void {
    switch (event.kind) {
      case "artifact":
        return this.#artifact(event);
      case "cells":
        this.#total = event.total;
        this.#began = performance.now();
        return this.say(`Running ${event.total} cells`);
      case "expanded":
        this.#total = event.total;
        return this.say(`${event.cell.id} has ${event.points} points`);
      case "started":
        this.#running.add(event.cell.id);
        return this.#draw();
      case "ended":
        return this.#ended(event.cell);
      case "note":
        return this.say(event.text);
      case "observation":
        return;
      default:
        return event satisfies never;
    }
  }

  /** Writes a line of its own above the progress line. */
  say(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  [Symbol.dispose](): void {
    this.#clear();
  }

  #artifact(event: Extract<RunEvent, { kind: "artifact" }>): void {
    if (event.done === event.total) return this.say(`${event.total} artifacts are ready`);
    if (!this.#live) return;
    this.#over(`Building artifacts ${event.done}/${event.total} ${event.name}`);
  }

  #ended(cell: CellRecord): void {
    this.#running.delete(cell.id);
    this.#counts[cell.verdict]++;
    if (this.#toldAtOnce.includes(cell.verdict))
      this.say(`${cell.verdict} ${cell.id} (${formatDuration(cell.durationMs)}): ${cellLine(cell)}`);
    this.#draw();
  }

  #draw(): void {
    const now = performance.now();
    if (now - this.#drawn < (this.#live ? REDRAW_MS : LINE_EVERY_MS)) return;
    this.#drawn = now;
    const progress = this.#progress(now);
    if (this.#live) this.#over(formatProgress(progress, { color: true, width: this.#stream.columns }));
    else this.#stream.write(`${formatProgressPlain(progress)}\n`);
  }

  #progress(now: number): Progress {
    const { passed, failed, known, fixed, errored, skipped } = this.#counts;
    const done = passed + failed + known + fixed + errored;
    const seconds = (now - this.#began) / 1000;
    const rate = done === 0 ? null : done / seconds;
    const secondsLeft = rate === null ? null : (this.#total - done) / rate;
    return {
      done,
      total: this.#total,
      passed,
      failed: failed + fixed,
      known,
      errored,
      skipped,
      rate,
      secondsLeft,
      running: [...this.#running],
    };
  }

  #over(text: string): void {
    this.#stream.write(`\r\u001b[2K${text}`);
    this.#shown = true;
  }

  #clear(): void {
    if (this.#shown) this.#stream.write("\r\u001b[2K");
    this.#shown = false;
  }
}
