// Sends one request of the product's interface many times at once, and counts how each was answered.
import http from "node:http";
import type { ProductRequest } from "../model/index.ts";
import { NOTHING, type Place, type Target } from "./place.ts";
import { whereIs } from "./probe.ts";

/** How many different unclear answers are told in words. */
const TOLD = 5;
const TOLD_LETTERS = 120;

export interface Burst {
  readonly statuses: Readonly<Record<string, number>>;
  readonly unanswered: number;
  readonly unclear: readonly string[];
}

/** @param target what is the same for all of them */
export async function sendBurst(
  request: ProductRequest,
  place: Place,
  how: { readonly count: number; readonly parallel: number; readonly deadlineMs: number; readonly target?: Target },
): Promise<Burst> {
  const { hosts } = place.ground;
  const agent = new http.Agent({ keepAlive: true, maxSockets: how.parallel });
  const statuses: Record<string, number> = {};
  const unclear = new Map<string, number>();
  let unanswered = 0;
  let sent = 0;
  const sendOn = async (): Promise<void> => {
    while (sent < how.count) {
      const n = ++sent;
      const answer = await send(
        request,
        place,
        { ...NOTHING, ...how.target, n, host: hosts[(n - 1) % hosts.length] },
        { agent, deadlineMs: how.deadlineMs },
      );
      if (answer === undefined) {
        unanswered++;
        continue;
      }
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      const wrong = problemOf(request, answer);
      if (wrong !== undefined) unclear.set(wrong, (unclear.get(wrong) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(how.parallel, how.count) }, sendOn));
  agent.destroy();
  return { statuses, unanswered, unclear: told(unclear) };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function send(
  { http: url, method, body }: ProductRequest,
  place: Place,
  target: Target,
  { agent, deadlineMs }: { readonly agent: http.Agent; readonly deadlineMs: number },
): Promise<Answer | undefined> {
  const where = whereIs(place.fill(url, target));
  const content = body === undefined ? undefined : place.fill(body, target);
  const headers = content === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(content) };
  return new Promise((resolve) => {
    const options: http.RequestOptions = { method, agent, headers, signal: AbortSignal.timeout(deadlineMs) };
    const heard = (response: http.IncomingMessage): void => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", () => resolve(undefined)); // cut off: half an answer is none
    };
    const request = typeof where === "string" ? http.request(where, options, heard) : http.request({ ...where, ...options }, heard);
    request.on("error", () => resolve(undefined)); // nobody listens, or the time is up
    request.end(content);
  });
}

/** What is unclear about an answer: neither taken on nor put off, or put off without a word why. */
function problemOf({ accepted, throttled }: ProductRequest, { status, text }: Answer): string | undefined {
  if (accepted.includes(status)) return undefined;
  if (!throttled.includes(status)) return `${status}: ${text.trim().slice(0, TOLD_LETTERS)}`;
  return text.trim() === "" ? `${status} without a word why` : undefined;
}

function told(unclear: ReadonlyMap<string, number>): string[] {
  const all = [...unclear].map(([answer, times]) => (times === 1 ? answer : `${answer} (${times} times)`));
  return all.length <= TOLD ? all : [...all.slice(0, TOLD), `and ${all.length - TOLD} other ones`];
}
