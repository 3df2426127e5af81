// Each trigger fires when it should and not before; each action leaves proof. The target is a small world in memory,
// but for processes and files, which the cell program's own tests and the environments' contract cover for real.
import { expect, test } from "vitest";
import { type CompanionStep, fault, type Fault, type NetworkStep, type ProcessEntry } from "../model/index.ts";
import { armFaults, type FaultTarget } from "./index.ts";

class World implements FaultTarget {
  files = new Map<string, string>();
  log = "";
  running: ProcessEntry[] = [];
  remounts: string[] = [];
  remountProblem: string | undefined;
  hits: ((evidence: string) => void)[] = [];
  starts: ((pid: number) => void)[] = [];
  answers: ((version: string) => void)[] = [];
  manager: string[] = [];
  signals: string[] = [];
  tools = new Set(["tar", "ps"]);
  absolute = new Set<string>();
  aheadMs = 0;
  interruptions: ((evidence: string) => void)[] = [];
  #read = new WeakMap<object, number>();

  paths = (glob: string): string[] => [...this.files.keys()].filter((file) => file === glob);
  identity = (file: string): string | undefined => this.files.get(file);
  logged = (key: object): string => {
    const gained = this.log.slice(this.#read.get(key) ?? 0);
    this.#read.set(key, this.log.length);
    return gained;
  };
  processes = (): ProcessEntry[] => this.running;
  aimedAt = (who: "agent" | "updater" | "watcher" | "all", host?: string): ProcessEntry[] =>
    this.running.filter(({ command, on }) => (who === "all" || command.startsWith(who)) && (host === undefined || on === host));
  signal = (pid: number, name: NodeJS.Signals): boolean => {
    const there = this.running.some((entry) => entry.pid === pid);
    if (there) this.signals.push(`${name} ${pid}`);
    if (name === "SIGKILL") this.running = this.running.filter((entry) => entry.pid !== pid);
    return there;
  };
  killAll = async (host?: string): Promise<ProcessEntry[]> => {
    const killed = this.running.filter(({ on }) => host === undefined || on === host);
    this.running = this.running.filter((entry) => !killed.includes(entry));
    return killed;
  };
  onServiceStart = (_service: string, callback: (pid: number) => void): (() => void) => {
    this.starts.push(callback);
    return () => (this.starts = this.starts.filter((one) => one !== callback));
  };
  misbehave = (_glob: string, _how: unknown, hit: (evidence: string) => void): (() => void) => {
    this.hits.push(hit);
    return () => (this.hits = []);
  };
  watchRequests = (_glob: string, bytes: number, reached: (evidence: string) => void): (() => void) => {
    reached(`${bytes} bytes`);
    return () => undefined;
  };
  interrupt = async (_trigger: unknown, _action: unknown, fired: (evidence: string) => void): Promise<() => Promise<void>> => {
    this.interruptions.push(fired);
    return async () => void (this.interruptions = []);
  };
  onAnswer = (_role: "from" | "to" | "next", callback: (version: string) => void): (() => void) => {
    this.answers.push(callback);
    return () => (this.answers = this.answers.filter((one) => one !== callback));
  };
  exhaustMemory: FaultTarget["exhaustMemory"] = async () => {
    const victim = this.running.pop();
    if (victim === undefined) return { problem: "no process of the product was running" };
    return { taken: "60 MiB of 96 MiB", kills: { before: 2, after: 3 }, gone: [victim] };
  };
  disturbManager = (how: string): string => {
    this.manager.push(how);
    return how;
  };
  damage = (glob: string, how: string): string[] => this.paths(glob).map((found) => `${found}: ${how}`);
  hide = (tools: readonly string[]): { taken: string[]; left: string[]; undo(): void } => {
    const taken = tools.filter((name) => this.tools.delete(name));
    return { taken, left: tools.filter((name) => this.absolute.has(name)), undo: () => taken.forEach((name) => this.tools.add(name)) };
  };
  jumpClock = (ms: number): { followers: string[]; deaf: string[] } => {
    this.aheadMs += ms;
    const names = this.running.map(({ command }) => command);
    return { followers: names.filter((name) => !name.startsWith("static")), deaf: names.filter((name) => name.startsWith("static")) };
  };
  reinstall = async (role: string): Promise<string> => `${role} installed`;
  inodes = (): { total: number; used: number } => ({ total: 1000, used: 40 });
  passes = 0;
  letOperationsPass = (): string => {
    this.passes++;
    return "operations succeed again";
  };
  reboot = async (host?: string): Promise<string[]> => (await this.killAll(host)).map(({ command }) => command);
  network: string[] = [];
  changeNetwork = ({ network, between }: NetworkStep): string | undefined => {
    if (!between.includes("store")) return undefined;
    this.network.push(network);
    return `${network} between ${between.join(" and ")}`;
  };
  companions: string[] = [];
  changeCompanion = async ({ companion, do: done }: CompanionStep): Promise<string> => {
    if (companion !== "store") throw new Error(`Cannot ${done} ${companion}: there is none`);
    this.companions.push(done);
    return `${companion}: ${done}`;
  };
  triggerAgain = (): string => "triggered once more";
  remount = (options: string): string | undefined => {
    this.remounts.push(options);
    return this.remountProblem;
  };
  disk = (): { totalBytes: number; usedBytes: number } => ({ totalBytes: 1_000_000, usedBytes: 8192 });
  sizes = (): { archive: number; unpacked: number; installed: number } => ({ archive: 10_000, unpacked: 20_000, installed: 30_000 });
}

const AGENT: ProcessEntry = { pid: 7, parent: 1, command: "agent run" };
const UPDATER: ProcessEntry = { pid: 8, parent: 1, command: "updater" };

function armed(world: World, written: unknown): { events: string[]; fired: Promise<string>; faults: ReturnType<typeof armFaults> } {
  const events: string[] = [];
  const { promise: fired, resolve } = Promise.withResolvers<string>();
  const one: Fault = fault.parse(written);
  const faults = armFaults([one], world, (_fault, event, evidence) => {
    events.push(event);
    if (event === "fired" || event === "impossible") resolve(evidence);
  });
  return { events, fired, faults };
}

test.each([
  ["a file that appears", { file: "marker" }, (world: World) => world.files.set("marker", "1"), /^marker appeared; /],
  ["a file that changes", { file: "current", event: "changes" }, (world: World) => world.files.set("current", "new"), /^current changed; /],
  [
    "a file that disappears",
    { file: "current", event: "disappears" },
    (world: World) => world.files.delete("current"),
    /^current disappeared; /,
  ],
  ["a log line", { log: "restart(ing|ed)" }, (world: World) => (world.log += "now restarting\n"), /^a log says "now restarting"; /],
  ["a process", { process: "^updater" }, (world: World) => world.running.push(UPDATER), /^process 8 started: updater; /],
  [
    "the second start of a service",
    { service: "agent", starts: 2 },
    (world: World) => [1, 2].forEach((pid) => world.starts.forEach((started) => started(pid))),
    /^service agent .* as 2; /,
  ],
  [
    "an answer of the new release",
    { answers: "to" },
    (world: World) => world.answers.forEach((answered) => answered("2.0.0")),
    /^the product answers as 2\.0\.0; /,
  ],
])("fires at %s, and not before", async (_name, when, happen, evidence) => {
  const world = new World();
  world.files.set("current", "old");
  world.log = "old: restarting\n";
  world.running.push(AGENT);
  const { events, fired, faults } = armed(world, { when, do: { kill: "agent" } });
  await faults.ready;
  await new Promise((resolve) => setTimeout(resolve, 10)); // several looks of the trigger, none of which may fire
  expect(events).toEqual(["armed"]);
  happen(world);
  expect(await fired).toMatch(evidence);
  expect(world.running).not.toContain(AGENT);
  await faults.disarm();
});

test("a fault that is disarmed first does not fire", async () => {
  const world = new World();
  const { events, faults } = armed(world, { when: { file: "marker" }, do: { kill: "all" } });
  await faults.disarm();
  world.files.set("marker", "1");
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(events).toEqual(["armed"]);
});

test("killing what does not run proves nothing", async () => {
  const { events, faults } = armed(new World(), { do: { kill: "updater" } });
  await faults.ready;
  expect(events).toEqual(["impossible"]);
});

test("killing names its victims", async () => {
  const world = new World();
  world.running.push(AGENT, UPDATER);
  const { fired } = armed(world, { do: { kill: "all" } });
  expect(await fired).toBe("the upgrade step began; SIGKILL to 7 (agent run), 8 (updater)");
});

test("a server fault has fired when a request was answered badly, not before", async () => {
  const world = new World();
  const { events, fired, faults } = armed(world, { do: { serve: "*", misbehave: { status: 503 } } });
  await faults.ready;
  expect(events).toEqual(["armed"]);
  world.hits.forEach((hit) => hit("request x answered"));
  expect(await fired).toContain("request x answered");
  await faults.undo();
  expect(events).toEqual(["armed", "fired", "undone"]);
  expect(world.hits).toEqual([]);
});

test("the disk is cut to what is used plus what may stay free, and given back", async () => {
  const world = new World();
  const { fired, faults } = armed(world, { do: { limitDisk: { archive: 1, unpacked: 0.5, installed: 0 } } });
  expect(await fired).toContain("cut from 1000000 to 28672 bytes, 20480 free");
  await faults.undo();
  expect(world.remounts).toEqual(["size=28672", "size=1000000"]);
});

test("what cannot be done is told as impossible, with the reason", async () => {
  const world = new World();
  world.remountProblem = "mount point is busy";
  const { events, fired } = armed(world, { do: "read-only" });
  expect(await fired).toContain("mount point is busy");
  expect(events).toEqual(["impossible"]);
});

test("a fault that is never undone stays", async () => {
  const world = new World();
  const { fired, faults } = armed(world, { do: "read-only", undo: "never" });
  await fired;
  await faults.undo();
  expect(world.remounts).toEqual(["ro"]);
});

test("a fault at an operation is armed before the upgrade begins, and fires when the recorder says so", async () => {
  const world = new World();
  const { events, fired, faults } = armed(world, { when: { operation: "rename", path: "current" }, do: { fail: "EIO" } });
  await faults.ready;
  expect(events).toEqual(["armed"]);
  world.interruptions[0]?.("errno at operation 7, rename of current");
  expect(await fired).toBe("errno at operation 7, rename of current");
  await faults.disarm();
  expect(world.interruptions).toEqual([]);
});

test.each([
  [{ when: { operation: "rename", path: "current" }, do: "reboot" }],
  [{ when: { operation: "rename", path: "current" }, do: { kill: "agent" } }],
  [{ when: { operation: "rename", path: "current" }, do: { kill: "all", signal: "SIGTERM" } }],
  [{ when: { file: "current" }, do: { fail: "EIO" } }],
  [{ do: { kill: "caller" } }],
])("%j is no fault: the recorder cannot do that", (written) => {
  expect(fault.safeParse(written).success).toBe(false);
});

test("what is stopped goes on when the fault is taken back; what ended meanwhile does not", async () => {
  const world = new World();
  world.running.push(AGENT, UPDATER);
  const { events, fired, faults } = armed(world, { do: { kill: "all", signal: "SIGSTOP" } });
  expect(await fired).toContain("SIGSTOP to 7 (agent run), 8 (updater)");
  world.running = [AGENT];
  await faults.undo();
  expect(world.signals.slice(2)).toEqual(["SIGCONT 7"]);
  expect(events).toEqual(["fired", "undone"]);
});

test("out of memory tells whom the kernel took, and what it counted", async () => {
  const world = new World();
  world.running.push(AGENT, UPDATER);
  const { fired } = armed(world, { do: "out-of-memory" });
  expect(await fired).toContain("60 MiB of 96 MiB taken, then the kernel killed (oom_kill 2 → 3); gone: 8 (updater)");
  expect(world.running).toEqual([AGENT]);
  expect(await armed(new World(), { do: "out-of-memory" }).fired).toContain("no process of the product was running");
});

test("a frozen service manager is thawed, a crashed one is not", async () => {
  for (const [how, after] of [
    ["freeze", ["freeze", "thaw"]],
    ["crash", ["crash"]],
    ["re-execute", ["re-execute"]],
  ] as const) {
    const world = new World();
    const { fired, faults } = armed(world, { do: { serviceManager: how } });
    await fired;
    await faults.undo();
    expect(world.manager).toEqual(after);
  }
});

test("inodes are cut to what is used plus what may stay free, and given back", async () => {
  const world = new World();
  const { fired, faults } = armed(world, { do: { limitInodes: 3 } });
  expect(await fired).toContain("cut from 1000 to 43 inodes, 3 free");
  await faults.undo();
  expect(world.remounts).toEqual(["nr_inodes=43", "nr_inodes=1000"]);
});

test("a disk can be full at a byte, in whole pages", async () => {
  const world = new World();
  expect(await armed(world, { do: { limitDisk: { bytes: "5000B" } } }).fired).toContain("cut from 1000000 to 16384 bytes");
});

test("damage tells what it did, and is moot where there is nothing to damage", async () => {
  const world = new World();
  world.files.set("state.json", "{}");
  expect(await armed(world, { do: { damage: "state.json", how: "empty" } }).fired).toContain("state.json: empty");
  const { events, faults } = armed(world, { do: { damage: "other.json", how: "empty" } });
  await faults.ready;
  expect(events).toEqual(["moot"]);
});

test("tools are hidden and come back; one that is found all the same, or was never there, proves nothing", async () => {
  const world = new World();
  const { fired, faults } = armed(world, { do: { hide: ["tar", "ping"] } });
  expect(await fired).toContain("no longer on the search path: tar");
  expect([...world.tools]).toEqual(["ps"]);
  await faults.undo();
  expect(world.tools.has("tar")).toBe(true);
  expect(await armed(world, { do: { hide: ["ping"] } }).fired).toContain("none of ping was on the search path");
  world.absolute.add("tar");
  const second = armed(world, { do: { hide: ["tar"] } });
  expect(await second.fired).toContain("still found: tar");
  expect(second.events).toEqual(["impossible"]);
  expect(world.tools.has("tar")).toBe(true);
});

test("the clock jumps for those who follow it, and back; without any it proves nothing", async () => {
  const world = new World();
  world.running.push(AGENT, { pid: 9, parent: 1, command: "static thing" });
  const { fired, faults } = armed(world, { do: { clock: "+43d" } });
  expect(await fired).toContain("set by +43d, followed by agent run; not followed by static thing");
  expect(world.aheadMs).toBe(43 * 86_400_000);
  await faults.undo();
  expect(world.aheadMs).toBe(0);
  world.running = [];
  const alone = armed(world, { do: { clock: "-2h" } });
  expect(await alone.fired).toContain("none runs");
  expect(alone.events).toEqual(["impossible"]);
});

test("a reinstallation tells what was installed", async () => {
  expect(await armed(new World(), { do: { reinstall: "to" } }).fired).toContain("to installed");
});

test.each([
  [{ fail: "ENOSPC", sticky: true }, ["armed", "fired", "undone"], 1],
  [{ fail: "ENOSPC" }, ["armed", "fired"], 0],
])("%j at an operation is taken back where it lasts", async (action, expected, passes) => {
  const world = new World();
  const { events, faults } = armed(world, { when: { operation: "write", path: "a" }, do: action });
  await faults.ready;
  world.interruptions[0]?.("errno at operation 7");
  await faults.undo();
  expect(events).toEqual(expected);
  expect(world.passes).toBe(passes);
});

const ON_HOSTS: readonly ProcessEntry[] = [
  { pid: 11, parent: 1, command: "agent run", on: "host-1" },
  { pid: 12, parent: 1, command: "agent run", on: "host-2" },
];

test.each([
  [{ kill: "agent", on: "host-2" }, "SIGKILL to 12 (agent run)", [11]],
  [{ kill: "all", on: "host-1" }, "SIGKILL to 11 (agent run)", [12]],
  [{ kill: "agent" }, "SIGKILL to 11 (agent run), 12 (agent run)", []],
  [{ reboot: "host-1" }, "host-1 rebooted; killed agent run", [12]],
])("%j strikes there and nowhere else", async (action, evidence, left) => {
  const world = new World();
  world.running.push(...ON_HOSTS);
  const { fired, events } = armed(world, { do: action });
  expect(await fired).toContain(evidence);
  expect(events).toEqual(["fired"]);
  expect(world.running.map(({ pid }) => pid)).toEqual(left);
});

test("who is on no such host is not struck, and that proves nothing", async () => {
  const world = new World();
  world.running.push(...ON_HOSTS);
  const { fired, events } = armed(world, { do: { kill: "agent", on: "host-3" } });
  expect(await fired).toContain("no such process was running");
  expect(events).toEqual(["impossible"]);
});

test.each([
  [{ network: "cut", between: ["host-1", "store"] }, ["cut", "heal"], ["fired", "undone"]],
  [{ network: "slow", between: ["host-1", "store"], by: "1s" }, ["slow", "heal"], ["fired", "undone"]],
  [{ network: "heal", between: ["host-1", "store"] }, ["heal"], ["fired"]],
  [{ network: "cut", between: ["host-1", "host-2"] }, [], ["impossible"]],
])("%j is taken back where it lasts", async (action, done, expected) => {
  const world = new World();
  const { fired, faults, events } = armed(world, { do: action });
  await fired;
  await faults.undo();
  expect(world.network).toEqual(done);
  expect(events).toEqual(expected);
});

test("what cannot be taken back is told as that", async () => {
  const world = new World();
  const { fired, faults, events } = armed(world, { do: { companion: "store", do: "kill" } });
  await fired;
  world.changeCompanion = () => Promise.reject(new Error("store ended before it answered"));
  expect(await faults.undo()).toBe(1);
  expect(events).toEqual(["fired", "not-undone"]);
});

test("a disk that cannot be made writable again is told as that", async () => {
  const world = new World();
  const { fired, faults, events } = armed(world, { do: "read-only" });
  await fired;
  world.remountProblem = "mount: busy";
  await faults.undo();
  expect(events).toEqual(["fired", "not-undone"]);
});

test.each([
  [{ companion: "store", do: "kill" }, ["kill", "start"], ["fired", "undone"]],
  [{ companion: "store", do: "stop" }, ["stop", "start"], ["fired", "undone"]],
  [{ companion: "store", do: "restart" }, ["restart"], ["fired"]],
  [{ companion: "shop", do: "kill" }, [], ["impossible"]],
])("%j: nobody but us starts it again", async (action, done, expected) => {
  const world = new World();
  const { fired, faults, events } = armed(world, { do: action });
  await fired;
  await faults.undo();
  expect(world.companions).toEqual(done);
  expect(events).toEqual(expected);
});
