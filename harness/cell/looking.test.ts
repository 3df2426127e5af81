// What the cell program sees: globs, answers, trees and state files.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { matchingPaths } from "./glob.ts";
import { extract, Prober } from "./probe.ts";
import { describedContent, readStates, readTree } from "./snapshot.ts";
import { scratchCell } from "./testing/scratch-cell.ts";

test.each([
  ["data/a-1/agent", ["data/a-1/agent"]],
  ["data/*/agent", ["data/a-1/agent", "data/a-2/agent"]],
  ["data/a-{1,3}/*", ["data/a-1/agent", "data/a-1/log"]],
  ["**/agent", ["data/a-1/agent", "data/a-2/agent", "odd/[1]/agent"]],
  ["data/a-1/**", ["data/a-1/agent", "data/a-1/log"]],
  ["odd/*/**", ["odd/[1]/agent"]],
  [".*", [".hidden"]],
  ["nothing/*", []],
])("%s matches %j", async (glob, expected) => {
  await using cell = scratchCell();
  for (const file of ["data/a-1/agent", "data/a-1/log", "data/a-2/agent", "odd/[1]/agent", ".hidden"]) {
    mkdirSync(path.join(cell.place.root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(cell.place.root, file), "");
  }
  expect(matchingPaths(cell.place.root, glob)).toEqual(expected);
});

test.each([
  [{}, " 1.2.3\n", "1.2.3"],
  [{ json: "/a/0/b~1c" }, '{"a":[{"b/c":"x"}]}', "x"],
  [{ json: "/healthy" }, '{"healthy":true}', "true"],
  [{ json: "/missing" }, "{}", null],
  [{ json: "/a" }, '{"a":', null],
  [{ match: "^version: (\\S+)$" }, "name: x\nversion: 2.0\n", "2.0"],
  [{ match: "nothing" }, "something", null],
  [{}, null, null],
])("%j of %j is %j", (probe, text, expected) => {
  expect(extract(probe, text)).toBe(expected);
});

test.skipIf(process.platform === "win32")(
  "a socket that a dead agent left is tried now and then; one that is made anew is asked at once",
  async () => {
    await using cell = scratchCell({ version: { http: "unix:{socket:agent}:/status" } });
    const socket = path.join(cell.place.job.work, "agent.sock");
    const dies = 'require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
    expect(spawnSync(process.execPath, ["-e", dies, socket]).signal).toBe("SIGKILL");
    expect(existsSync(socket)).toBe(true);
    const tries = vi.spyOn(http, "get");
    const clock = vi.spyOn(performance, "now").mockReturnValue(1000);
    const prober = new Prober(cell.place, cell.observer);
    try {
      for (let ask = 0; ask < 10; ask++) expect((await prober.ask()).version).toBeNull();
      expect(tries).toHaveBeenCalledTimes(1);
      clock.mockReturnValue(2000);
      expect((await prober.ask()).version).toBeNull();
      expect(tries).toHaveBeenCalledTimes(2); // somebody may listen late to a socket that was there
      rmSync(socket);
      await using server = http.createServer((_request, response) => response.end("2.0.0"));
      await new Promise<void>((resolve) => server.listen(socket, resolve));
      expect((await prober.ask()).version).toBe("2.0.0");
    } finally {
      vi.restoreAllMocks();
    }
  },
);

test("asks over a socket; a refusal, an error status and a half answer are no answer", async () => {
  await using cell = scratchCell({
    version: { http: "unix:{socket:agent}:/status", json: "/version" },
    health: { http: "unix:{socket:agent}:/status", json: "/state", equals: "HEALTHY" },
  });
  const prober = new Prober(cell.place, cell.observer);
  expect(await prober.ask()).toEqual({ version: null, healthy: false });
  let answers: ((response: http.ServerResponse) => void)[] = [];
  let asked = 0;
  const server = http.createServer((_request, response) => {
    asked++;
    answers.shift()?.(response);
  });
  await new Promise<void>((resolve) => server.listen(path.join(cell.place.job.work, "agent.sock"), resolve));
  answers = [
    (response) => response.end('{"version":"1.0.0","state":"HEALTHY"}'),
    (response) => response.end('{"version":"1.0.0","state":"FAILED"}'),
    (response) => response.writeHead(500).end('{"version":"1.0.0","state":"HEALTHY"}'),
    (response) => response.writeHead(200, { "content-length": 100 }).end('{"version":"1.0.0"', () => response.destroy()),
  ];
  const got = [];
  for (let ask = 0; ask < 4; ask++) got.push(await prober.ask());
  server.close();
  expect(got).toEqual([
    { version: "1.0.0", healthy: true },
    { version: "1.0.0", healthy: false },
    { version: null, healthy: false },
    { version: null, healthy: false },
  ]);
  expect(asked).toBe(4); // version and health of one place cost one request
});

test.each([
  ["never answers", (): void => undefined],
  ["answers by halves", (response: http.ServerResponse): void => void response.writeHead(200, { "content-length": 100 }).write("1.0.0")],
])("who %s is not waited for beyond the deadline", async (_what, answer) => {
  await using cell = scratchCell({ version: { http: "unix:{socket:agent}:/status" } });
  const server = http.createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(cell.place.socket("agent"), resolve));
  expect(await new Prober(cell.place, cell.observer, 50).ask()).toEqual({ version: null, healthy: false });
  await new Promise((resolve) => server.close(resolve)); // nobody is connected any more
});

