// Every misbehaviour of both kinds of wrapper, seen from outside: the wrapped programs are really run.
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Variant, variant } from "../model/index.ts";
import { scanTree } from "./tree.ts";
import { unpack } from "./unpack.ts";
import { applyVariant } from "./variant.ts";
import { NODE_AGENT, SHELL_AGENT, type Workshop, buildOne, ref, workshop } from "./workshop.ts";

const PLACE = { archive: "x.tar.gz", platform: "linux-x64" };
const FLAVOURS = [
  { flavour: "node", file: "agent", source: NODE_AGENT },
  { flavour: "shell", file: "tool", source: SHELL_AGENT },
];

let shop: Workshop;
let trees = 0;
beforeAll(async () => void (shop = await workshop()));
afterAll(() => shop[Symbol.asyncDispose]());

/** A folder with one wrapped program; returns the program's path. */
async function wrapped(source: string, file: string, definition: object): Promise<string> {
  const tree = join(shop.root, `tree-${trees++}`);
  await mkdir(tree);
  await writeFile(join(tree, file), source, { mode: 0o755 });
  await applyVariant(tree, variant.parse({ wrap: file, ...definition }), PLACE);
  return join(tree, file);
}

interface Running extends AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: readonly string[];
  /** Resolves with the next line. */
  next(): Promise<string>;
  /** Sends a line and waits for the answer. */
  ping(): Promise<string>;
}

function start(program: string, ...args: string[]): Running {
  // A group of its own, so that whatever a wrapper starts ends with the test.
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], detached: true });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  child.stdin.on("error", () => {});
  const next = async (): Promise<string> =>
    String(await Promise.race([once(reader, "line"), once(reader, "close").then(() => "(closed)")]));
  const ping = (): Promise<string> => (child.stdin.write("ping\n"), next());
  const end = async (): Promise<void> => {
    const exit = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
    if (!groupIsGone(child)) process.kill(-child.pid!, "SIGKILL"); // it was started: it has a pid
    await exit;
  };
  return { child, lines, next, ping, [Symbol.asyncDispose]: end };
}

const run = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: "utf8" });

