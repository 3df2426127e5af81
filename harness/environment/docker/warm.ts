// A warm container: runs many cells, several at once, every one in namespaces of its own. Tells when a cell leaked into it and
// when it died. Hides the warden's protocol.
import type Docker from "dockerode";
import type { CellChannel, ChannelEvents, ChannelExit } from "../conversation.ts";
import { removeContainer } from "./engine.ts";
import { type Exec, startExec } from "./exec.ts";
import { WARDEN } from "./image.ts";
import { type Aftermath, decode, encode, NODE, type Order, type StartOrder, type Trial } from "./protocol.ts";

const READY_MS = 30_000;

/** What a container is asked to hear about one of its cells. */
interface Listener {
  readonly events: ChannelEvents;
  pid(pid: number): void;
  exited(exit: ChannelExit): void;
  ended(aftermath: Aftermath): void;
}

export class WarmContainer {
  readonly id: string;
  readonly trial: Promise<Trial>;
  /** A cell leaked into it, or it died: no more cells. */
  retired = false;
  kept = false;
  readonly #docker: Docker;
  readonly #cells = new Map<number, Listener>();
  readonly #ready = Promise.withResolvers<Trial>();
  #exec: Exec | undefined;
  #counter = 0;

  private constructor(docker: Docker, id: string) {
    this.#docker = docker;
    this.id = id;
    this.trial = this.#ready.promise;
  }

  /** Starts the warden in a container. */
  static async open(docker: Docker, container: Docker.Container): Promise<WarmContainer> {
    const warm = new WarmContainer(docker, container.id);
    const complaints: string[] = [];
    const refuse = (refused: string) => warm.#ready.resolve({ refused, capabilities: [] });
    warm.#exec = await startExec(container, {
      argv: [NODE, WARDEN],
      line: (text) => warm.#hear(text),
      error: (text) => void complaints.push(text),
    });
    const timer = setTimeout(() => refuse(`no answer within ${READY_MS} ms`), READY_MS);
    void warm.trial.finally(() => clearTimeout(timer));
    void warm.#exec.closed.then(() => {
      refuse(complaints.slice(-5).join(" | ") || "its warden ended");
      warm.#die(complaints.slice(-3).join(" | "));
    });
    return warm;
  }

  get active(): number {
    return this.#cells.size;
  }

  startCell(order: StartOrder, events: ChannelEvents): Promise<CellChannel> {
    const cell = (this.#counter += 1);
    const started = Promise.withResolvers<number>();
    const exited = Promise.withResolvers<ChannelExit>();
    const ended = Promise.withResolvers<Aftermath>();
    this.#cells.set(cell, { events, pid: started.resolve, exited: exited.resolve, ended: ended.resolve });
    if (this.retired) this.#die("");
    this.#order("start", cell, JSON.stringify(order));
    return started.promise.then((pid) => ({
      send: (line) => this.#order("in", cell, line),
      kill: () => this.#order("kill", cell, ""),
      enter: [
        "docker",
        "exec",
        "-it",
        this.id.slice(0, 12),
        "sh",
        "-c",
        `exec nsenter -t $(cat /proc/${pid}/task/${pid}/children) -m -p -i -u -n sh`,
      ],
      remove: `docker rm -f ${this.id.slice(0, 12)}`,
      exited: exited.promise,
      close: async (keep) => {
        if (keep) {
          this.kept = true;
          this.#cells.delete(cell);
          return [];
        }
        if (order.hold) this.#order("kill", cell, "");
        const { left, leaks } = await ended.promise;
        return [...left.map((text) => `process: ${text}`), ...leaks];
      },
    }));
  }

  #order(verb: Order, cell: number, rest: string): void {
    this.#exec?.send(encode(verb, cell, rest));
  }

  #hear(line: string): void {
    const { verb, cell, rest } = decode(line);
    if (verb === "ready") return this.#ready.resolve(JSON.parse(rest) as Trial); // written by our warden, from the same type
    const listener = this.#cells.get(cell);
    if (listener === undefined) return;
    if (verb === "out") listener.events.line(rest);
    else if (verb === "error") listener.events.error(String(JSON.parse(rest)));
    else if (verb === "pid") listener.pid(Number(rest));
    else if (verb === "exit") listener.exited({ how: `exit code ${rest}` });
    else if (verb === "end") this.#ended(cell, listener, JSON.parse(rest) as Aftermath); // likewise
  }

  #ended(cell: number, listener: Listener, aftermath: Aftermath): void {
    this.#cells.delete(cell);
    if (aftermath.leaks.length > 0) this.retired = true;
    listener.exited({ how: "killed, or never started" }); // the first word counts: normally `exit` came before
    listener.ended(aftermath);
  }

  #die(why: string): void {
    this.retired = true;
    const lost = `The container ${this.id.slice(0, 12)} ended while the cell ran${why === "" ? "" : ` (${why})`}. Look at \`docker info\` and at the memory of the engine (environments.docker.memory), then run the cell again`;
    for (const [cell, listener] of [...this.#cells]) {
      this.#cells.delete(cell);
      listener.pid(0);
      listener.exited({ how: "lost", lost });
      listener.ended({ left: [], leaks: [] });
    }
  }

  async dispose(): Promise<void> {
    this.#die("it was disposed of");
    if (!this.kept) await removeContainer(this.#docker, this.id);
    this.#exec?.destroy();
  }
}