test("reads a tree: files with digest and mode, links with target, the root itself", async () => {
  await using cell = scratchCell();
  mkdirSync(path.join(cell.place.root, "data"));
  writeFileSync(path.join(cell.place.root, "data", "agent"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(path.join(cell.place.root, "big"), Buffer.alloc(10_000));
  symlinkSync("data/agent", path.join(cell.place.root, "current"));
  const owner = `${process.getuid?.()}:${process.getgid?.()}`;
  expect(readTree(cell.place.root)).toEqual([
    { path: ".", type: "directory", mode: "755", owner },
    {
      path: "big",
      type: "file",
      mode: "644",
      owner,
      size: 10_000,
      digest: "95b532cc4381affdff0d956e12520a04129ed49d37e154228368fe5621f0b9a2",
    },
    { path: "current", type: "link", owner, target: "data/agent" },
    { path: "data", type: "directory", mode: "755", owner },
    {
      path: "data/agent",
      type: "file",
      mode: "755",
      owner,
      size: 10,
      digest: "a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf",
      text: "#!/bin/sh\n",
    },
  ]);
});

test("a text that a power loss left zeros in is still a text; a program is none", () => {
  expect(describedContent(Buffer.from('{"at":1}\n\0\0\0{"at":2}\n')).text).toBe('{"at":1}\n\u2400\u2400\u2400{"at":2}\n');
  expect(describedContent(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0, 0xfe])).text).toBeUndefined();
  expect(describedContent(Buffer.alloc(10_000, "a")).text).toBeUndefined();
});

test("state files: JSON is tried, YAML goes to the judge as it is, also through a link", async () => {
  await using cell = scratchCell({ state: ["v2/*", "current/state.yaml"] });
  const put = (name: string, content: string | Buffer) => writeFileSync(path.join(cell.place.root, "v2", name), content);
  mkdirSync(path.join(cell.place.root, "v2"));
  symlinkSync("v2", path.join(cell.place.root, "current"));
  put("broken.json", '{"a":');
  put("empty.yaml", "");
  put("huge.yml", "a".repeat((1 << 20) + 1));
  put("list.yml", `- ${"long ".repeat(2000)}`);
  put("sound.json", "{}");
  put("state.db", "anything");
  put("state.yaml", "version: [1");
  put("zeros.yaml", Buffer.alloc(10));
  expect(readStates(cell.place)).toEqual({
    unreadable: [
      { path: "v2/broken.json", problem: expect.stringContaining("JSON") },
      { path: "v2/empty.yaml", problem: "is empty" },
      { path: "v2/huge.yml", problem: "holds 1048577 bytes, more than is looked into" },
      { path: "v2/zeros.yaml", problem: "holds only zero bytes" },
    ],
    unparsed: [
      { path: "v2/list.yml", text: expect.stringMatching(/^- long .{9900}/) },
      { path: "v2/state.yaml", text: "version: [1" },
      { path: "current/state.yaml", text: "version: [1" },
    ],
  });
});