describe.each(FLAVOURS)("a $flavour wrapper", ({ flavour, file, source }) => {
  test("is transparent when the arguments do not match", async () => {
    const program = await wrapped(source, file, { arguments: "^run( |$)", then: { exit: 9 } });
    const { stdout, status } = run(program, "about", "two words", "run");
    expect(status).toBe(0);
    if (flavour === "shell") expect(stdout).toBe("about about two words run\n");
    else
      expect(JSON.parse(stdout)).toEqual({
        file: program,
        folder: join(program, ".."),
        main: true,
        argv: [program, "about", "two words", "run"],
      });
    expect(run(program, "fail").status).toBe(3);
    expect(run(program, "run", "now").status).toBe(9);
    expect((await stat(program)).mode & 0o777).toBe(0o755);
    expect(await readFile(`${program}.real`, "utf8")).toBe(source);
  });

  test("works through a link to it", async () => {
    const program = await wrapped(source, file, { arguments: "^run", then: { exit: 9 } });
    await symlink(`../${program.split("/").slice(-2).join("/")}`, join(program, "../linked"));
    expect(run(join(program, "../linked"), "about").stdout).toContain("about");
    expect(run(join(program, "../linked"), "run").status).toBe(9);
  });

  test("matches arguments with quotes and other special characters", async () => {
    const program = await wrapped(source, file, { arguments: "it's \\$\\d+ [`\"$&]$", then: { exit: 9 } });
    expect(run(program, "it's", "$12", "$").status).toBe(9);
    expect(run(program, "about", "it's", "$x", "$").status).toBe(0);
  });

  test("exits at once", async () => {
    const program = await wrapped(source, file, { then: { exit: 42 } });
    expect(run(program, "run")).toMatchObject({ status: 42, stdout: "" });
  });

  test("exits after a while, in which the program works", async () => {
    const program = await wrapped(source, file, { arguments: "^run", then: { exit: 42, after: "1s" } });
    const started = performance.now();
    await using running = start(program, "run");
    const exit = once(running.child, "exit");
    expect(await running.next()).toBe("ready");
    expect(await running.ping()).toBe("pong");
    expect(await exit).toEqual([42, null]);
    expect(performance.now() - started).toBeGreaterThan(950); // process start is counted by the wrapper, so a little less is right
    expect(groupIsGone(running.child)).toBe(true);
  });

  test("does not wait for that while when the program ends earlier", async () => {
    const program = await wrapped(source, file, { then: { exit: 42, after: "1h" } });
    await using running = start(program, "fail");
    expect(await once(running.child, "exit")).toEqual([3, null]);
    expect(groupIsGone(running.child)).toBe(true);
  });

  test("passes on a stop request meanwhile", async () => {
    const program = await wrapped(source, file, { then: { exit: 42, after: "1h" } });
    await using running = start(program, "run");
    await running.next();
    const exit = once(running.child, "exit");
    running.child.kill("SIGTERM");
    expect(await exit).toEqual(flavour === "node" ? [0, null] : [143, null]);
  });

  test("hangs and does nothing until it is stopped", async () => {
    const program = await wrapped(source, file, { arguments: "^run", then: "hang" });
    await using hanging = start(program, "run");
    await using working = start(join(program, `../${file}.real`), "run");
    await working.next(); // started later, and ready before the hanging one said anything
    expect(hanging.lines).toEqual([]);
    expect(hanging.child.exitCode).toBe(null);
    const exit = once(hanging.child, "exit");
    hanging.child.kill("SIGTERM");
    expect(await exit).toEqual([null, "SIGTERM"]);
    expect(hanging.lines).toEqual([]);
  });

  test("starts late and then works well", async () => {
    const program = await wrapped(source, file, { arguments: "^run", then: { delay: "400ms" } });
    const started = performance.now();
    await using running = start(program, "run");
    expect(await running.next()).toBe("ready");
    expect(performance.now() - started).toBeGreaterThanOrEqual(400);
    expect(await running.ping()).toBe("pong");
  });

  test.each(["SIGTERM", "SIGINT"] as const)("works well and ignores %s", async (signal) => {
    const program = await wrapped(source, file, { arguments: "^run", then: "ignore-stop" });
    await using running = start(program, "run");
    expect(await running.next()).toBe("ready");
    running.child.kill(signal);
    expect(await running.ping()).toBe("pong");
    expect(await running.ping()).toBe("pong");
    const exit = once(running.child, "exit");
    running.child.kill("SIGKILL");
    expect(await exit).toEqual([null, "SIGKILL"]);
    expect(running.lines).toEqual(["ready", "pong", "pong"]);

    await using sound = start(join(program, `../${file}.real`), "run");
    await sound.next();
    const stopped = once(sound.child, "exit");
    sound.child.kill(signal);
    expect(await stopped).toEqual(flavour === "node" ? [0, null] : [null, signal]); // the program itself does stop
  });
});

test("a Node program that removes its handlers still ignores stops", async () => {
  const source = `#!/usr/bin/env node
    process.removeAllListeners("SIGTERM"); process.removeAllListeners(); process.on("SIGTERM", () => process.exit(1));
    process.on("exit", () => console.log("exit")); process.stdin.on("data", () => console.log("pong")); console.log("ready");`;
  await using running = start(await wrapped(source, "agent", { then: "ignore-stop" }), "run");
  await running.next();
  running.child.kill("SIGTERM");
  expect([await running.ping(), await running.ping()]).toEqual(["pong", "pong"]);
});

