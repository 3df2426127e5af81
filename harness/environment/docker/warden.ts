// The warden: the one program of ours that stays in a warm container. Starts each cell in namespaces of its own, relays its
// lines, and proves afterwards that the container is as it was. Keeps one cell started ahead, so that none waits for Node.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fingerprint, leaksSince } from "./fingerprint.ts";
import {
  type Aftermath,
  decode,
  encode,
  NODE,
  PROGRAM,
  type Report,
  ROOT,
  SCRIPT,
  type StartOrder,
  type Trial,
  TREE_SIZE,
  WAIT_SIGN,
  WORK,
} from "./protocol.ts";

const UNSHARE = ["-m", "-p", "-i", "-u", "-n", "-f", "--mount-proc", "--kill-child", "sh", SCRIPT, "namespace"];
// What a cell must be able to do to its install tree, done to one: make it small, fill it, make it read-only.
const TRIAL = `mount -o remount,size=64k ${ROOT} && ! head -c 200000 /dev/zero > ${ROOT}/full 2> /dev/null && mount -o remount,ro ${ROOT} && echo able`;

/** A cell whose namespaces and program are there, perhaps before anybody asked for it. */
interface Started {
  readonly child: ChildProcess;
  readonly order: StartOrder;
  readonly left: string[];
  /** Its lines until somebody listens. */
  relay: ((verb: Report, rest: string) => void) | undefined;
  backlog: [Report, string][];
}

const cells = new Map<number, Started>();
let spare: Started | undefined;
let counter = 0;

refuseElsewhere();
const tried = trial();
const before = fingerprint();

/** All of this is only right in a container of ours: it looks at every process and, at the end, signals the first one. */
function refuseElsewhere(): void {
  if (readFileSync("/proc/1/cmdline", "utf8").includes(WAIT_SIGN)) return;
  console.error("Cannot start the warden here: it runs only in a container that upmatrix started");
  process.exit(2);
}

function tell(verb: Report, cell: number, rest: string): void {
  process.stdout.write(encode(verb, cell, rest));
}

function environment(order: StartOrder): NodeJS.ProcessEnv {
  counter += 1;
  return {
    ...process.env,
    ROOT: order.root,
    WORK,
    SIZE: TREE_SIZE,
    HOLD: order.hold ? "1" : "",
    UPMATRIX_CELL: `${process.pid}.${counter}`,
  };
}

function start(order: StartOrder): Started {
  const child = spawn("unshare", [...UNSHARE, NODE, PROGRAM], { env: environment(order), cwd: "/", stdio: "pipe" });
  const started: Started = { child, order, left: [], relay: undefined, backlog: [] };
  const emit = (verb: Report, rest: string) =>
    started.relay === undefined ? void started.backlog.push([verb, rest]) : started.relay(verb, rest);
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("#exit ")) emit("exit", line.slice(6));
    else if (line.startsWith("#left ")) started.left.push(line.slice(6).trim());
    else if (line !== "") emit("out", line);
  });
  createInterface({ input: child.stderr }).on("line", (line) => emit("error", JSON.stringify(line)));
  child.stdin.on("error", () => undefined); // the program ended before it read everything: its exit tells
  child.on("error", (error) => emit("error", JSON.stringify(error.message)));
  child.on("close", () => void emit("end", ""));
  return started;
}

/** Binds a started cell to its number and says everything it said already. */
function adopt(cell: number, started: Started): void {
  cells.set(cell, started);
  started.relay = (verb, rest) => (verb === "end" ? ended(cell, started) : tell(verb, cell, rest));
  for (const [verb, rest] of started.backlog.splice(0)) started.relay(verb, rest);
}

function ended(cell: number, started: Started): void {
  cells.delete(cell);
  const aftermath: Aftermath = { left: started.left, leaks: leaksSince(before, ourProcesses()) };
  tell("end", cell, JSON.stringify(aftermath));
}

function ourProcesses(): ReadonlySet<number> {
  const all = [...cells.values(), ...(spare === undefined ? [] : [spare])];
  return new Set([1, process.pid, ...all.map(({ child }) => child.pid ?? 0)]);
}

function take(order: StartOrder): Started {
  const fits = spare !== undefined && spare.order.root === order.root && !order.hold && spare.child.exitCode === null;
  const taken = fits && spare !== undefined ? spare : start(order);
  if (fits) spare = undefined;
  return taken;
}

/** The next cell is prepared while this one runs. Most cells of a run have the same root. */
function prepareNext(order: StartOrder): void {
  if (spare !== undefined && spare.order.root === order.root && spare.child.exitCode === null) return;
  spare?.child.kill("SIGKILL");
  spare = start({ root: order.root, hold: false });
}

function obey(line: string): void {
  const { verb, cell, rest } = decode(line);
  if (verb === "start") {
    const order = JSON.parse(rest) as StartOrder; // written by the harness, from the same type
    adopt(cell, take(order));
    tell("pid", cell, String(cells.get(cell)?.child.pid ?? 0));
    prepareNext(order);
  } else if (verb === "in") cells.get(cell)?.child.stdin?.write(`${rest}\n`);
  else if (verb === "kill") cells.get(cell)?.child.kill("SIGKILL");
}

/** One cell for trial, before anybody relies on it. */
function trial(): Trial {
  const order: StartOrder = { root: ROOT, hold: false };
  const { error, stdout, stderr } = spawnSync("unshare", [...UNSHARE, "sh", "-c", TRIAL], {
    env: environment(order),
    encoding: "utf8",
    timeout: 20_000,
  });
  if (error !== undefined) return { refused: error.message, capabilities: [] };
  if (!stdout.includes("#exit ")) return { refused: stderr.trim() || "no answer", capabilities: [] };
  return { refused: null, capabilities: stdout.includes("able") ? ["small-disk", "read-only-mount"] : [] };
}

tell("ready", 0, JSON.stringify(tried));
createInterface({ input: process.stdin })
  .on("line", obey)
  .on("close", () => {
    // The harness is gone. Kept cells stay; without any the container ends, and Docker removes it.
    const held = [...cells.values()].filter(({ order }) => order.hold);
    for (const { child, order } of [...cells.values(), ...(spare === undefined ? [] : [spare])]) if (!order.hold) child.kill("SIGKILL");
    if (held.length === 0) process.kill(1, "SIGTERM");
    process.exit(0);
  });
