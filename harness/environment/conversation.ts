// The conversation with one cell program, the same in every environment: the job goes in, observations come out, and a
// deadline, an interrupt or a silent program ends it. Hides NDJSON, the words "continue" and "stop", and all timers.
import type { CellEnd, CellJob, Observation } from "../model/index.ts";
import { reasonOf, shellLine, type CellRequest } from "./types.ts";

/** A started cell program, as its environment offers it. */
export interface CellChannel {
  send(line: string): void;
  /** Ends every process of the cell at once. */
  kill(): void;
  /** Opens an interactive shell beside the program. */
  readonly enter: readonly string[];
  /** How to remove a kept cell. */
  readonly remove: string;
  readonly exited: Promise<ChannelExit>;
  /** Removes what the cell left behind, and says what that was; with `keep` it stays. */
  close(keep: boolean): Promise<readonly string[]>;
}

export interface ChannelExit {
  /** In words, such as `exit code 1`. */
  readonly how: string;
  /** Set when not the program but its environment ended. */
  readonly lost?: string;
}

export interface ChannelEvents {
  line(text: string): void;
  error(text: string): void;
}

export type StartCell = (events: ChannelEvents) => Promise<CellChannel>;

/** How long things may take; only tests ask for others. */
export interface Patience {
  /** What the cell program may overrun its own deadline before it is told to stop. */
  readonly slackMs: number;
  /** From "stop", or from its last observation, until the program is killed. */
  readonly graceMs: number;
  /** From the kill until the environment itself counts as lost. */
  readonly killMs: number;
}

export const PATIENCE: Patience = { slackMs: 5000, graceMs: 3000, killMs: 15_000 };

const MAX_ERROR_LINES = 200;
const LAST_WORDS = 6;

/** Runs a cell to its end. Observes everything, the end included, and returns that end. */
export async function converse(start: StartCell, job: CellJob, request: CellRequest, patience: Patience): Promise<CellEnd> {
  const began = performance.now();
  const clock = () => Math.round(performance.now() - began);
  const conversation = new Conversation(request, patience, clock);
  const end = await conversation.run(start, job);
  request.observe({ t: clock(), kind: "end", end });
  return end;
}

