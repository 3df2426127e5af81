// One question over HTTP: the same answers as Node's own client gets, from sound servers and from broken ones.
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { httpAnswer, type HttpTarget } from "./http-answer.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

/** What is sent, piece by piece, and what the answer is. The server ends the connection afterwards unless it says `stay`. */
const ANSWERS: [what: string, pieces: (string | Buffer)[], text: string | undefined, status?: number][] = [
  ["a length", [`${HEAD}Content-Length: 5\r\n\r\nhello`, "stay"], "hello"],
  ["a length, byte by byte", [...`${HEAD}content-length:  5 \r\n\r\nhello`, "stay"], "hello"],
  ["a length of nothing", [`${HEAD}Content-Length: 0\r\n\r\n`, "stay"], ""],
  ["more than the length", [`${HEAD}Content-Length: 5\r\n\r\nhello, and more`], undefined],
  ["the same length twice", [`${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`], undefined],
  ["up to the end", [`${HEAD}\r\nhel`, "lo"], "hello"],
  ["HTTP/1.0", ["HTTP/1.0 200 OK\r\n\r\nhello"], "hello"],
  ["no words in the status", ["HTTP/1.1 200\r\n\r\nhello"], "hello"],
  ["chunks", [`${CHUNKED}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`, "stay"], "hello"],
  ["chunks, byte by byte", [...`${CHUNKED}3;name=value\r\nhel\r\nA\r\n0123456789\r\n0\r\n\r\n`, "stay"], "hel0123456789"],
  ["chunks with words after them", [`${CHUNKED}2\r\nok\r\n0\r\nExpires: never\r\n\r\n`, "stay"], "ok"],
  ["a letter in two chunks", [`${CHUNKED}1\r\n`, Buffer.of(0xc3), "\r\n1\r\n", Buffer.of(0xa4), "\r\n0\r\n\r\n"], "ä"],
  ["a letter in two pieces", [`${HEAD}Content-Length: 2\r\n\r\n`, Buffer.of(0xc3), Buffer.of(0xa4)], "ä"],
  ["a word between", ["HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", `${HEAD}Content-Length: 2\r\n\r\nok`], "ok"],
  ["a redirect, which is not followed", ["HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 2\r\n\r\nno"], "no", 302],
  ["nothing to say", ["HTTP/1.1 204 No Content\r\n\r\n", "stay"], "", 204],
  ["a refusal", ["HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown"], "down", 503],
  ["less than the length", [`${HEAD}Content-Length: 6\r\n\r\nhello`], undefined],
  ["two lengths", [`${HEAD}Content-Length: 5\r\nContent-Length: 2\r\n\r\nhello`], undefined],
  ["a length that is no number", [`${HEAD}Content-Length: five\r\n\r\nhello`], undefined],
  ["chunks and a length", [`${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`], undefined],
  ["no last chunk", [`${CHUNKED}3\r\nhel\r\n`], undefined],
  ["half a chunk", [`${CHUNKED}5\r\nhel`], undefined],
  ["no line end after the last chunk", [`${CHUNKED}2\r\nok\r\n0\r\n`], undefined],
  ["a chunk longer than it says", [`${CHUNKED}2\r\nhello\r\n0\r\n\r\n`], undefined],
  ["a chunk without a length", [`${CHUNKED}\r\nhello\r\n0\r\n\r\n`], undefined],
  ["half a head", [`${HEAD}Content-Length: 5\r\n`], undefined],
  ["a head without an end", [`${HEAD}Name: ${"x".repeat(40_000)}`, "stay"], undefined],
  ["a line of a head that says nothing", [`${HEAD}nothing\r\n\r\nhello`], undefined],
  ["no HTTP", ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "stay"], undefined],
  ["nothing at all", [], undefined],
  ["silence", ["stay"], undefined],
];

const SILENCE_MS = 150;

test.each(ANSWERS)("%s", async (_, pieces, text, status = 200) => {
  await using server = await served(pieces);
  const expected = text === undefined ? undefined : { status, text };
  expect(await httpAnswer(server.target, SILENCE_MS)).toEqual(expected);
  expect(await nodesOwn(server.target)).toEqual(expected);
});

test("asks on a port for a path with its query, and says who asks; nobody listens afterwards", async () => {
  const heard: string[] = [];
  const server = http.createServer(({ url, headers: { host, authorization, connection } }, response) => {
    heard.push(`${url} ${host} ${authorization} ${connection}`);
    response.end("heard");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo; // it listens on a port
  const url = new URL(`http://me:s%20ecret@127.0.0.1:${port}/status?of=all`);
  expect(await httpAnswer(url, 5000)).toEqual({ status: 200, text: "heard" });
  const credentials = Buffer.from("me:s ecret").toString("base64");
  expect(heard).toEqual([`/status?of=all 127.0.0.1:${port} Basic ${credentials} close`]);
  await new Promise((resolve) => server.close(resolve));
  expect(await httpAnswer(url, 5000)).toBeUndefined();
});

test("refuses what it cannot ask", () => {
  expect(() => httpAnswer(new URL("https://127.0.0.1/"), SILENCE_MS)).toThrow("only http: is spoken here");
  expect(() => httpAnswer({ socketPath: "/nowhere", path: "/a\r\nb: c" }, SILENCE_MS)).toThrow("what no request may");
});

async function served(pieces: readonly (string | Buffer)[]): Promise<AsyncDisposable & { readonly target: Exclude<HttpTarget, URL> }> {
  const folder = mkdtempSync(path.join(tmpdir(), "upmatrix-http-"));
  const socketPath = process.platform === "win32" ? `\\\\.\\pipe\\${path.basename(folder)}` : path.join(folder, "s.sock");
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket.on("error", () => undefined)); // who has heard enough goes
    socket.once("data", () => void say(socket, pieces));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    target: { socketPath, path: "/status" },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

async function say(socket: net.Socket, pieces: readonly (string | Buffer)[]): Promise<void> {
  for (const piece of pieces) {
    if (piece === "stay") return;
    socket.write(piece);
    await new Promise(setImmediate); // each piece arrives by itself
  }
  socket.end();
}

function nodesOwn({ socketPath, path: asked }: { readonly socketPath: string; readonly path: string }): Promise<unknown> {
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: asked, agent: false, timeout: SILENCE_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, text })).on("error", () => resolve(undefined));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
  });
}
