// Check of how many hosts, and how many hosts' service of one name, are down or changing at once.
import type { CheckContext } from "../context.ts";
import { answerLines, gapsOf, type Line, livedIn } from "../answers.ts";
import type { Window } from "../upgrades.ts";
import { type Broken, type Check, defineCheck } from "./check.ts";

export const concurrency: Check = defineCheck(
  "concurrency",
  "No more hosts or services are down or changing at once than is allowed",
  (context): Broken[] => {
    const { concurrency: allowed } = context.cell.script;
    if (allowed === undefined) return [];
    const lines = answerLines(context.timeline, context.fleet);
    const all = allowed.hosts === undefined ? [] : tooMany(context, lines, "hosts", allowed.hosts);
    const services = Object.entries(allowed.services).flatMap(([name, most]) =>
      tooMany(
        context,
        lines.filter(({ service }) => service === name),
        `hosts' ${name}`,
        most,
      ),
    );
    return [...all, ...services];
  },
);

/** One finding about the moment of an upgrade when most were down. */
function tooMany(context: CheckContext, lines: readonly Line[], what: string, most: number): Broken[] {
  const byHost = Map.groupBy(lines, ({ host, member }) => host ?? member ?? "");
  return context.upgrades.flatMap(({ window, span }): Broken[] => {
    if (window === null) return [];
    const busy = [...byHost].flatMap(([host, own]) =>
      merged(own.flatMap((line) => busyTimes(context, line, window))).map((time) => ({ ...time, host })),
    );
    const worst = mostAtOnce(busy);
    if (worst.length <= most) return [];
    const expected = `at most ${most} of the ${what} down or changing at once`;
    return [{ path: null, expected, actual: `${worst.length}: ${worst.join(", ")}`, step: span.number }];
  });
}

/** When nothing healthy answers, and from the end of a service's process to the start of the next one. */
function busyTimes({ timeline, product }: CheckContext, line: Line, window: Window): Window[] {
  const units = product.services.filter(({ name }) => line.service === undefined || name === line.service).map(({ unit }) => unit);
  const names = new Set(units.map((unit) => (line.host === undefined ? unit : `${line.host}/${unit}`)));
  const restarts: Window[] = [];
  const ended = new Map<string, number>();
  for (const { t, service, event } of timeline.services) {
    if (!names.has(service)) continue;
    const since = ended.get(service);
    if (event !== "started") ended.set(service, since ?? t);
    else if (since !== undefined) {
      restarts.push({ start: Math.max(since, window.start), end: Math.min(t, window.end) });
      ended.delete(service);
    }
  }
  const lived = livedIn(line, window);
  const alive = restarts.filter((time) => time.start < time.end && lived.some(({ start, end }) => start <= time.start && time.end <= end));
  return [...gapsOf(line, window), ...alive];
}

/** Times that meet are one. */
function merged(times: readonly Window[]): Window[] {
  const result: Window[] = [];
  for (const time of times.toSorted((one, other) => one.start - other.start)) {
    const last = result.at(-1);
    if (last !== undefined && time.start <= last.end) result[result.length - 1] = { start: last.start, end: Math.max(last.end, time.end) };
    else result.push(time);
  }
  return result;
}

/** The names of those whose times have a moment in common, where most have. */
function mostAtOnce(times: readonly (Window & { readonly host: string })[]): string[] {
  let most: string[] = [];
  for (const { start } of times) {
    const then = times.filter((other) => other.start <= start && start < other.end).map(({ host }) => host);
    if (then.length > most.length) most = then;
  }
  return most;
}
