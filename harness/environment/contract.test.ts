// What every environment promises, checked against each of them: host, warm containers, a container for every cell.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CellEnd, type Fault, matrix as matrixSchema, type Observation } from "../model/index.ts";
import { bundleProgram } from "./bundle.ts";
import { removeContainer, RUN_LABEL } from "./docker/engine.ts";
import { marked } from "./host/marked.ts";
import { cleanRun, type CellRequest, type Environment, openEnvironment, probeEnvironments } from "./index.ts";
import type { Action } from "./standin.test-program.ts";

const MATRIX = matrixSchema.parse({ products: {} });
const CACHE = path.join(import.meta.dirname, "..", "..", ".upmatrix", "cache");
const sh = promisify(execFile);

const KINDS = [
  { kind: "host", name: "host", isolation: "namespace" },
  { kind: "docker/namespace", name: "docker", isolation: "namespace" },
  { kind: "docker/container", name: "docker", isolation: "container" },
] as const;

const probes = await probeEnvironments(MATRIX);
const engine = probes.find(({ name }) => name === "docker");
const hasDocker = engine?.facts !== undefined;
const required = process.env["UPMATRIX_REQUIRE"] === "docker";
if (!hasDocker) console.warn(`Docker tests are ${required ? "required, and fail" : "skipped"}: ${engine?.reason}`);

async function open(kind: (typeof KINDS)[number], run: string): Promise<Environment> {
  const program = await bundleProgram(path.join(import.meta.dirname, "standin.test-program.ts"), CACHE);
  const matrix = { ...MATRIX, environments: { docker: { isolation: kind.isolation }, host: {} } };
  const patience = { slackMs: 200, graceMs: 500, killMs: 15_000 };
  return openEnvironment(kind.name, { run, matrix, slots: 4, cache: CACHE, log: () => undefined, program, patience });
}

function newRun(): string {
  return `test-${randomBytes(4).toString("hex")}`;
}

interface Ran {
  readonly end: CellEnd;
  readonly observations: readonly Observation[];
  readonly messages: readonly string[];
}

async function cell(
  environment: Environment,
  actions: readonly Action[],
  more: Partial<CellRequest> & { cellMs?: number; faults?: readonly Fault[] } = {},
): Promise<Ran> {
  const { cellMs = 20_000, observe, faults = [], ...rest } = more;
  const observations: Observation[] = [];
  const script = {
    scenario: "s",
    summary: JSON.stringify(actions),
    tier: "gate",
    steps: [],
    faults,
    expect: [],
    settled: "strict",
    layout: { present: [], absent: [] },
  } as const;
  const job = {
    id: "a/1..2/s@x",
    product: { companions: [] },
    script,
    versions: { from: "1", to: "2", next: "3" },
    artifacts: {},
    limits: { stepMs: 1000, cellMs },
  };
  const end = await environment.run({
    job: job as unknown as CellRequest["job"], // the stand-in reads nothing of the product
    signal: new AbortController().signal,
    ...rest,
    observe: (observation) => {
      observations.push(observation);
      observe?.(observation);
    },
  });
  return { end, observations, messages: observations.flatMap((one) => (one.kind === "problem" ? [one.message] : [])) };
}

async function leftOf(run: string): Promise<string[]> {
  const folders = (await readdir(await realpath(tmpdir()))).filter((name) => name.includes(run));
  const processes = (await marked((marker) => marker.includes(run))).map(({ command }) => command);
  if (!hasDocker) return [...folders, ...processes];
  const docker = new Docker();
  const filters = { label: [`${RUN_LABEL}=${run}`] };
  const containers = (await docker.listContainers({ all: true, filters })).map(({ Id }) => Id);
  const volumes = ((await docker.listVolumes({ filters })).Volumes ?? []).map(({ Name }) => Name);
  return [...folders, ...processes, ...containers, ...volumes];
}

const possible = KINDS.filter(({ name }) => name === "host" || hasDocker || required);
describe.skipIf(possible.length === KINDS.length)(`docker (no engine answers: ${engine?.reason})`, () => test("skipped", () => undefined));

