// Ctrl-C and worse: an interrupted run ends with a whole record and leaves nothing, on this machine as in Docker.
import { readFile, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import path from "node:path";
import Docker from "dockerode";
import { describe, expect, test, vi } from "vitest";
import { probeEnvironments } from "../environment/index.ts";
import { matrix as matrixSchema } from "../model/index.ts";
import { CAN_RUN, cellOf, leftOf, Project } from "./testing.ts";

const engine = (await probeEnvironments(matrixSchema.parse({ products: {} }))).find(({ name }) => name === "docker");
const withDocker = engine?.facts !== undefined || process.env["UPMATRIX_REQUIRE"] === "docker";
if (!withDocker) console.warn(`Skipped: interrupting a run in Docker: ${engine?.reason}`);

/** The engine looks for a registry on its own machine, which must be this one. */
const isLocal = (process.env["DOCKER_HOST"] ?? "unix://").startsWith("unix://");

/** A cell that is long at work, and one that waits for its turn meanwhile. */
const BUSY = "tiny/1.0.0-never-ends..2.0.0/clean-upgrade";
const WAITING = "tiny/1.0.0..2.0.0/clean-upgrade";

/** Starts a run and waits until a process of the product was seen in a cell of it. */
async function started(project: Project, environment: "docker" | "host") {
  const cells = [BUSY, WAITING].map((cell) => `${cell}@${environment}`);
  const running = project.upmatrix("run", "--environment", environment, "--parallel", "1", ...cells);
  let ended = false;
  void running.finally(() => (ended = true));
  const run = await vi.waitFor(
    async () => {
      const seen = await project.observed().catch((error: unknown) => {
        if (ended) return { run: "", text: "" };
        throw error;
      });
      if (!ended && !seen.text.includes('"kind":"service"')) throw new Error("No cell has started its services");
      return seen.run;
    },
    { timeout: 240_000, interval: 20 },
  );
  if (ended) throw new Error(`The run ended before a cell was under way:\n${(await running).all}`);
  return { running, run };
}

async function expectInterrupted(project: Project, run: string, environment: "docker" | "host"): Promise<void> {
  const record = await project.record();
  expect(record).toMatchObject({ run, gate: "closed", exitCode: 3, interrupted: true });
  expect(record.cells).toHaveLength(2);
  for (const cell of [BUSY, WAITING]) {
    expect(cellOf(record, `${cell}@${environment}`)).toMatchObject({
      verdict: "errored",
      reason: expect.stringMatching(/^interrupted/),
      findings: [],
    });
  }
  expect(cellOf(record, `${BUSY}@${environment}`).steps[0]).toMatchObject({ status: "done" });
}

/** Takes connections and never says a word. */
async function silentRegistry(): Promise<{ port: number; asked: Promise<unknown> } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on("error", () => undefined))); // cut off by whoever asked
  const asked = once(server, "connection");
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The registry listens on no port");
  return {
    port: address.port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), "close");
    },
  };
}

async function containersOf(run: string): Promise<string[]> {
  const containers = await new Docker().listContainers({ all: true, filters: { label: [`upmatrix.run=${run}`] } });
  return containers.map(({ Names, Status }) => `${Names.join()} ${Status}`);
}

