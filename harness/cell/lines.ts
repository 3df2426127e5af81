// The lines between machines: each machine reaches each endpoint of a companion, and of every other host, through a socket of
// its own, behind which this program passes on what is sent. So a line can be cut, slowed down and healed, and nobody else's
// is touched.
import { mkdirSync, rmSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { Transform } from "node:stream";
import { milliseconds, type NetworkStep } from "../model/index.ts";
import type { Place } from "./place.ts";

/** How late each piece comes when nobody says. */
const SLOW_BY = "1s";

export class Lines implements Disposable {
  readonly #machines = new Map<string, Place>();
  readonly #lines = new Set<Line>();

  /** Lets a machine reach every endpoint of every companion and of every other host; when it is a host, the others reach it. */
  connect(place: Place): void {
    for (const { name, endpoints } of place.job.product.companions) {
      const companion = place.on({ kind: "companion", name });
      for (const endpoint of endpoints) this.#lines.add(new Line(place, companion, endpoint, place.link(endpoint)));
    }
    for (const other of this.#machines.values()) {
      this.#connectToHost(place, other);
      this.#connectToHost(other, place);
    }
    this.#machines.set(place.name, place);
  }

  /** The machine is gone: nobody is reached from there any more, and nobody reaches it. */
  disconnect(machine: string): void {
    this.#machines.delete(machine);
    for (const line of this.#lines) {
      if (line.from !== machine && line.to !== machine) continue;
      line[Symbol.dispose]();
      this.#lines.delete(line);
    }
  }

  /** Changes all lines between two machines, whichever is named first. Says what came of it; undefined when there is no line. */
  change({ network, between, by = SLOW_BY }: NetworkStep): string | undefined {
    const ends = between.map((name) => (name === OPERATOR ? "" : name));
    const meant = [...this.#lines].filter(({ from, to }) => (from === ends[0] && to === ends[1]) || (from === ends[1] && to === ends[0]));
    if (meant.length === 0) return undefined;
    const said = meant.map((line) => `${line.title}: ${line.change(network, milliseconds(by))}`);
    return `${WORDS[network]} between ${between.join(" and ")} (${said.join("; ")})`;
  }

  [Symbol.dispose](): void {
    for (const line of this.#lines) line[Symbol.dispose]();
  }

  #connectToHost(from: Place, to: Place): void {
    if (to.machine.kind !== "host") return;
    for (const endpoint of to.job.product.hosts?.endpoints ?? [])
      this.#lines.add(new Line(from, to, endpoint, from.peer(endpoint, to.name)));
  }
}

/** What scenarios call the machine on which commands of the whole product are run. */
const OPERATOR = "operator";
const WORDS: Record<NetworkStep["network"], string> = { cut: "nothing passes", slow: "everything is slow", heal: "all is well again" };

/** One machine's way to one endpoint. */
class Line implements Disposable {
  readonly from: string;
  readonly to: string;
  /** What is reached, in words: hosts all have endpoints of the same names. */
  readonly title: string;
  readonly #server: net.Server;
  readonly #open = new Set<Connection>();
  #cut = false;
  #delayMs = 0;
  #refused = 0;
  #delayed = 0;

  /** @param own where the one machine reaches the endpoint of the other */
  constructor(from: Place, to: Place, endpoint: string, own: string) {
    this.from = from.name;
    this.to = to.name;
    this.title = to.machine.kind === "host" ? `${endpoint} of ${to.name}` : endpoint;
    const target = to.socket(endpoint);
    if (process.platform !== "win32") {
      mkdirSync(path.dirname(own), { recursive: true });
      rmSync(own, { force: true });
    }
    this.#server = net.createServer({ allowHalfOpen: true }, (near) => this.#accept(near, target));
    this.#server.listen(own);
  }

  change(network: NetworkStep["network"], byMs: number): string {
    const [refused, delayed] = [this.#refused, this.#delayed];
    this.#refused = this.#delayed = 0;
    this.#cut = network === "cut";
    this.#delayMs = network === "slow" ? byMs : 0;
    if (network === "slow") return `each piece comes ${byMs} ms later`;
    if (network === "heal") return `until now ${refused} connections were refused and ${delayed} pieces delayed`;
    const open = this.#open.size;
    this.#closeAll();
    return `${open} open connections were ended`;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#closeAll();
  }

  #closeAll(): void {
    for (const { near, far } of this.#open) {
      near.destroy();
      far.destroy();
    }
  }

  #accept(near: net.Socket, target: string): void {
    if (this.#cut) {
      this.#refused++;
      near.destroy();
      return;
    }
    const far = net.connect({ path: target, allowHalfOpen: true });
    const connection = { near, far };
    this.#open.add(connection);
    near.on("close", () => this.#open.delete(connection));
    this.#passOn(near, far);
    this.#passOn(far, near);
  }

  /** Pieces come one after another, each as late as the line is slow at that moment. */
  #passOn(from: net.Socket, to: net.Socket): void {
    const late = new Transform({
      transform: (chunk, _encoding, done) => {
        if (this.#delayMs === 0) return done(null, chunk);
        this.#delayed++;
        setTimeout(() => done(null, chunk), this.#delayMs);
      },
    });
    from.on("error", () => to.destroy()); // nobody listens there, or one end is gone without a word: so the other one notices
    from.pipe(late).pipe(to);
  }
}

interface Connection {
  readonly near: net.Socket;
  readonly far: net.Socket;
}