class Conversation {
  readonly #request: CellRequest;
  readonly #patience: Patience;
  readonly #clock: () => number;
  readonly #errors: string[] = [];
  readonly #givenUp = Promise.withResolvers<ChannelExit>();
  #channel: CellChannel | undefined;
  #ended: CellEnd | undefined;
  #stopped: "deadline" | "interrupted" | undefined;
  #overstayed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: CellRequest, patience: Patience, clock: () => number) {
    this.#request = request;
    this.#patience = patience;
    this.#clock = clock;
  }

  async run(start: StartCell, job: CellJob): Promise<CellEnd> {
    const { signal } = this.#request;
    if (signal.aborted) return { how: "interrupted", detail: "Interrupted before it began", leaks: [] };
    const interrupt = () => this.#stop("interrupted");
    try {
      const channel = await start({ line: (text) => this.#line(text), error: (text) => this.#error(text) });
      this.#channel = channel;
      signal.addEventListener("abort", interrupt, { once: true });
      channel.send(JSON.stringify(job));
      this.#armDeadline();
      if (signal.aborted) interrupt();
      const exit = await Promise.race([channel.exited, this.#givenUp.promise]);
      this.#arm(undefined);
      return await this.#finish(channel, exit);
    } catch (error) {
      return { how: this.#stopped ?? "lost", detail: `Cannot run the cell: ${reasonOf(error)}`, leaks: [] };
    } finally {
      this.#arm(undefined);
      signal.removeEventListener("abort", interrupt);
    }
  }

  async #finish(channel: CellChannel, exit: ChannelExit): Promise<CellEnd> {
    const { shell, onBreak, keep } = this.#request;
    if (shell === true && exit.lost === undefined && this.#stopped !== "interrupted") {
      await onBreak?.(channel.enter).catch((error: unknown) => this.#problem(`Cannot open a shell: ${reasonOf(error)}`));
    }
    const stands = keep === true && exit.lost === undefined;
    const closing = Promise.race([channel.close(stands), after(this.#patience.killMs)]);
    const leaks = (await closing.catch((error: unknown) => [`Cannot clean up: ${reasonOf(error)}`])) ?? [
      "Cannot clean up: the environment does not answer",
    ];
    const end = this.#verdict(exit);
    const kept = stands ? ` · kept: enter with ${shellLine(channel.enter)}, remove with ${channel.remove}` : "";
    const overstayed = this.#overstayed ? ["The cell program did not exit after its last observation"] : [];
    return { how: end.how, detail: `${end.detail}${kept}`, leaks: [...end.leaks, ...overstayed, ...leaks] };
  }

  #verdict(exit: ChannelExit): CellEnd {
    if (exit.lost !== undefined && this.#ended === undefined) return { how: this.#stopped ?? "lost", detail: exit.lost, leaks: [] };
    if (this.#stopped === "deadline") {
      const limit = this.#request.job.limits.cellMs + this.#patience.slackMs;
      return { how: "deadline", detail: `Ended by force: it ran longer than ${limit} ms`, leaks: this.#ended?.leaks ?? [] };
    }
    if (this.#stopped === "interrupted") return { how: "interrupted", detail: "Interrupted", leaks: this.#ended?.leaks ?? [] };
    if (this.#ended !== undefined) return this.#ended;
    const words = this.#errors.filter((line) => !/^\s+at /.test(line)).slice(-LAST_WORDS); // the stack stands among the observations
    const said = words.length === 0 ? "" : `: ${words.join(" | ")}`;
    return { how: "lost", detail: `The cell program ended without a last observation (${exit.how})${said}`, leaks: [] };
  }

  #line(text: string): void {
    if (text.trim() === "" || this.#ended !== undefined) return;
    const observation = parseObservation(text);
    if (observation === undefined) return this.#problem(`Not an observation: ${text.slice(0, 500)}`);
    if (observation.kind === "end") {
      this.#ended = observation.end;
      this.#arm(this.#patience.graceMs, () => this.#overstay());
      return;
    }
    this.#request.observe(observation);
    if (observation.kind === "problem" && observation.message.startsWith("break:")) void this.#break();
  }

  #error(text: string): void {
    if (text.trim() === "" || this.#errors.length >= MAX_ERROR_LINES) return;
    this.#errors.push(text);
    this.#problem(this.#errors.length === MAX_ERROR_LINES ? "More lines on standard error were left out" : text);
  }

  #problem(message: string): void {
    this.#request.observe({ t: this.#clock(), kind: "problem", message });
  }

  /** The person in the shell has all the time of the world: the deadline begins anew afterwards. */
  async #break(): Promise<void> {
    this.#arm(undefined);
    try {
      if (this.#channel !== undefined) await this.#request.onBreak?.(this.#channel.enter);
    } catch (error) {
      this.#problem(`Cannot open a shell: ${reasonOf(error)}`);
    }
    if (this.#stopped !== undefined || this.#ended !== undefined) return;
    this.#channel?.send("continue");
    this.#armDeadline();
  }

  #stop(reason: "deadline" | "interrupted"): void {
    if (this.#stopped !== undefined || this.#ended !== undefined) return;
    this.#stopped = reason;
    this.#channel?.send("stop");
    this.#arm(this.#patience.graceMs, () => this.#kill());
  }

  #overstay(): void {
    this.#overstayed = true;
    this.#kill();
  }

  #kill(): void {
    this.#channel?.kill();
    const lost = "The environment does not answer, not even to a kill. Look at `docker info`, then run `upmatrix clean`";
    this.#arm(this.#patience.killMs, () => this.#givenUp.resolve({ how: "no answer", lost }));
  }

  #armDeadline(): void {
    this.#arm(this.#request.job.limits.cellMs + this.#patience.slackMs, () => this.#stop("deadline"));
  }

  /** There is only ever one thing to wait for; setting the next replaces it. */
  #arm(ms: number | undefined, then: () => void = () => undefined): void {
    clearTimeout(this.#timer);
    this.#timer = ms === undefined ? undefined : setTimeout(then, ms);
  }
}

function parseObservation(text: string): Observation | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const whole = typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string" && "t" in value;
    return whole ? (value as Observation) : undefined; // written by our own cell program, typed on its side
  } catch {
    return undefined;
  }
}

async function after(ms: number): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  return undefined;
}
