// Time flies while a real process of the cell only waits, and goes as ever while one works; so for the server and its services.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ClockFile } from "../faults/index.ts";
import { IDLE_SPEED, IdleTime, type Workers } from "./idle-time.ts";
import { type ScratchCell, scratchCell } from "./testing/scratch-cell.ts";

/** A clock file that remembers at which speeds it was set. */
class Watched extends ClockFile {
  readonly speeds: number[] = [];
  #waiting: { readonly speed: number; readonly done: () => void } | undefined;

  override setSpeed(speed: number): void {
    super.setSpeed(speed);
    this.speeds.push(speed);
    if (this.#waiting?.speed === speed) this.#waiting.done();
  }

  /** Resolves when the time is set to go so fast the next time. */
  next(speed: number): Promise<void> {
    return new Promise((done) => (this.#waiting = { speed, done }));
  }

  /** Resolves when the time goes so fast. */
  until(speed: number): Promise<void> {
    return this.speeds.at(-1) === speed ? Promise.resolve() : this.next(speed);
  }
}

describe.skipIf(process.platform !== "linux")("idle time", () => {
  let cell: ScratchCell;
  let clock: Watched;
  const server = { busy: false };
  const manager = { stopping: () => false };
  const workers = (): Workers => ({ processes: cell.processes, server, fleet: { hosts: [{ manager }] } }) as unknown as Workers; // all it looks at
  beforeEach(() => {
    cell = scratchCell();
    clock = new Watched(path.join(cell.folder, "time"));
    server.busy = false;
    manager.stopping = () => false;
  });
  afterEach(() => cell[Symbol.asyncDispose]());

  /** Works at one line of input, rests at the next; says so each time, and once when it is loaded. */
  const started = () => {
    const program = `
      let working = false;
      const work = () => { if (working) { for (const end = Date.now() + 5; Date.now() < end;); setImmediate(work); } };
      process.stdin.on("data", () => { working = !working; console.log(working); work(); });
      console.log("loaded");`;
    const env = { ...process.env, UPMATRIX_CELL: cell.place.job.work };
    return spawn(process.execPath, ["-e", program], { env, stdio: ["pipe", "pipe", "inherit"] });
  };

  test("flies while a process waits, and goes as ever while it works", async () => {
    const child = started();
    await once(child.stdout, "data");
    using idle = new IdleTime(clock, workers());
    expect(idle).toBeDefined();
    expect(clock.speeds).toEqual([1]);
    await clock.until(IDLE_SPEED);
    child.stdin.write("work\n");
    await once(child.stdout, "data");
    await clock.until(1);
    child.stdin.write("rest\n");
    await clock.until(IDLE_SPEED);
  });

  test.each([
    ["the server is asked for something", () => void (server.busy = true), () => void (server.busy = false)],
    ["a service is being stopped", () => void (manager.stopping = () => true), () => void (manager.stopping = () => false)],
  ])("goes as ever while %s", async (_, begin, end) => {
    const rests = clock.next(IDLE_SPEED);
    using idle = new IdleTime(clock, workers());
    expect(idle).toBeDefined();
    await rests;
    const works = clock.next(1);
    begin();
    await works;
    const again = clock.next(IDLE_SPEED);
    end();
    await again;
    expect(clock.speeds).toEqual([1, IDLE_SPEED, 1, IDLE_SPEED]);
  });

  test("one that has ended changes nothing any more", async () => {
    const rests = clock.next(IDLE_SPEED);
    const idle = new IdleTime(clock, workers());
    await rests;
    idle[Symbol.dispose]();
    server.busy = true;
    const witness = new Watched(path.join(cell.folder, "witness"));
    const looked = witness.next(IDLE_SPEED);
    using other = new IdleTime(witness, { ...workers(), server: { busy: false } as Workers["server"] }); // all it looks at
    expect(other).toBeDefined();
    await looked; // so often has another one looked meanwhile
    expect(clock.speeds).toEqual([1, IDLE_SPEED]);
  });
});
