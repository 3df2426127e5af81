// Serves artifacts to the product over real HTTP on the loopback: `/<version>/<file>`. Misbehaves where a fault says so.
import { generateKeyPairSync, sign } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type JobArtifact, milliseconds, type ServerMisbehaviour } from "../model/index.ts";
import { matchesGlob } from "./glob.ts";
import type { Observer } from "./observer.ts";

interface Rule {
  readonly glob: string;
  readonly misbehave: ServerMisbehaviour;
  left: number;
  readonly hit: (evidence: string) => void;
}

interface Watcher {
  readonly glob: string;
  readonly bytes: number;
  readonly reached: (evidence: string) => void | Promise<void>;
}

export class ArtifactServer implements AsyncDisposable {
  readonly #server: http.Server;
  readonly #observer: Observer;
  readonly #published = new Map<string, JobArtifact>();
  readonly #substitutes: Record<"from" | "to", JobArtifact | undefined>;
  #open = 0;
  readonly #rules = new Set<Rule>();
  readonly #watchers = new Set<Watcher>();

  constructor(observer: Observer, substitutes: Record<"from" | "to", JobArtifact | undefined>) {
    this.#observer = observer;
    this.#substitutes = substitutes;
    this.#server = http.createServer((request, response) => {
      this.#open++;
      response.once("close", () => this.#open--);
      this.#answer(request, response).catch((error: unknown) => {
        this.#observer.see({ kind: "problem", message: `artifact server: ${error instanceof Error ? error.message : String(error)}` });
        response.destroy();
      });
    });
  }

  /**
   * Starts to listen; resolves to the base URL.
   * @param port where; 0: wherever there is room
   */
  listen(port = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`)); // listening on TCP
    });
  }

  /** Requests that are not answered yet. */
  get busy(): boolean {
    return this.#open > 0;
  }

  /** From now on `/<version>/` is this artifact. */
  publish(artifact: JobArtifact): void {
    this.#published.set(artifact.version, artifact);
  }

  /** Answers matching requests badly until the returned function is called. `hit` is called with evidence each time. */
  misbehave(glob: string, misbehave: ServerMisbehaviour, hit: (evidence: string) => void): () => void {
    const rule: Rule = { glob, misbehave, left: "times" in misbehave ? misbehave.times : Infinity, hit };
    this.#rules.add(rule);
    return () => this.#rules.delete(rule);
  }

  /** Calls back once when `bytes` of a matching file were sent; the rest waits until the callback is done. */
  watch(glob: string, bytes: number, reached: (evidence: string) => void | Promise<void>): () => void {
    const watcher: Watcher = { glob, bytes, reached };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const asked = decodeURIComponent(new URL(request.url ?? "/", "http://cell").pathname).slice(1);
    const [version = "", name = "", ...more] = asked.split("/");
    const artifact = this.#published.get(version);
    if (more.length > 0 || artifact === undefined || !artifact.files.includes(name)) return this.#end(response, asked, 404);
    const rule = [...this.#rules].find((candidate) => candidate.left > 0 && matchesGlob(name, candidate.glob));
    if (rule === undefined) return this.#send(response, asked, name, path.join(artifact.directory, name));
    rule.left--;
    rule.hit(`request ${asked} answered with ${JSON.stringify(rule.misbehave)}`);
    if ("status" in rule.misbehave) return this.#end(response, asked, rule.misbehave.status, rule.misbehave);
    if ("redirect" in rule.misbehave) return this.#redirect(response, asked, request.url ?? "/", rule.misbehave);
    if ("sign" in rule.misbehave) return this.#sign(response, asked, path.join(artifact.directory, artifact.archive), rule.misbehave);
    return this.#send(response, asked, name, this.#source(artifact, name, rule.misbehave), rule.misbehave);
  }

  #end(response: http.ServerResponse, asked: string, status: number, misbehave?: ServerMisbehaviour): void {
    response.writeHead(status).end();
    this.#see(asked, status, 0, misbehave);
  }

  #redirect(response: http.ServerResponse, asked: string, location: string, misbehave: ServerMisbehaviour): void {
    response.writeHead(302, { location }).end();
    this.#see(asked, 302, 0, misbehave);
  }

  /** A signature that is right in everything but its key. */
  #sign(response: http.ServerResponse, asked: string, archive: string, misbehave: ServerMisbehaviour): void {
    const { privateKey } = generateKeyPairSync("ed25519");
    const signature = sign(null, readFileSync(archive), privateKey).toString("base64");
    response.writeHead(200, { "content-type": "application/octet-stream" }).end(signature);
    this.#see(asked, 200, signature.length, misbehave);
  }

  /** The file that is sent: of another release when the fault substitutes one, its name translated by archive name. */
  #source(artifact: JobArtifact, name: string, misbehave: ServerMisbehaviour): string {
    if (!("substitute" in misbehave)) return path.join(artifact.directory, name);
    const other = this.#substitutes[misbehave.substitute];
    if (other === undefined) throw new Error(`Cannot substitute ${name}: this cell has no artifact of ${misbehave.substitute}`);
    return path.join(other.directory, name.startsWith(artifact.archive) ? other.archive + name.slice(artifact.archive.length) : name);
  }

  async #send(response: http.ServerResponse, asked: string, name: string, file: string, misbehave?: ServerMisbehaviour): Promise<void> {
    const { size } = statSync(file);
    const cut = Math.floor(size * cutFraction(misbehave));
    const length = claimedLength(misbehave, size, cut);
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": length });
    const sent = cut === 0 ? 0 : await this.#stream(response, asked, name, file, cut, misbehave);
    this.#see(asked, 200, sent, misbehave);
    if (misbehave !== undefined && "stall" in misbehave) return; // the connection stays open and silent until the cell ends
    // with a wrong length, too, the connection goes: who waits for more than there is must see that nothing more comes
    if (misbehave !== undefined && "length" in misbehave) response.socket?.end();
    else if (misbehave !== undefined && "reset" in misbehave) response.destroy();
    else response.end();
  }

  async #stream(
    response: http.ServerResponse,
    asked: string,
    name: string,
    file: string,
    cut: number,
    misbehave?: ServerMisbehaviour,
  ): Promise<number> {
    const flipAt = misbehave !== undefined && "flip" in misbehave ? Math.min(cut - 1, Math.floor(cut * misbehave.flip)) : -1;
    const watchers = [...this.#watchers].filter((watcher) => matchesGlob(name, watcher.glob));
    const pauseMs = misbehave !== undefined && "slow" in misbehave ? milliseconds(misbehave.slow) / Math.ceil(cut / CHUNK_BYTES) : 0;
    let sent = 0;
    for await (const piece of createReadStream(file, { end: cut - 1, highWaterMark: CHUNK_BYTES })) {
      const chunk = piece as Buffer; // a byte stream has no other pieces
      const at = flipAt - sent;
      if (at >= 0 && at < chunk.length) chunk.writeUInt8(chunk.readUInt8(at) ^ 1, at);
      for (const watcher of watchers) {
        if (!this.#watchers.has(watcher) || sent + chunk.length < watcher.bytes) continue;
        this.#watchers.delete(watcher);
        await watcher.reached(`${sent} bytes of ${asked} were sent`);
      }
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs)); // a slow line
      if (response.destroyed) return sent;
      if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
      sent += chunk.length;
    }
    return sent;
  }

  #see(asked: string, status: number, bytes: number, misbehave?: ServerMisbehaviour): void {
    this.#observer.see({
      kind: "request",
      path: asked,
      status,
      bytes,
      ...(misbehave === undefined ? {} : { misbehaved: JSON.stringify(misbehave) }),
    });
  }
}

const CHUNK_BYTES = 16_384;

function claimedLength(misbehave: ServerMisbehaviour | undefined, size: number, cut: number): number {
  if (misbehave === undefined) return size;
  if ("truncate" in misbehave) return cut;
  return "length" in misbehave ? Math.floor(size * misbehave.length) : size;
}

function cutFraction(misbehave: ServerMisbehaviour | undefined): number {
  if (misbehave === undefined) return 1;
  if ("stall" in misbehave) return misbehave.stall;
  if ("truncate" in misbehave) return misbehave.truncate;
  return "reset" in misbehave ? misbehave.reset : 1;
}