describe.each(possible)("$kind", { timeout: 120_000 }, (kind) => {
  const docker = kind.name === "docker";
  const posix = process.platform !== "win32";
  const run = newRun();
  let environment: Environment;
  const inside = (capability: string) => environment.facts.capabilities.includes(capability);

  beforeAll(async () => {
    environment = await open(kind, run);
  }, 300_000);
  afterAll(async () => {
    await environment?.[Symbol.asyncDispose]();
    expect(await leftOf(run)).toEqual([]);
  }, 60_000);

  test("observations stream through in order, one end comes last", async () => {
    const said = Array.from({ length: 200 }, (_, index) => `${index} ${"ä".repeat(index)}`);
    const { end, observations, messages } = await cell(
      environment,
      said.map((message) => ({ do: "say", message })),
    );
    expect(end).toEqual({ how: "complete", detail: "", leaks: [] });
    expect(messages).toEqual(said);
    expect(observations.filter((one) => one.kind === "end")).toEqual([observations.at(-1)]);
  });

  test("the deadline ends a cell, a deaf one too", async () => {
    const ends = await Promise.all([
      cell(environment, [{ do: "hang" }], { cellMs: 300 }),
      cell(environment, [{ do: "hang", deaf: true }], { cellMs: 300 }),
    ]);
    expect(ends.map(({ end }) => [end.how, end.leaks])).toEqual([
      ["deadline", []],
      ["deadline", []],
    ]);
  });

  test("an interrupt ends a cell, before it began and while it runs", async () => {
    const abort = new AbortController();
    const observe = (observation: Observation) => observation.kind === "problem" && abort.abort();
    const running = await cell(environment, [{ do: "hang", deaf: true }], { signal: abort.signal, observe });
    const before = await cell(environment, [{ do: "say", message: "never" }], { signal: abort.signal });
    expect([running.end.how, before.end.how, before.messages]).toEqual(["interrupted", "interrupted", []]);
  });

  test("a program that dies is lost with its last words, the next one is well", async () => {
    const { end } = await cell(environment, [{ do: "crash" }]);
    expect(end.how).toBe("lost");
    expect(end.detail).toMatch(/exit code 1[^]*crashed on purpose/);
    expect((await cell(environment, [])).end.how).toBe("complete");
  });

  test("a process left behind is killed and reported", async () => {
    const { end } = await cell(environment, [{ do: "leave" }]);
    expect(end).toEqual({ how: "complete", detail: "", leaks: [expect.stringMatching(/process: \d+ .*12345/)] });
    expect(
      (await cell(environment, [{ do: "run", command: "cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'sleep 1234[5]' || :" }]))
        .messages,
    ).toEqual(["0"]);
  });

  test("the next cell sees nothing of the last", async () => {
    const seen = async (file: string) => {
      await cell(environment, [{ do: "write", path: file }]);
      return (await cell(environment, [{ do: "look", path: file }])).messages;
    };
    expect(await seen("{root}/mine")).toEqual(["not there"]);
    expect(await seen("{work}/mine")).toEqual(["not there"]);
    if (docker) expect(await seen("/etc/mine")).toEqual(["not there"]);
    if (docker) expect(await seen("/dev/shm/mine")).toEqual(["not there"]);
  });

  test("a small disk is really full, and can be made big again", async (context) => {
    if (!inside("small-disk")) context.skip(`${kind.kind} has no small disks here`);
    const { messages } = await cell(environment, [
      { do: "fill", size: "64k", bytes: 200_000 },
      { do: "fill", size: "1m", bytes: 200_000 },
    ]);
    expect(messages).toEqual([expect.stringContaining("ENOSPC"), "fits"]);
  });

  test("a cell that runs out of memory has little of it, and no other cell has", async (context) => {
    if (!inside("small-memory")) context.skip(`${kind.kind} cannot limit a cell's memory`);
    const look = {
      do: "run",
      command: "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || :",
    } as const;
    const room = { do: "run", command: "df -k --output=size {work} | tail -n 1" } as const;
    const faults: Fault[] = [{ when: "start", do: "out-of-memory", undo: "settled" }];
    const [little, much] = [await cell(environment, [look, room], { faults }), await cell(environment, [look])];
    expect(little).toMatchObject({ end: { how: "complete", leaks: [] }, messages: [String(768 * 1024 ** 2), String(768 * 1024)] });
    expect(much.messages).not.toEqual([little.messages[0]]);
  });

  test("artifacts are there, and no cell can change them for the next", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "upmatrix-artifact-"));
    try {
      await writeFile(path.join(directory, "a.txt"), "content");
      await environment.prepare([{ key: "p/1.0.0+rebuilt", directory, files: ["a.txt"] }]);
      await environment.prepare([{ key: "p/1.0.0+rebuilt", directory, files: ["a.txt"] }]);
      const file = path.posix.join(environment.artifactDirectory("p/1.0.0+rebuilt"), "a.txt");
      if (docker) await cell(environment, [{ do: "write", path: file }]);
      expect((await cell(environment, [{ do: "read", path: file }])).messages).toEqual(["content"]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test("cells at once have ports and processes of their own", async (context) => {
    if (!inside("isolated-network")) context.skip(`${kind.kind} shares the network`);
    const both = await Promise.all(Array.from({ length: 4 }, () => cell(environment, [{ do: "listen" }])));
    expect(both.map(({ messages }) => messages)).toEqual([["answered"], ["answered"], ["answered"], ["answered"]]);
  });

  test("a break hands out a shell's arguments and goes on afterwards", async () => {
    const shells: (readonly string[])[] = [];
    const onBreak = async (enter: readonly string[]) => void shells.push(enter);
    const { messages, end } = await cell(
      environment,
      [
        { do: "write", path: "{root}/broken" },
        { do: "say", message: "break: here" },
        { do: "say", message: "on" },
      ],
      { onBreak },
    );
    expect([messages, end.how, shells.length]).toEqual([["break: here", "on"], "complete", 1]);
  });

  test("a shell sees the cell's own trees, also when the cell is over", async (context) => {
    if (!posix) context.skip("needs sh");
    const looks: string[] = [];
    const onBreak = async ([file = "", ...rest]: readonly string[]) => {
      const noTerminal = rest.map((argument) => (argument === "-it" ? "-i" : argument));
      const asked = sh(file, noTerminal);
      asked.child.stdin?.end("ls /cell/root root 2>/dev/null\nexit 0\n");
      looks.push((await asked).stdout);
    };
    await cell(
      environment,
      [
        { do: "write", path: "{root}/broken" },
        { do: "say", message: "break: here" },
      ],
      { onBreak, shell: true },
    );
    expect(looks).toEqual([expect.stringContaining("broken"), expect.stringContaining("broken")]);
  });

  test("disposing in the middle ends the cells and leaves nothing", async () => {
    const another = newRun();
    const short = await open(kind, another);
    const { promise: hanging, resolve } = Promise.withResolvers<void>();
    const running = cell(short, [{ do: "hang", deaf: true }], { observe: () => resolve() });
    await hanging;
    await short[Symbol.asyncDispose]();
    expect((await running).end.how).toBe("lost");
    expect(await leftOf(another)).toEqual([]);
  });

  test("a kept cell stands until the run is cleaned", async () => {
    const another = newRun();
    const keeping = await open(kind, another);
    const { end } = await cell(keeping, [{ do: "write", path: "{root}/kept" }], { keep: true });
    await keeping[Symbol.asyncDispose]();
    expect(end.detail).toMatch(/kept: enter with .+, remove with .+/);
    expect((await leftOf(another)).length).toBeGreaterThan(0);
    expect((await cleanRun(another, { force: true })).removed.length).toBeGreaterThan(0);
    expect(await leftOf(another)).toEqual([]);
  });

  test("a dead container loses its cells with advice, and the next cell gets another", async (context) => {
    if (!docker) context.skip("the host cannot die");
    const engineApi = new Docker();
    const kill = async () => {
      const filters = { label: [`${RUN_LABEL}=${run}`], status: ["running"] };
      for (const { Id } of await engineApi.listContainers({ filters })) await removeContainer(engineApi, Id);
    };
    const { end } = await cell(environment, [{ do: "hang" }], { observe: ({ kind: seen }) => void (seen === "problem" && kill()) });
    expect(end.how).toBe("lost");
    expect(end.detail).toContain("docker info");
    expect((await cell(environment, [])).end.how).toBe("complete");
  });

  test.runIf(kind.kind === "docker/namespace")("what leaks into a warm container is reported, and the container is replaced", async () => {
    const engineApi = new Docker();
    const filters = { label: [`${RUN_LABEL}=${run}`], status: ["running"] };
    const ids = async () => (await engineApi.listContainers({ filters })).map(({ Id }) => Id);
    const leak = async (command: string) => {
      const [id = ""] = await ids();
      const onBreak = async () => void (await sh("docker", ["exec", id, "sh", "-c", command]));
      const { end } = await cell(environment, [{ do: "say", message: "break: leak" }], { onBreak });
      const next = await cell(environment, []);
      return { leaks: end.leaks, next: next.end.leaks, replaced: !(await ids()).includes(id) || (await ids()).length > 1 };
    };
    expect(await leak("sleep 777 > /dev/null 2>&1 &")).toEqual({
      leaks: [expect.stringMatching(/process in the container: \d+ .*sleep 777/)],
      next: [],
      replaced: true,
    });
    expect(await leak("mount -t tmpfs x /mnt")).toEqual({
      leaks: expect.arrayContaining([expect.stringContaining("mount in the container")]),
      next: [],
      replaced: true,
    });
    expect(await leak("echo x > /dev/shm/leak")).toEqual({
      leaks: expect.arrayContaining(["file in the container: /dev/shm/leak"]),
      next: [],
      replaced: true,
    });
  });
});
