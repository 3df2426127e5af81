// Who lists a directory, removes all that it was told of, and then the directory, does not care what lay in it: it would have
// removed anything else of the kind as well. That is more than the calls alone say – a program might spare a name that it was never
// told – so it is held for true only of such things as a course shows being removed, and witnesses try it.
import type { Look, Operation } from "../model/index.ts";

/** Everything that one process did to remove a directory, from opening it to its end. */
export interface Removal {
  readonly removal: string;
  /** The call that took the directory itself away. */
  readonly last: Operation;
}

type Event = Operation | Look;

/**
 * The same events, those of a removal told as one, at the place of its last call. Others may have been at work meanwhile, elsewhere.
 * Of a single file that is looked at and removed at once, the size does not count either.
 */
export function withRemovals(events: readonly Event[]): (Event | Removal)[] {
  const happenings: (Event | Removal)[] = [];
  const taken = new Set<number>();
  for (let index = events.length - 1; index >= 0; index--) {
    const event = events[index];
    if (event === undefined || taken.has(index)) continue;
    const removal = "op" in event && event.op === "rmdir" && event.error === undefined ? removalBefore(events, index, event) : undefined;
    for (const part of removal?.parts ?? []) taken.add(part);
    happenings.push(removal?.removal ?? withoutSize(event, events, index));
  }
  return happenings.reverse();
}

/** Who only looks at something to remove it: how large it is did not decide that. */
function withoutSize(event: Event, events: readonly Event[], index: number): Event {
  if (!("look" in event) || event.look !== "stat") return event;
  const next = events.find((other, at) => at > index && other.pid === event.pid && !("look" in other && other.path === event.path));
  const removes = next !== undefined && "op" in next && next.op === "unlink" && next.path === event.path && next.error === undefined;
  return removes ? { ...event, look: "entry" } : event;
}

/** Goes back from the call that removed a directory to the one that opened it; undefined: something else was done on the way. */
function removalBefore(
  events: readonly Event[],
  end: number,
  last: Extract<Operation, { op: "unlink" | "rmdir" }>,
): { readonly removal: Removal; readonly parts: readonly number[] } | undefined {
  const parts: number[] = [];
  const directories = new Set([last.path]);
  const opened = new Set<string>();
  for (let index = end - 1; index >= 0; index--) {
    const event = events[index];
    if (event === undefined) return undefined;
    const inside = pathsOf(event).some((path) => isIn(last.path, path));
    if (event.pid !== last.pid) {
      if (inside) return undefined;
      continue;
    }
    if (!inside) return undefined;
    parts.push(index);
    if ("op" in event) {
      if (event.op !== "unlink" && event.op !== "rmdir") return undefined;
      if (event.op === "rmdir" && event.error === undefined) directories.add(event.path);
    } else if (event.look === "exec") return undefined;
    else if (event.look === "names") directories.add(event.path);
    else if (event.look === "content" || event.look === "directory") {
      if (event.look === "content") opened.add(event.path);
      if (event.path !== last.path) continue;
      const readsFile = [...opened].some((path) => !directories.has(path));
      return readsFile ? undefined : { removal: { removal: last.path, last }, parts };
    }
  }
  return undefined;
}

function pathsOf(event: Event): string[] {
  const paths = event.path === undefined ? [] : [event.path];
  return "to" in event ? [...paths, event.to] : paths;
}

function isIn(directory: string, path: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
