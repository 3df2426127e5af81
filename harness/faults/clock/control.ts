// The clock file of a cell (clock-file.c reads it): how fast the cell's time goes, and where it stands.
import { closeSync, openSync, writeSync } from "node:fs";

const SEQUENCE_BYTES = 8;
const CLOCK_BYTES = 32;

/** Writes the clock file; processes that map it follow at once. Waits that have begun keep the speed they began with. */
export class ClockFile {
  readonly file: string;
  #sequence = 0n;
  #speed = 1;
  #anchor = process.hrtime.bigint();
  #monotonic = this.#anchor;
  #wall = wallNow();

  constructor(file: string) {
    this.file = file;
    closeSync(openSync(file, "w", 0o644));
    this.#write();
  }

  /** How far the cell's wall clock is from the machine's just now. */
  get aheadMs(): number {
    return Number(this.#at(process.hrtime.bigint(), this.#wall) - wallNow()) / 1e6;
  }

  /** What the cell's monotonic clock shows, in milliseconds. */
  get monotonicMs(): number {
    return Number(this.#at(process.hrtime.bigint(), this.#monotonic)) / 1e6;
  }

  /** From now on time goes so many times as fast. */
  setSpeed(speed: number): void {
    this.#anchorHere();
    this.#speed = speed;
    this.#write();
  }

  /** Sets the wall clock forwards or backwards. What only counts on (timers, monotonic clocks) does not notice, as in real life. */
  jump(ms: number): void {
    this.#anchorHere();
    this.#wall += BigInt(Math.round(ms)) * 1_000_000n;
    this.#write();
  }

  #anchorHere(): void {
    const now = process.hrtime.bigint();
    this.#wall = this.#at(now, this.#wall);
    this.#monotonic = this.#at(now, this.#monotonic);
    this.#anchor = now;
  }

  #at(now: bigint, base: bigint): bigint {
    return base + BigInt(Math.round(Number(now - this.#anchor) * this.#speed));
  }

  /** The sequence number is odd while the rest is being written: readers wait that long. */
  #write(): void {
    const clock = Buffer.alloc(CLOCK_BYTES);
    clock.writeBigInt64LE(this.#anchor, 0);
    clock.writeBigInt64LE(this.#monotonic, 8);
    clock.writeBigInt64LE(this.#wall, 16);
    clock.writeDoubleLE(this.#speed, 24);
    const fd = openSync(this.file, "r+");
    try {
      writeSync(fd, sequence(++this.#sequence), 0, SEQUENCE_BYTES, 0);
      writeSync(fd, clock, 0, CLOCK_BYTES, SEQUENCE_BYTES);
      writeSync(fd, sequence(++this.#sequence), 0, SEQUENCE_BYTES, 0);
    } finally {
      closeSync(fd);
    }
  }
}

function sequence(value: bigint): Buffer {
  const bytes = Buffer.alloc(SEQUENCE_BYTES);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function wallNow(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}
