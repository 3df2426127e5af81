// Real builds of a tiny product: what is built, when it is built again, and what failures say.
import { spawn } from "node:child_process";
import { verify } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { type Server, type Socket, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSigner } from "./signing.ts";
import { BuildError, buildArtifacts, pruneCache } from "./index.ts";
import { scanTree } from "./tree.ts";
import { unpack } from "./unpack.ts";
import { buildOne, ref, tinyProduct, tinyRelease, workshop } from "./workshop.ts";

const builds = async (directory: string): Promise<string[]> => (await readFile(join(directory, "builds.log"), "utf8")).trim().split("\n");
const listed = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

async function failureOf(promise: Promise<unknown>): Promise<BuildError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BuildError)) throw new Error(`expected a BuildError, got ${String(error)}`);
  return error;
}

describe("a stored artifact", () => {
  test("is an archive with checksum, signature and manifest", async () => {
    await using shop = await workshop();
    const artifact = await buildOne(shop.context, ref("2.0.0"));
    const archive = await readFile(join(artifact.directory, artifact.archive));
    expect(artifact.files).toEqual([
      "tiny-2.0.0-linux-x64.tar.gz",
      "tiny-2.0.0-linux-x64.tar.gz.sha512",
      "tiny-2.0.0-linux-x64.tar.gz.sig",
      "manifest.json",
    ]);
    expect(await readFile(join(artifact.directory, `${artifact.archive}.sha512`), "utf8")).toBe(
      `${artifact.digest}  ${artifact.archive}\n`,
    );
    expect(artifact.archiveBytes).toBe(archive.length);

    const signature = Buffer.from(await readFile(join(artifact.directory, `${artifact.archive}.sig`), "utf8"), "base64");
    const { publicKey } = await openSigner(shop.cache);
    expect(verify(null, archive, publicKey, signature)).toBe(true);
    archive[100]! ^= 1; // an archive is longer than that
    expect(verify(null, archive, publicKey, signature)).toBe(false);

    const manifest = JSON.parse(await readFile(join(artifact.directory, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({
      product: "tiny",
      version: "2.0.0",
      built: "2026-03-02T09:00:00.000Z",
      platform: "linux-x64",
      archive: artifact.archive,
      bytes: archive.length,
    });
    expect(manifest.files).toContainEqual({
      path: "bin/tool",
      mode: "755",
      size: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("tells the build what it builds, and holds a normalised tree", async () => {
    await using shop = await workshop();
    const artifact = await buildOne(shop.context, ref("2.0.0", { rebuilt: true }));
    const root = join(shop.root, "unpacked");
    await mkdir(root);
    await unpack(join(artifact.directory, artifact.archive), root);
    expect((await scanTree(root)).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      "file about.json",
      "file agent",
      "directory bin",
      "file bin/tool",
      "directory empty",
      `file ${"long-".repeat(30)}`,
      "link tool",
    ]);
    expect((await stat(join(root, "agent"))).mode & 0o777).toBe(0o755);
    expect((await stat(join(root, "about.json"))).mode & 0o777).toBe(0o644);
    expect(JSON.parse(await readFile(join(root, "about.json"), "utf8"))).toEqual({
      UPMATRIX_PRODUCT: "tiny",
      UPMATRIX_VERSION: "2.0.0",
      UPMATRIX_BUILT: "2026-03-02T10:00:00.000Z",
      UPMATRIX_CHANNEL: "stable",
      UPMATRIX_COMMIT: expect.stringMatching(/^[0-9a-f]{40}$/),
      UPMATRIX_TRAITS: "careful,slow",
      UPMATRIX_PLATFORM: "linux-x64",
      UPMATRIX_PUBLIC_KEY: (await openSigner(shop.cache)).publicKey,
    });
  });

  test.each(["linux-x64", "win32-x64"])("has the same bytes when it is built twice (%s)", async (platform) => {
    await using shop = await workshop({}, { platform });
    const first = await buildOne(shop.context);
    expect(await pruneCache(shop.cache, 0)).toEqual([`tiny/1.0.0 (${first.key})`]);
    const second = await buildOne(shop.context);
    expect(second).toEqual({ ...first, cached: false });
    expect(await builds(shop.directory)).toHaveLength(2);
  });
});

describe("the cache", () => {
  test("is used when nothing changed", async () => {
    await using shop = await workshop();
    const first = await buildOne(shop.context);
    expect(await buildOne(shop.context)).toEqual({ ...first, cached: true });
    expect(await builds(shop.directory)).toEqual(["1.0.0"]);
  });

  test("is not used when an input, a trait, the platform or the key pair changed", async () => {
    await using shop = await workshop();
    const keys = new Set<string>();
    const build = async (changes: Parameters<typeof buildOne>[0]): Promise<void> => {
      const artifact = await buildOne(changes);
      expect(artifact.cached).toBe(false);
      keys.add(artifact.key);
    };
    const tiny = shop.context.products.tiny!; // the workshop made it
    await build(shop.context);
    await build({ ...shop.context, platform: "win32-x64" });
    await build({ ...shop.context, products: { tiny: { ...tiny, releases: [tinyRelease("1.0.0", { traits: ["new"] })] } } });
    await writeFile(join(shop.directory, "more.mjs"), "");
    await build(shop.context);
    await writeFile(join(shop.cache, "signing-key.pem"), await anotherKey(shop.root));
    await build(shop.context);
    expect(keys.size).toBe(5);
  });

  test("does not care for files that are no inputs", async () => {
    await using shop = await workshop();
    await buildOne(shop.context);
    await writeFile(join(shop.directory, "README.md"), "");
    expect((await buildOne(shop.context)).cached).toBe(true);
  });

  test.each(["tiny-1.0.0-linux-x64.tar.gz", "manifest.json", ".entry.json"])("builds anew when %s was changed", async (name) => {
    await using shop = await workshop();
    const first = await buildOne(shop.context);
    const file = join(first.directory, name);
    const sound = await readFile(file);
    await writeFile(file, Buffer.from(sound).fill(0, 10, 20));
    expect(await buildOne(shop.context)).toEqual({ ...first, cached: false });
    expect((await buildOne(shop.context)).cached).toBe(true);
  });

  test("accepts files that only moved in time, as a restored cache has them", async () => {
    await using shop = await workshop();
    const { directory, archive } = await buildOne(shop.context);
    await utimes(join(directory, archive), 1, 1);
    expect((await buildOne(shop.context)).cached).toBe(true);
  });

  test("is pruned of what was not used for some days, and of nothing else", async () => {
    await using shop = await workshop();
    const old = await buildOne(shop.context, ref("1.0.0"));
    await buildOne(shop.context, ref("2.0.0"));
    const now = new Date();
    const before = new Date(now.getTime() - 8 * 86_400_000);
    await utimes(join(old.directory, ".entry.json"), before, before);
    expect(await pruneCache(shop.cache, 7, now)).toEqual([`tiny/1.0.0 (${old.key})`]);
    expect((await buildOne(shop.context, ref("2.0.0"))).cached).toBe(true);
    expect(await pruneCache(join(shop.root, "nowhere"), 7)).toEqual([]);
  });

  test("makes its key pair once, readable by its owner only", async () => {
    await using shop = await workshop();
    const signers = await Promise.all(Array.from({ length: 8 }, () => openSigner(shop.cache)));
    expect(new Set(signers.map(({ publicKey }) => publicKey)).size).toBe(1);
    expect(await readdir(shop.cache)).toEqual(["signing-key.pem"]);
    expect((await stat(join(shop.cache, "signing-key.pem"))).mode & 0o777).toBe(0o600);
  });
});

describe("building many", () => {
  test("builds duplicates once, reports progress, and shares the cache between builds that race", async () => {
    await using shop = await workshop();
    const seen: string[] = [];
    const onArtifact = ({ name }: { name: string }, done: number, total: number): number => seen.push(`${name} ${done}/${total}`);
    const artifacts = await buildArtifacts([ref("1.0.0"), ref("1.0.0"), ref("2.0.0")], { ...shop.context, onArtifact });
    expect([...artifacts.keys()].sort()).toEqual(["tiny/1.0.0", "tiny/2.0.0"]);
    expect(seen.map((line) => line.slice(-3))).toEqual(["1/2", "2/2"]);
    expect((await builds(shop.directory)).sort()).toEqual(["1.0.0", "2.0.0"]);

    await pruneCache(shop.cache, 0);
    const raced = await Promise.all([buildOne(shop.context), buildOne(shop.context), buildOne(shop.context)]);
    expect(new Set(raced.map(({ digest }) => digest)).size).toBe(1);
    expect(await listed(join(shop.cache, "artifacts"))).toHaveLength(1);
    expect(await listed(join(shop.cache, "scratch"))).toEqual([]);
  });

  test("builds the release of variants once, also with one place only", async () => {
    const then = { exit: 1 };
    const variants = { one: { wrap: "agent", then }, two: { wrap: "bin/*", then } };
    await using shop = await workshop({ variants }, { parallel: 1 });
    const artifacts = await buildArtifacts([ref("1.0.0", { variant: "one" }), ref("1.0.0", { variant: "two" })], shop.context);
    expect([...artifacts.keys()]).toEqual(["tiny/1.0.0~one", "tiny/1.0.0~two"]);
    expect(new Set([...artifacts.values()].map(({ digest }) => digest)).size).toBe(2);
    expect(await builds(shop.directory)).toEqual(["1.0.0"]);
  });

  test("collects all failures in one error", async () => {
    const variants = { broken: { wrap: "agent", then: "hang" }, lost: { wrap: "bin/agent*", then: "hang" } };
    await using shop = await workshop({ variants });
    const bad = tinyProduct({
      variants,
      artifact: {
        name: "bad.tar.gz",
        build: { command: ["node", "-e", "console.log('half done'); console.error('no disk'); process.exit(7)"], inputs: ["*.mjs"] },
      },
    });
    const products = { ...shop.context.products, bad: { product: bad, directory: shop.directory, releases: [tinyRelease("1.0.0")] } };
    const requests = [
      ref("1.0.0"),
      ref("9.0.0"),
      ref("1.0.0", { variant: "lost" }),
      ref("1.0.0", { variant: "typo" }),
      ref("1.0.0", { product: "bad", variant: "broken" }),
      ref("1.0.0", { product: "none" }),
    ];
    const { failures, message } = await failureOf(buildArtifacts(requests, { ...shop.context, products }));
    expect(failures.map(({ artifact }) => artifact)).toEqual([
      "bad/1.0.0",
      "bad/1.0.0~broken",
      "none/1.0.0",
      "tiny/1.0.0~lost",
      "tiny/1.0.0~typo",
      "tiny/9.0.0",
    ]);
    expect(message).toContain("Cannot build 6 artifacts:");
    expect(failures[0]?.message).toMatch(
      /^Cannot build it: node -e .* ended with exit code 7 \(in .*tiny\)\nIts last lines:\n  half done\n  no disk\nCorrect the build/s,
    );
    expect(failures[1]?.message).toBe("Cannot make this variant: its release bad/1.0.0 cannot be built, see there");
    expect(failures[3]?.message).toMatch(/no file in tiny-1.0.0-linux-x64.tar.gz matches.*\n {2}about.json\n {2}agent\n {2}bin\/tool/s);
    expect(failures[4]?.message).toBe('Cannot find the variant "typo": known are broken, lost');
    expect(failures[5]?.message).toBe('Cannot find the release "9.0.0": known are 1.0.0, 2.0.0');
    expect((await buildOne(shop.context)).cached).toBe(true); // what could be built was kept
  });

  test.each([
    ["a command that is not there", { command: ["no-such-command"], inputs: ["*.mjs"] }, /no-such-command could not be started: .*ENOENT/],
    ["a build that writes nothing", { command: ["node", "-e", "0"], inputs: ["*.mjs"] }, /wrote no file below UPMATRIX_OUT/],
    ["inputs that are not there", { command: ["node", "-e", "0"], inputs: ["*.mjs", "src/**"] }, /no file in .* matches "src\/\*\*"/],
    [
      "an unknown placeholder",
      { command: ["node", "{root}"], inputs: ["*.mjs"] },
      /Cannot fill in \{root\} in "\{root\}": only \{out\}, \{node\}/,
    ],
  ])("explains %s", async (_, build, text) => {
    await using shop = await workshop({ artifact: { name: "tiny.tar.gz", build } });
    expect((await failureOf(buildOne(shop.context))).message).toMatch(text);
  });
});

describe("a build that is ended", () => {
  test("leaves nothing when it is aborted, and ends what it started", async () => {
    await using line = await listen();
    await using shop = await workshop({ artifact: hangingBuild(line.port) });
    const controller = new AbortController();
    const build = buildArtifacts([ref("1.0.0")], { ...shop.context, signal: controller.signal });
    const socket = await line.connection;
    controller.abort(new Error("enough"));
    await expect(build).rejects.toThrow("enough");
    await socket.closed; // the build command is no more
    expect(await listed(join(shop.cache, "artifacts"))).toEqual([]);
    expect(await listed(join(shop.cache, "scratch"))).toEqual([]);
  });

  test("leaves nothing half when it is killed, and the next build clears up", async () => {
    await using line = await listen();
    await using shop = await workshop();
    const hanging = {
      ...shop.context,
      products: { tiny: { ...shop.context.products.tiny, product: tinyProduct({ artifact: hangingBuild(line.port) }) } },
    };
    const program = `import { buildArtifacts } from ${JSON.stringify(new URL("index.ts", import.meta.url))};
      await buildArtifacts([${JSON.stringify(ref("1.0.0"))}], ${JSON.stringify(hanging)});`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" });
    const socket = await line.connection;
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await listed(join(shop.cache, "artifacts"))).toEqual([]);
    expect(await listed(join(shop.cache, "scratch"))).toHaveLength(1);
    socket.end(); // the build command ends with its connection
    await socket.closed;
    expect((await buildOne(shop.context)).cached).toBe(false);
    expect(await listed(join(shop.cache, "scratch"))).toEqual([]);
  });
});

/** Half a release, then a call to the test, then waiting until the connection ends. */
function hangingBuild(port: number): object {
  const script = `require("fs").writeFileSync(process.env.UPMATRIX_OUT + "/half", ""); require("net").connect(${port}, "127.0.0.1").resume().on("close", () => process.exit())`;
  return { name: "tiny-{version}.tar.gz", build: { command: ["node", "-e", script], inputs: ["*.mjs"] } };
}

async function listen(): Promise<AsyncDisposable & { port: number; connection: Promise<{ closed: Promise<unknown>; end(): void }> }> {
  const server: Server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const connection = once(server, "connection").then(([socket]: Socket[]) => {
    if (socket === undefined) throw new Error("no connection");
    socket.resume().on("error", () => {});
    return { closed: once(socket, "close"), end: () => void socket.end() };
  });
  return { port: address.port, connection, [Symbol.asyncDispose]: async () => void server.close() };
}

async function anotherKey(root: string): Promise<Buffer> {
  await openSigner(join(root, "other"));
  return readFile(join(root, "other", "signing-key.pem"));
}
