// Serving: whoever joins is traced and stays the child of who started it; commands hold, mark, stop and kill.
import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { brief, Ground, processesWith, QUIET, recorder, isRoot } from "./testing/recorded.ts";
import { Served } from "./testing/served.ts";

const made = await recorder();
const file = "file" in made ? made.file : "";

describe.skipIf("unavailable" in made)("serve and join", () => {
  const ground = new Ground(file);
  afterAll(() => ground[Symbol.dispose]());
  beforeEach(() => ground.fresh());

  async function serve(...inject: string[]): Promise<Served> {
    const served = new Served(file, ground, { inject });
    await served.heard("ready");
    return served;
  }
  const at = (name: string): string => path.join(ground.root, name);

  test("who joins is traced, is still our child, and ends as it ends", async () => {
    await using served = await serve();
    const first = served.join(["sh", "-c", "echo $$ $PPID; cat > got; exit 7"]);
    first.stdin?.end("input");
    expect(await textOf(first)).toBe(`${first.pid} ${process.pid}\n`);
    expect(await endOf(first)).toEqual([7, null]);
    const second = served.join(["sh", "-c", "kill -TERM $$"]);
    expect(await endOf(second)).toEqual([null, "SIGTERM"]);
    expect(await served.end()).toBe(0);
    const { operations, notes } = ground.read();
    expect(served.events).toMatchObject([
      { event: "ready" },
      { event: "joined", pid: first.pid },
      { event: "joined", pid: second.pid },
      { event: "stopped", k: 2 },
    ]);
    expect(brief(operations, ground.root)).toEqual(["create got 644", "write got @0+5"]);
    expect(notes.filter(({ note }) => note === "exec")).toContainEqual({
      note: "exec",
      pid: second.pid,
      parent: process.pid,
      argv: ["sh", "-c", "kill -TERM $$"],
      after: 2,
    });
  });

  test.skipIf(!isRoot)("who joins shares one processor with the recorder", async () => {
    await using served = new Served(file, ground, { under: ground.withLoad(QUIET) });
    await served.heard("ready");
    const programs = [1, 2, 3].map(() => served.join(["grep", "^Cpus_allowed_list:", "/proc/self/status", `/proc/${served.pid}/status`]));
    const seen = (await Promise.all(programs.map(textOf))).join("").match(/\d[\d,-]*$/gm) ?? [];
    expect(seen).toHaveLength(6);
    expect(seen.every((list) => list === seen[0] && /^\d+$/.test(list))).toBe(true);
    await served.end();
  });

  test("programs that joined apart have one order", async () => {
    await using served = await serve();
    const programs = [1, 2, 3].map((i) => served.join(["sh", "-c", `for n in 1 2 3 4 5; do echo $n > ${i}-$n; done`]));
    await Promise.all(programs.map(endOf));
    await served.end();
    const { operations } = ground.read();
    expect(operations.map(({ k }) => k)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  });

  test("while it is paused nothing changes, but what is not watched goes on", async () => {
    await using served = await serve();
    served.command("pause");
    expect(await served.heard("paused")).toMatchObject({ k: 0 });
    const child = served.join(["sh", "-c", "echo before; mkdir made; echo after"]);
    expect(await firstLine(child)).toBe("before");
    served.command("mark here");
    expect(await served.heard("marked")).toMatchObject({ k: 0 });
    expect(existsSync(at("made"))).toBe(false);
    served.command("resume");
    await served.heard("resumed");
    expect(await endOf(child)).toEqual([0, null]);
    expect(existsSync(at("made"))).toBe(true);
    await served.end();
    expect(ground.read().notes).toContainEqual({ note: "mark", name: "here", after: 0 });
  });

  test("the log of a pause is on disk", async () => {
    await using served = await serve();
    await endOf(served.join(["mkdir", "a"]));
    served.command("pause");
    expect(await served.heard("paused")).toMatchObject({ k: 1 });
    expect(brief(ground.read().operations, ground.root)).toEqual(["mkdir a 755"]);
  });

  test("after a stop everybody goes on, unrecorded and as fast as they like", async () => {
    await using served = await serve("do=kill-after,k=3");
    const child = served.join(["sh", "-c", "mkdir a; read line; mkdir b; mkdir c; (mkdir d); exit 4"]);
    await appearance(served, 1);
    served.command("stop");
    expect(await served.heard("stopped")).toMatchObject({ k: 1 });
    child.stdin?.end("\n");
    expect(await endOf(child)).toEqual([4, null]);
    expect(await endOf(served.join(["mkdir", "untraced"]))).toEqual([0, null]);
    expect(readdirSync(ground.root).sort()).toEqual(["a", "b", "c", "d", "untraced"]);
    expect(await served.end()).toBe(0);
    expect(brief(ground.read().operations, ground.root)).toEqual(["mkdir a 755"]);
    expect(served.events.filter(({ event }) => event === "joined")).toHaveLength(1);
  });

  test("it stays while somebody is traced: without it they could not go on", async () => {
    await using served = await serve();
    const child = served.join(["sh", "-c", "mkdir a; read line; mkdir b"]);
    await appearance(served, 1);
    const ended = served.end();
    await served.heard("stopped");
    child.stdin?.end("\n");
    expect(await endOf(child)).toEqual([0, null]);
    expect(await ended).toBe(0);
    expect(existsSync(at("b"))).toBe(true);
  });

  test("a kill by command leaves nobody, and later joins run untraced", async () => {
    await using served = await serve();
    const spinning = `while :; do echo x >> busy; done # ${ground.root}`;
    const children = [served.join(["sh", "-c", spinning]), served.join(["setsid", "sh", "-c", `(${spinning}\n) & ${spinning}`])];
    await appearance(served, 100);
    served.command("kill");
    const { pids = [] } = await served.heard("killed");
    expect(pids).toEqual(expect.arrayContaining(children.map(({ pid }) => pid)));
    expect(await Promise.all(children.map(endOf))).toEqual([
      [null, "SIGKILL"],
      [null, "SIGKILL"],
    ]);
    expect(processesWith(ground.root).filter((pid) => !readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("serve"))).toEqual([]);
    const { operations, data } = ground.read();
    const written = operations.flatMap((one) =>
      one.op === "write" && one.data ? [data.subarray(one.data[0], one.data[0] + one.data[1]).toString()] : [],
    );
    expect(written.join("")).toBe(readFileSync(at("busy"), "utf8"));
    expect(await endOf(served.join(["mkdir", "afterwards"]))).toEqual([0, null]);
    expect(existsSync(at("afterwards"))).toBe(true);
  });

  test("after an injected kill nobody who joins goes on before that is allowed", async () => {
    await using served = await serve("do=kill-before,op=mkdir,path=/**/b");
    expect(await endOf(served.join(["sh", "-c", "mkdir a; mkdir b"]))).toEqual([null, "SIGKILL"]);
    const late = served.join(["mkdir", "late"]);
    await waitsForAnswer(late);
    expect(readdirSync(ground.root)).toEqual(["a"]);
    served.command("admit");
    await served.heard("admitted");
    expect(await endOf(late)).toEqual([0, null]);
    expect(readdirSync(ground.root)).toEqual(["a", "late"]);
  });

  test("who is killed while it is held leaves its place to the next", async () => {
    await using served = await serve("do=kill-before,op=mkdir,path=/**/c");
    served.command("pause");
    await served.heard("paused");
    const [first, second, third] = ["a", "b", "c"].map((name) => served.join(["sh", "-c", `echo here; exec mkdir ${name}`]));
    for (const child of [first, second, third]) expect(child && (await firstLine(child))).toBe("here");
    if (first) await heldAt(first, "mkdir");
    first?.kill("SIGKILL");
    expect(first && (await endOf(first))).toEqual([null, "SIGKILL"]);
    served.command("resume");
    expect(await served.heard("fired")).toMatchObject({ killed: expect.arrayContaining([third?.pid]) });
    expect(third && (await endOf(third))).toEqual([null, "SIGKILL"]);
    expect(existsSync(at("a"))).toBe(false);
    if (second) await endOf(second);
  });

  test("an injection comes by command, counts from there, and kills who joined", async () => {
    await using served = await serve();
    await endOf(served.join(["mkdir", "a"]));
    served.command(`inject do=kill-before,op=mkdir,nth=2,path=${ground.root}/*`);
    await served.heard("armed");
    const child = served.join(["sh", "-c", "mkdir b; mkdir c; mkdir d"]);
    expect(await served.heard("fired")).toMatchObject({
      do: "kill-before",
      k: 3,
      path: at("c"),
      killed: expect.arrayContaining([child.pid]),
    });
    expect(await endOf(child)).toEqual([null, "SIGKILL"]);
    expect(readdirSync(ground.root).sort()).toEqual(["a", "b"]);
  });

  test.each([
    ["inject do=kill-after,k=x", "k is wrong"],
    ["inject do=errno,errno=ENOWAY,k=1", "errno is wrong"],
    ["nonsense", "Cannot understand the command nonsense"],
  ])("%s is a problem that is told", async (line, message) => {
    await using served = await serve();
    served.command(line);
    expect((await served.heard("problem")).message).toContain(message);
  });

  test("an operation that is over cannot be injected at", async () => {
    await using served = await serve();
    await endOf(served.join(["mkdir", "a"]));
    served.command("inject do=kill-after,k=1");
    expect((await served.heard("problem")).message).toContain("that operation is over");
  });

  test("a traced program may join once more", async () => {
    await using served = await serve();
    const socket = path.join(ground.path, "socket");
    expect(await endOf(served.join([file, "join", "--socket", socket, "--", "mkdir", "a"]))).toEqual([0, null]);
    await served.end();
    expect(brief(ground.read().operations, ground.root)).toEqual(["mkdir a 755"]);
  });

  test("when the recorder dies nobody goes on unseen", async () => {
    const served = await serve();
    const child = served.join(["sh", "-c", "mkdir a; read line; mkdir b"]);
    await appearance(served, 1);
    await served[Symbol.asyncDispose]();
    expect(await endOf(child)).toEqual([null, "SIGKILL"]);
    expect(spawnSync(file, ["join", "--socket", path.join(ground.path, "socket"), "--", "true"], { encoding: "utf8" })).toMatchObject({
      status: 127,
      stderr: expect.stringContaining("Connection refused"),
    });
  });
});

/** Until so many operations were carried out: a pause tells how many, so it is asked again and again. */
async function appearance(served: Served, operations: number): Promise<void> {
  for (;;) {
    served.command("pause");
    const { k = 0 } = await served.heard("paused");
    served.command("resume");
    await served.heard("resumed");
    served.forget(["paused", "resumed"]);
    if (k >= operations) return;
  }
}

/** Until the process has become `program` and is stopped before a call of its. */
async function heldAt(child: ChildProcess, program: string): Promise<void> {
  for (;;) {
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    if (new RegExp(`^Name:\\s+${program}$[^]*^State:\\s+t `, "m").test(status)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves when it is in read(2): number 0 on x86-64, 63 on arm64. */
async function waitsForAnswer(child: ChildProcess): Promise<void> {
  while (!/^(?:0|63) 0x/.test(readFileSync(`/proc/${child.pid}/syscall`, "utf8"))) await new Promise((resolve) => setImmediate(resolve));
}

async function endOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return [child.exitCode, child.signalCode];
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout ?? []) text += String(chunk);
  return text;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) return "";
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return chunk.toString().trim();
}
