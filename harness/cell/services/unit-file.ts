// Reads a unit file in systemd's syntax: sections, continued lines, comments, quoted arguments, time spans.
import { readFileSync } from "node:fs";

export type Restart = "no" | "on-success" | "on-failure" | "on-abnormal" | "on-abort" | "always";
export type KillMode = "control-group" | "mixed" | "process" | "none";

export interface Unit {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string | undefined;
  readonly restart: Restart;
  readonly restartMs: number;
  readonly startLimitBurst: number;
  readonly startLimitMs: number;
  readonly killMode: KillMode;
  readonly killSignal: NodeJS.Signals;
  readonly stopMs: number;
  readonly wantedBy: readonly string[];
  /** ConditionPathExists=, each `!`-negated or not: all must hold, or a start does nothing and is no failure. */
  readonly conditions: readonly string[];
}

const RESTARTS: readonly Restart[] = ["no", "on-success", "on-failure", "on-abnormal", "on-abort", "always"];
const KILL_MODES: readonly KillMode[] = ["control-group", "mixed", "process", "none"];

/** Reads and checks the unit file. Defaults are systemd's own. Throws an error that names file and key. */
export function readUnit(file: string, name: string): Unit {
  const keys = parse(readFileSync(file, "utf8"));
  const last = (key: string): string | undefined => keys.get(key)?.at(-1);
  const command = splitWords((last("Service.ExecStart") ?? "").replace(/^[-@:+!]+/, ""));
  if (command.length === 0) throw new Error(`Cannot use the unit ${name}: ${file} has no ExecStart= in [Service]`);
  return {
    name,
    command,
    environment: Object.fromEntries((keys.get("Service.Environment") ?? []).flatMap((value) => splitWords(value)).map(assignment)),
    directory: last("Service.WorkingDirectory"),
    restart: oneOf(last("Service.Restart") ?? "no", RESTARTS, `${name}: Restart=`),
    restartMs: timeSpan(last("Service.RestartSec") ?? "100ms"),
    startLimitBurst: Number(last("Unit.StartLimitBurst") ?? last("Service.StartLimitBurst") ?? 5),
    startLimitMs: timeSpan(last("Unit.StartLimitIntervalSec") ?? last("Service.StartLimitInterval") ?? "10s"),
    killMode: oneOf(last("Service.KillMode") ?? "control-group", KILL_MODES, `${name}: KillMode=`),
    killSignal: (last("Service.KillSignal") ?? "SIGTERM") as NodeJS.Signals, // an unknown name fails when it is sent, with its name
    stopMs: timeSpan(last("Service.TimeoutStopSec") ?? last("Service.TimeoutSec") ?? "90s"),
    wantedBy: (keys.get("Install.WantedBy") ?? []).flatMap((value) => value.split(/\s+/)).filter(Boolean),
    conditions: keys.get("Unit.ConditionPathExists") ?? [],
  };
}

/** `5`, `500ms`, `1min 30s`, `infinity`: milliseconds. A bare number is seconds. */
export function timeSpan(text: string): number {
  if (text.trim() === "infinity") return Infinity;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/g)) {
    const factor = { "": 1000, s: 1000, sec: 1000, ms: 1, msec: 1, m: 60_000, min: 60_000, h: 3_600_000 }[unit ?? ""];
    if (factor === undefined) throw new Error(`Cannot read the time span: ${JSON.stringify(text)}`);
    total += Number(amount) * factor;
  }
  return total;
}

function parse(text: string): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  let section = "";
  for (const line of text.replace(/\\\r?\n/g, " ").split(/\r?\n/)) {
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    const [, heading] = /^\s*\[(.+)\]\s*$/.exec(line) ?? [];
    if (heading !== undefined) {
      section = heading;
      continue;
    }
    const at = line.indexOf("=");
    if (at < 0) throw new Error(`Cannot read the unit file line: ${JSON.stringify(line)}`);
    const key = `${section}.${line.slice(0, at).trim()}`;
    const value = line.slice(at + 1).trim();
    // an empty assignment resets the list, as in systemd
    keys.set(key, value === "" ? [] : [...(keys.get(key) ?? []), value]);
  }
  return keys;
}

/** Words as systemd splits them. On Windows a backslash is what it is in paths there, and escapes nothing. */
export function splitWords(text: string, windows = process.platform === "win32"): string[] {
  if (windows) return [...text.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)].map(([whole, double, single]) => double ?? single ?? whole);
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(?:[^\s"'\\]|\\.)+/g)].map(([whole, double, single]) =>
    (double ?? single ?? whole).replace(/\\(.)/g, "$1"),
  );
}

function assignment(word: string): [string, string] {
  const at = word.indexOf("=");
  return at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
}

function oneOf<T extends string>(value: string, allowed: readonly T[], what: string): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`Cannot use ${what}${value}: it must be one of ${allowed.join(", ")}`);
  return found;
}