describe.runIf(CAN_RUN)("an interrupted run on this machine", () => {
  test.each([
    ["once", 1],
    ["twice", 2],
  ])("ends with a whole record and leaves nothing (Ctrl-C %s)", async (_, times) => {
    await using project = await Project.copy();
    const { running, run } = await started(project, "host");
    expect(leftOf(run)).not.toEqual([]);
    running.kill("SIGINT");
    if (times > 1) {
      running.all.on("data", (text) => {
        if (String(text).includes("Interrupted: ending")) running.kill("SIGINT");
      });
    }
    const { exitCode, all } = await running;
    expect(exitCode).toBe(3);
    expect(all.includes("Still ending what was started")).toBe(times > 1);
    await expectInterrupted(project, run, "host");
    expect(leftOf(run)).toEqual([]);
  });

  test("ends with a whole record also while artifacts are built", async () => {
    await using project = await Project.copy();
    const sign = path.join(project.directory, "building");
    const build = `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(sign)}, String(process.pid)); setInterval(() => {}, 1000);`;
    await writeFile(path.join(project.directory, "fixtures/tiny/build.mjs"), build);
    const running = project.upmatrix("run", "--environment", "host", "--parallel", "1", `${BUSY}@host`, `${WAITING}@host`);
    const builder = await vi.waitFor(async () => Number(await readFile(sign, "utf8")) || Promise.reject(new Error("No build has begun")), {
      timeout: 60_000,
      interval: 20,
    });
    running.kill("SIGINT");
    expect((await running).exitCode).toBe(3);
    const { gate, interrupted, cells } = await project.record();
    expect({ gate, interrupted, verdicts: cells.map(({ verdict }) => verdict) }).toEqual({
      gate: "closed",
      interrupted: true,
      verdicts: ["errored", "errored"],
    });
    expect(() => process.kill(builder, 0)).toThrow(/ESRCH/);
  });

  test("that is killed leaves what `clean` removes", async () => {
    await using project = await Project.copy();
    const { running, run } = await started(project, "host");
    const refused = await project.upmatrix("clean", run);
    expect({ code: refused.exitCode, said: refused.all }).toEqual({
      code: 2,
      said: expect.stringMatching(/^Cannot clean the run .* is still at work on it\. .*--force/),
    });
    expect(leftOf(run)).not.toEqual([]);
    running.kill("SIGKILL");
    await running;
    const cleaned = await project.upmatrix("clean", run);
    expect(cleaned.exitCode).toBe(0);
    expect(cleaned.all).toContain(`Removed folder`);
    expect(leftOf(run)).toEqual([]);
  });
});

describe.runIf(withDocker && CAN_RUN)("an interrupted run in Docker", { timeout: 300_000 }, () => {
  test("ends with a whole record and leaves no container", async () => {
    await using project = await Project.copy();
    const { running, run } = await started(project, "docker");
    expect(await containersOf(run)).not.toEqual([]);
    running.kill("SIGINT");
    expect((await running).exitCode).toBe(3);
    await expectInterrupted(project, run, "docker");
    expect(await containersOf(run)).toEqual([]);
  });

  test.runIf(isLocal)("ends with a reason while an image is pulled", async () => {
    await using project = await Project.copy();
    await using registry = await silentRegistry();
    const matrix = await project.matrix();
    await project.setMatrix(matrix.replace("  docker: {}", `  docker: { image: "127.0.0.1:${registry.port}/none:1" }`));
    const running = project.upmatrix("run", `${WAITING}@docker`);
    await registry.asked;
    running.kill("SIGINT");
    const { exitCode, all } = await running;
    expect(exitCode).toBe(3);
    expect(all).toMatch(
      /Cannot open the environment docker: interrupted while 127\.0\.0\.1:\d+\/none:1 was pulled\. Nothing is left of it/,
    );
    const [, run = ""] = /run (\S+) /.exec(all) ?? [];
    expect(run).not.toBe("");
    expect(leftOf(run)).toEqual([]);
    expect(await containersOf(run)).toEqual([]);
  });

  test("that is killed leaves no container that `clean` does not remove", async () => {
    await using project = await Project.copy();
    const { running, run } = await started(project, "docker");
    expect((await project.upmatrix("clean", run)).exitCode).toBe(2);
    expect(await containersOf(run)).not.toEqual([]);
    running.kill("SIGKILL");
    await running;
    const cleaned = await project.upmatrix("clean", run);
    expect(cleaned.exitCode, cleaned.all).toBe(0);
    expect(await containersOf(run)).toEqual([]);
  });
});
