// What only Docker can get wrong: engines that refuse namespaces, images that cannot be had, a harness that is killed.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { createInterface } from "node:readline";
import Docker from "dockerode";
import { describe, expect, test } from "vitest";
import { type Matrix, matrix as matrixSchema } from "../../model/index.ts";
import { bundleProgram } from "../bundle.ts";
import { cleanRun, openEnvironment, probeEnvironments } from "../index.ts";
import { ensureBase } from "./base.ts";
import { connect, removeContainer, RUN_LABEL } from "./engine.ts";

const MATRIX = matrixSchema.parse({ products: {} });
const CACHE = path.join(import.meta.dirname, "..", "..", "..", ".upmatrix", "cache");
const STANDIN = path.join(import.meta.dirname, "..", "standin.test-program.ts");

const engine = (await probeEnvironments(MATRIX)).find(({ name }) => name === "docker");
const runs = engine?.facts !== undefined || process.env["UPMATRIX_REQUIRE"] === "docker";
if (!runs) console.warn(`Docker tests are skipped: ${engine?.reason}`);

async function open(run: string, docker: NonNullable<Matrix["environments"]["docker"]>) {
  const program = await bundleProgram(STANDIN, CACHE);
  return openEnvironment("docker", { run, matrix: { ...MATRIX, environments: { docker } }, cache: CACHE, log: () => undefined, program });
}

function newRun(): string {
  return `test-${randomBytes(4).toString("hex")}`;
}

/** An image like the base, without the tool that namespaces need; it and all that is made of it is removed again. */
async function withoutUnshare(docker: Docker, name: string): Promise<AsyncDisposable> {
  const base = await ensureBase({ engine: await connect(), run: newRun(), image: undefined, log: () => undefined, signal: undefined });
  const container = await docker.createContainer({ Image: base, Cmd: ["rm", "/usr/bin/unshare"], HostConfig: { NetworkMode: "none" } });
  await container.start();
  await container.wait();
  const [repo = "", tag = ""] = name.split(":");
  await container.commit({ repo, tag });
  await removeContainer(docker, container.id);
  return {
    async [Symbol.asyncDispose]() {
      const { Id } = await docker.getImage(name).inspect();
      await removeWithChildren(docker, Id);
    },
  };
}

async function removeWithChildren(docker: Docker, id: string): Promise<void> {
  for (const { Id, ParentId } of await docker.listImages({ all: true })) if (ParentId === id) await removeWithChildren(docker, Id);
  await docker
    .getImage(id)
    .remove({ force: true })
    .catch(() => undefined);
}

describe.runIf(runs)("docker", { timeout: 300_000 }, () => {
  test("where namespaces are refused, cells run in containers of their own, and the facts say so", async () => {
    const docker = new Docker();
    const name = `upmatrix/test:${newRun()}`;
    await using _image = await withoutUnshare(docker, name);
    await using environment = await open(newRun(), { image: name, isolation: "namespace" });
    expect(environment.facts.description).toMatch(/a container for every cell \(namespaces are refused: .*unshare/);
    expect(environment.facts.capabilities).toContain("own-processes");
  });

  test("an image that cannot be had is an error that says what to do", async () => {
    const opening = open(newRun(), { image: "upmatrix.invalid/none:1", isolation: "namespace" });
    await expect(opening).rejects.toMatchObject({
      what: expect.stringContaining("upmatrix.invalid/none:1"),
      whatToDo: expect.stringContaining("docker load"),
    });
  });

  test("a memory limit that is no size is an error that says what to do", async () => {
    await expect(open(newRun(), { isolation: "namespace", memory: "much" })).rejects.toMatchObject({
      whatToDo: "Write a size such as 512m or 2g",
    });
  });

  test("containers of a harness that was killed remove themselves, and clean finds the rest", async () => {
    const docker = new Docker();
    const run = newRun();
    const script = `import { openEnvironment } from ${JSON.stringify(path.join(import.meta.dirname, "..", "index.ts"))};
      await openEnvironment("docker", ${JSON.stringify({ run, matrix: MATRIX, cache: CACHE, program: await bundleProgram(STANDIN, CACHE) })});
      console.log("open"); setInterval(() => {}, 1000);`;
    const harness = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => createInterface({ input: harness.stdout }).once("line", resolve));
    const filters = { label: [`${RUN_LABEL}=${run}`] };
    const running = await docker.listContainers({ filters });
    const gone = Promise.all(running.map(({ Id }) => docker.getContainer(Id).wait({ condition: "removed" })));
    harness.kill("SIGKILL");
    await gone;
    expect(running.length).toBe(1);
    expect(await cleanRun(run, { force: false })).toEqual({
      removed: [expect.stringMatching(/^container /), expect.stringMatching(/^volume /)], // of the artifacts
      spared: [],
    });
    expect(await docker.listContainers({ all: true, filters })).toEqual([]);
  });
});
