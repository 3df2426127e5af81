// Streams observations out as NDJSON, stamped with the cell's own monotonic clock, and lets the cell listen to them.
import { writeSync } from "node:fs";
import type { Observation } from "../model/index.ts";

type Unstamped<T> = T extends unknown ? Omit<T, "t"> : never;
export type Seen = Unstamped<Observation>;

export class Observer {
  readonly #began = performance.now();
  readonly #listeners = new Set<(seen: Seen) => void>();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void = writeToStandardOutput) {
    this.#write = write;
  }

  /** Milliseconds since the cell began. */
  now(): number {
    return Math.round((performance.now() - this.#began) * 10) / 10;
  }

  see(seen: Seen): void {
    this.#write(`${JSON.stringify({ t: this.now(), ...seen })}\n`);
    for (const listener of this.#listeners) listener(seen);
  }

  /** Calls back on every observation until the returned function is called. */
  listen(listener: (seen: Seen) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Writes at once and whole: an observation must survive whatever happens next. The pipe may be non-blocking, hence EAGAIN. */
function writeToStandardOutput(line: string): void {
  let rest = Buffer.from(line);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error; // node:fs throws only such errors
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
