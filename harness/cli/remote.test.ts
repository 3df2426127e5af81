// An engine far away: it is reached over TCP only, and nothing of this machine can be mounted into its containers.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { CAN_RUN, cellOf, Project } from "./testing.ts";
import { probeEnvironments } from "../environment/index.ts";
import { matrix as matrixSchema } from "../model/index.ts";

const CELL = "tiny/1.0.0..2.0.0/clean-upgrade@docker";
const SOCKET = /^unix:\/\/(.+)$/.exec(process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock")?.[1];
const engine = (await probeEnvironments(matrixSchema.parse({ products: {} }))).find(({ name }) => name === "docker");
const able = CAN_RUN && SOCKET !== undefined && (engine?.facts !== undefined || process.env["UPMATRIX_REQUIRE"] === "docker");
if (!able) console.warn(`Skipped: an engine over TCP: ${engine?.reason ?? "DOCKER_HOST is no socket"}`);

afterEach(() => vi.unstubAllEnvs());

/** The local engine, as if it were another machine's. `seen` counts connections. */
async function overTcp(socket: string): Promise<{ address: string; seen(): number } & AsyncDisposable> {
  const open = new Set<Socket>();
  let seen = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    seen += 1;
    const upstream = connect({ path: socket, allowHalfOpen: true });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The engine listens on no port");
  return {
    address: `tcp://127.0.0.1:${address.port}`,
    seen: () => seen,
    async [Symbol.asyncDispose]() {
      for (const one of open) one.destroy();
      await once(server.close(), "close");
    },
  };
}

test.runIf(able).each(["namespace", "container"])(
  "a cell passes on an engine over TCP (isolation: %s)",
  { timeout: 180_000 },
  async (isolation) => {
    if (SOCKET === undefined) return;
    await using project = await Project.copy();
    await using remote = await overTcp(SOCKET);
    await project.setMatrix((await project.matrix()).replace("  docker: {}", `  docker: { isolation: ${isolation} }`));
    vi.stubEnv("DOCKER_HOST", remote.address);
    const { exitCode, all } = await project.upmatrix("run", CELL);
    expect(exitCode, all).toBe(0);
    const record = await project.record();
    expect(cellOf(record, CELL).verdict).toBe("passed");
    expect(all).toContain(isolation === "container" ? "a container for every cell" : "warm containers");
    expect(remote.seen()).toBeGreaterThan(0);
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:1");
    expect((await project.upmatrix("run", CELL)).exitCode, "another address has no engine").toBe(2);
  },
);
