// The clock of a cell for real: programs that are linked dynamically follow it, without it everything is as it was.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildClock } from "../../build/index.ts";
import { ClockFile } from "./control.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "upmatrix-clock-"));
const library = await buildClock(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const MINUTE = 60_000;

/** What a program prints, and how long it really took. */
function timed(argv: readonly string[], clock: ClockFile | undefined): { readonly said: string; readonly tookMs: number } {
  if ("unavailable" in library) throw new Error(library.unavailable);
  const [file = "", ...rest] = argv;
  const preloaded = { ...process.env, LD_PRELOAD: library.file, UPMATRIX_CLOCK: clock?.file ?? "" };
  const began = performance.now();
  const said = execFileSync(file, rest, { env: preloaded, encoding: "utf8", timeout: MINUTE }).trim();
  return { said, tookMs: performance.now() - began };
}

/** Waits a minute in Node and prints how long that was by the wall clock and by the counting one. */
const NODE = [
  process.execPath,
  "-e",
  "const a=Date.now(),b=performance.now();setTimeout(()=>console.log(Math.round((Date.now()-a)/1000),Math.round((performance.now()-b)/1000)),60000)",
];

test.skipIf("unavailable" in library).each([
  ["Node's timers", NODE, "60 60"],
  ["a shell's sleep", ["sh", "-c", "a=$(date +%s); sleep 60; echo $(($(date +%s) - a >= 60))"], "1"],
  ["perl's select", ["perl", "-e", "$a = time; select(undef, undef, undef, 60); print time - $a >= 59 ? 1 : 0"], "1"],
])("%s pass a minute in a second at sixty times the speed", (_name, argv, expected) => {
  const clock = new ClockFile(path.join(folder, "fast"));
  clock.setSpeed(60);
  const { said, tookMs } = timed(argv, clock);
  expect(said).toBe(expected);
  expect(tookMs).toBeGreaterThan(900);
  expect(tookMs).toBeLessThan(10_000);
});

test.skipIf("unavailable" in library)("the wall clock jumps forwards and back, the counting one does not", () => {
  const clock = new ClockFile(path.join(folder, "jumps"));
  const ask = (): number => Number(timed(["date", "+%s"], clock).said) - Date.now() / 1000;
  const counted = clock.monotonicMs;
  clock.jump(43 * 86_400_000);
  expect(ask() / 86_400).toBeCloseTo(43, 3);
  clock.jump(-43 * 86_400_000 - 7_200_000);
  expect(ask() / 3600).toBeCloseTo(-2, 2);
  expect(clock.monotonicMs - counted).toBeLessThan(MINUTE);
});

test.skipIf("unavailable" in library)("a wait follows the speed that changes while it lasts", () => {
  const clock = new ClockFile(path.join(folder, "changes"));
  const faster = `
    const { ClockFile } = await import(${JSON.stringify(path.join(import.meta.dirname, "control.ts"))});
    setTimeout(() => new ClockFile(process.argv[1]).setSpeed(600), 300);`;
  const script = `"$0" --input-type=module -e "$1" "$2" & exec env LD_PRELOAD="$3" UPMATRIX_CLOCK="$2" sleep 120`;
  if ("unavailable" in library) return;
  const began = performance.now();
  execFileSync("sh", ["-c", script, process.execPath, faster, clock.file, library.file], { timeout: MINUTE });
  expect(performance.now() - began).toBeLessThan(20_000);
});

test.skipIf("unavailable" in library)("without a clock file nothing changes", () => {
  const { said, tookMs } = timed(["sh", "-c", "sleep 0.2; date +%s"], undefined);
  expect(tookMs).toBeGreaterThan(190);
  expect(Math.abs(Number(said) - Date.now() / 1000)).toBeLessThan(5);
});
