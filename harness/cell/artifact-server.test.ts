// The real server asked by a real client: sound answers, and each way to misbehave.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { JobArtifact, ServerMisbehaviour } from "../model/index.ts";
import { ArtifactServer } from "./artifact-server.ts";
import { scratchCell, type ScratchCell } from "./testing/scratch-cell.ts";

const BODY = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251));

function stored(cell: ScratchCell, version: string, body: Buffer): JobArtifact {
  const directory = path.join(cell.folder, version);
  const archive = `agent-${version}.tar.gz`;
  mkdirSync(directory);
  writeFileSync(path.join(directory, archive), body);
  return { name: `test/${version}`, version, directory, archive, files: [archive], archiveBytes: body.length, unpackedBytes: body.length };
}

async function served(cell: ScratchCell, misbehave?: ServerMisbehaviour): Promise<{ url: string; server: ArtifactServer; hits: string[] }> {
  const [from, to] = [stored(cell, "1.0.0", Buffer.from("old")), stored(cell, "2.0.0", BODY)];
  const server = new ArtifactServer(cell.observer, { from, to });
  const url = await server.listen();
  server.publish(to);
  const hits: string[] = [];
  if (misbehave !== undefined) server.misbehave("*.tar.gz", misbehave, (evidence) => hits.push(evidence));
  return { url: `${url}/2.0.0/agent-2.0.0.tar.gz`, server, hits };
}

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

test("serves a published file byte for byte, and 404 for everything else", async () => {
  await using cell = scratchCell();
  const { url, server } = await served(cell);
  await using _server = server;
  const answer = await fetch(url);
  expect(digest(await answer.bytes())).toBe(digest(BODY));
  for (const other of [url.replace("2.0.0/agent", "9.9.9/agent"), `${url}.sha512`, `${url}/../../../etc/passwd`])
    expect((await fetch(other)).status).toBe(404);
  expect(cell.seen).toContainEqual({ kind: "request", path: "2.0.0/agent-2.0.0.tar.gz", status: 200, bytes: BODY.length });
});

test("answers with a status the given number of times, then well", async () => {
  await using cell = scratchCell();
  const { url, server, hits } = await served(cell, { status: 503, times: 2 });
  await using _server = server;
  const statuses = [];
  for (let ask = 0; ask < 3; ask++) statuses.push((await fetch(url)).status);
  expect(statuses).toEqual([503, 503, 200]);
  expect(hits).toHaveLength(2);
});

test("flips exactly one bit", async () => {
  await using cell = scratchCell();
  const { url, server } = await served(cell, { flip: 0.5 });
  await using _server = server;
  const got = await (await fetch(url)).bytes();
  const different = [...got].flatMap((byte, index) => (byte === BODY[index] ? [] : [index]));
  expect(got).toHaveLength(BODY.length);
  expect(different).toEqual([BODY.length / 2]);
});

test("truncates as if the file were shorter", async () => {
  await using cell = scratchCell();
  const { url, server } = await served(cell, { truncate: 0.5 });
  await using _server = server;
  expect(await (await fetch(url)).bytes()).toHaveLength(BODY.length / 2);
});

test("resets the connection in the middle", async () => {
  await using cell = scratchCell();
  const { url, server } = await served(cell, { reset: 0.5, times: 1 });
  await using _server = server;
  await expect(fetch(url).then((answer) => answer.bytes())).rejects.toThrow();
  expect((await fetch(url)).status).toBe(200);
});

test("stalls in the middle until it is closed", async () => {
  await using cell = scratchCell();
  const { url, server } = await served(cell, { stall: 0.5, times: 1 });
  const answer = await fetch(url);
  const reader = answer.body?.getReader();
  let got = 0;
  while (got < BODY.length / 2) got += (await reader?.read())?.value?.length ?? 0;
  expect(got).toBe(BODY.length / 2);
  const rest = reader?.read();
  const first = await Promise.race([rest, (await fetch(url)).bytes().then(() => "another request went through meanwhile")]);
  expect(first).toBe("another request went through meanwhile");
  await server[Symbol.asyncDispose]();
  await expect(rest).rejects.toThrow();
});

test("redirects to itself for ever", async () => {
  await using cell = scratchCell();
  const { url, server, hits } = await served(cell, { redirect: "loop" });
  await using _server = server;
  await expect(fetch(url)).rejects.toThrow();
  expect(hits.length).toBeGreaterThan(5);
});

test("says a wrong length, and ends the connection all the same", async () => {
  for (const length of [2, 0.5]) {
    await using cell = scratchCell();
    const { url, server } = await served(cell, { length });
    await using _server = server;
    const answer = await fetch(url);
    expect(answer.headers.get("content-length")).toBe(String(BODY.length * length));
    const got = await answer.bytes().then(
      (bytes) => bytes.length,
      () => "broken off",
    );
    expect(got).toBe(length === 2 ? "broken off" : BODY.length / 2);
  }
});

test("takes its time, and sends everything", async () => {
  await using cell = scratchCell();
  const { url, server } = await served(cell, { slow: "200ms" });
  await using _server = server;
  const began = performance.now();
  expect(digest(await (await fetch(url)).bytes())).toBe(digest(BODY));
  expect(performance.now() - began).toBeGreaterThan(180);
});

test("signs the archive with a key that nobody trusts", async () => {
  await using cell = scratchCell();
  const { url, server } = await served(cell, { sign: "foreign-key" });
  await using _server = server;
  const one = Buffer.from(await (await fetch(url)).text(), "base64");
  expect(one).toHaveLength(64);
  expect(await (await fetch(url)).text()).not.toBe(one.toString("base64"));
});

test("serves another release under the asked name", async () => {
  await using cell = scratchCell();
  const { url, server } = await served(cell, { substitute: "from" });
  await using _server = server;
  expect(await (await fetch(url)).text()).toBe("old");
});

test("tells when so many bytes were sent, and goes on only afterwards", async () => {
  await using cell = scratchCell();
  const { url, server } = await served(cell);
  await using _server = server;
  const order: string[] = [];
  server.watch("*.tar.gz", 20_000, async (evidence) => {
    await new Promise((resolve) => setImmediate(resolve));
    order.push(evidence);
  });
  await (await fetch(url)).bytes();
  order.push("whole");
  expect(order).toEqual(["16384 bytes of 2.0.0/agent-2.0.0.tar.gz were sent", "whole"]);
});
