// Asks over HTTP/1.1 once, on a connection of its own, and reads the whole answer. A cell asks every few milliseconds, and its
// processor time is the product's too: Node's own client takes twice as long for it, and redirects, pools, streams and servers
// of HTTPS are not needed here.
import net from "node:net";

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Where to ask: a socket that is a file, or a host's port. */
export type HttpTarget = { readonly socketPath: string; readonly path: string } | URL;

/**
 * Sends a GET and resolves to the answer, its body read to its end; to undefined when nobody listens, when the connection is
 * silent for so long, and when what comes is not whole or no HTTP. Throws on what cannot be asked for at all.
 */
export function httpAnswer(target: HttpTarget, silenceMs: number): Promise<HttpAnswer | undefined> {
  const { where, path, headers } = "socketPath" in target ? toSocket(target) : toPort(target);
  if (/[^\u0021-\u00ff]/.test(path)) throw new Error(`Cannot ask for ${JSON.stringify(path)}: it holds what no request may`);
  return new Promise((resolve) => {
    const socket = net.connect(where);
    const reader = new AnswerReader();
    const end = (answer: HttpAnswer | undefined): void => {
      resolve(answer);
      socket.destroy();
    };
    const read = (answer: Reading): void => {
      if (answer !== "more") end(answer === "broken" ? undefined : answer);
    };
    socket.setTimeout(silenceMs, () => end(undefined));
    socket.on("data", (chunk: Buffer) => read(reader.add(chunk)));
    socket.on("end", () => read(reader.end()));
    socket.on("error", () => end(undefined));
    socket.on("close", () => end(undefined)); // the first word counts
    socket.write(`GET ${path} HTTP/1.1\r\n${headers.map((line) => `${line}\r\n`).join("")}Connection: close\r\n\r\n`, "latin1");
  });
}

interface Request {
  readonly where: net.NetConnectOpts;
  readonly path: string;
  readonly headers: readonly string[];
}

function toSocket({ socketPath, path }: { readonly socketPath: string; readonly path: string }): Request {
  return { where: { path: socketPath }, path, headers: ["Host: localhost"] };
}

function toPort({ href, protocol, hostname, host, port, pathname, search, username, password }: URL): Request {
  if (protocol !== "http:") throw new Error(`Cannot ask ${href}: only http: is spoken here`);
  const who = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = who === ":" ? [] : [`Authorization: Basic ${Buffer.from(who).toString("base64")}`];
  return {
    where: { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port || "80") },
    path: `${pathname}${search}`,
    headers: [`Host: ${host}`, ...authorization],
  };
}

type Reading = HttpAnswer | "more" | "broken";

/** As much as Node's own client takes. */
const MOST_HEAD_BYTES = 16 << 10;

/** One answer, piece by piece. */
class AnswerReader {
  #read: Buffer = Buffer.alloc(0);
  #head: Head | undefined;

  add(chunk: Buffer): Reading {
    this.#read = this.#read.length === 0 ? chunk : Buffer.concat([this.#read, chunk]);
    return this.#look(false);
  }

  /** The other side has said all. */
  end(): Reading {
    const answer = this.#look(true);
    return answer === "more" ? "broken" : answer;
  }

  #look(ended: boolean): Reading {
    while (this.#head === undefined) {
      const length = this.#read.indexOf("\r\n\r\n");
      if (length < 0) return this.#read.length > MOST_HEAD_BYTES ? "broken" : "more";
      const head = parseHead(this.#read.toString("latin1", 0, length));
      if (head === undefined) return "broken";
      this.#read = this.#read.subarray(length + 4);
      if (head.status >= 200) this.#head = head; // what comes before is only a word between
    }
    const { status, length } = this.#head;
    const body = length === "chunked" ? joinChunks(this.#read) : wholeBody(this.#read, length, ended);
    return typeof body === "string" ? body : { status, text: body.toString("utf8") };
  }
}

interface Head {
  readonly status: number;
  /** Of the body, in bytes; `to the end`: until the connection ends. */
  readonly length: number | "chunked" | "to the end";
}

function parseHead(text: string): Head | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1]);
  if (Number.isNaN(status)) return undefined;
  const lengths: string[] = [];
  let chunked = false;
  for (const line of lines) {
    const [, name = "", value = ""] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === "") return undefined;
    if (name.toLowerCase() === "content-length") lengths.push(value);
    else if (name.toLowerCase() === "transfer-encoding") chunked = /(?:^|,)[ \t]*chunked$/i.test(value);
  }
  if (status === 204 || status === 304) return { status, length: 0 };
  const [length] = lengths;
  if (chunked) return length === undefined ? { status, length: "chunked" } : undefined;
  if (length === undefined) return { status, length: "to the end" };
  return lengths.length === 1 && /^\d+$/.test(length) ? { status, length: Number(length) } : undefined;
}

function wholeBody(read: Buffer, length: number | "to the end", ended: boolean): Buffer | "more" | "broken" {
  if (length === "to the end") return ended ? read : "more";
  if (read.length > length) return "broken";
  return read.length < length ? "more" : read;
}

/** The chunks' content, once the last one and what follows it are there. */
function joinChunks(read: Buffer): Buffer | "more" | "broken" {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = read.indexOf("\r\n", at);
    if (lineEnd < 0) return read.length - at > MOST_HEAD_BYTES ? "broken" : "more";
    const size = /^([\da-f]{1,8})[ \t]*(?:;.*)?$/i.exec(read.toString("latin1", at, lineEnd))?.[1];
    if (size === undefined) return "broken";
    const begin = lineEnd + 2;
    const end = begin + Number.parseInt(size, 16);
    if (end === begin) return trailerEnds(read, begin) ? Buffer.concat(chunks) : "more";
    if (read.length < end + 2) return "more";
    if (read.toString("latin1", end, end + 2) !== "\r\n") return "broken";
    chunks.push(read.subarray(begin, end));
    at = end + 2;
  }
}

/** After the last chunk come lines that say more of the answer, as a rule none, and an empty one. */
function trailerEnds(read: Buffer, at: number): boolean {
  return read.toString("latin1", at, at + 2) === "\r\n" || read.indexOf("\r\n\r\n", at) >= 0;
}