describe("a variant", () => {
  const definition: Variant = { wrap: "{agent,bin/*}", then: { exit: 5 } };

  test("is the release but for its wrappers, signed and listed anew", async () => {
    await using other = await workshop({ variants: { broken: definition } });
    const artifact = await buildOne(other.context, ref("1.0.0", { variant: "broken" }));
    const base = await buildOne(other.context, ref("1.0.0"));
    expect([artifact.name, artifact.archive]).toEqual(["tiny/1.0.0~broken", base.archive]);
    expect(base.cached).toBe(true);
    const root = join(other.root, "unpacked");
    await mkdir(root);
    await unpack(join(artifact.directory, artifact.archive), root);
    const added = ["agent.real", "bin/tool.real"];
    const manifest = JSON.parse(await readFile(join(artifact.directory, "manifest.json"), "utf8"));
    const listed: string[] = manifest.files.map(({ path }: { path: string }) => path);
    expect((await scanTree(root)).filter(({ kind }) => kind === "file").map(({ path }) => path)).toEqual(listed);
    expect(listed.filter((path) => path.endsWith(".real"))).toEqual(added);
    expect(run(join(root, "agent"), "about").status).toBe(5);
    expect(run(join(root, "tool"), "about").status).toBe(5);
  });

  test("on Windows is a zip, and its wrappers are for Node only", async () => {
    const variants = { broken: { wrap: "agent", then: "hang" }, shell: { wrap: "bin/tool", then: "hang" } };
    await using other = await workshop({ variants }, { platform: "win32-x64" });
    const artifact = await buildOne(other.context, ref("1.0.0", { variant: "broken" }));
    expect(artifact.archive).toBe("tiny-1.0.0-win32-x64.zip");
    const root = join(other.root, "unpacked");
    await mkdir(root);
    await unpack(join(artifact.directory, artifact.archive), root);
    expect(await readFile(join(root, "agent.real"), "utf8")).toBe(NODE_AGENT);
    await expect(buildOne(other.context, ref("1.0.0", { variant: "shell" }))).rejects.toThrow(
      /Cannot wrap bin\/tool: its first line is no shebang with node/,
    );
  });

  test("is made anew when its definition changed", async () => {
    await using other = await workshop({ variants: { broken: definition } });
    const wanted = ref("1.0.0", { variant: "broken" });
    const first = await buildOne(other.context, wanted);
    const tiny = other.context.products.tiny!; // the workshop made it
    const changed = { ...tiny.product, variants: { broken: { ...definition, then: { exit: 6 } } } };
    const second = await buildOne({ ...other.context, products: { tiny: { ...tiny, product: changed } } }, wanted);
    expect([second.cached, second.key === first.key, second.digest === first.digest]).toEqual([false, false, false]);
  });

  test("is refused when nothing matches, when a name is taken, and for an ES module", async () => {
    await expect(wrapped(NODE_AGENT, "agent", { wrap: "bin/*", then: "hang" })).rejects.toThrow(
      'Cannot wrap "bin/*": no file in x.tar.gz matches; correct the pattern in product.yaml. Its files:\n  agent',
    );
    const program = await wrapped(NODE_AGENT, "agent", { then: "hang" });
    await expect(applyVariant(join(program, ".."), variant.parse({ wrap: "agent", then: "hang" }), PLACE)).rejects.toThrow(
      "has a file agent.real already",
    );
    await rename(`${program}.real`, program);
    await expect(wrapped('#!/usr/bin/env node\nimport "node:fs";\n', "agent", { then: "hang" })).rejects.toThrow(
      "it is not a CommonJS program",
    );
    await expect(wrapped(SHELL_AGENT, "tool", { arguments: "(?=x)", then: "hang" })).rejects.toThrow("asks grep -E");
  });
});

/** Nothing of the program's process group is left. */
function groupIsGone(child: Running["child"]): boolean {
  try {
    process.kill(-child.pid!, 0); // it was started: it has a pid
    return false;
  } catch {
    return true;
  }
}
