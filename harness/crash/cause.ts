// Why a path is broken in a crash state, in one line: which operation left it so, and what was missing.
import type { CrashVariant, Operation, Recording } from "../model/index.ts";
import { bytesOf } from "./content.ts";
import { find, type Found } from "./find.ts";
import { treeOf } from "./states.ts";
import { storyOf, type Story } from "./story.ts";
import type { FileTree, Inode } from "./tree.ts";
import { lastOf, tellOperation } from "./wording.ts";

export interface CrashedState {
  readonly k: number;
  readonly variant: CrashVariant;
  readonly drop?: number;
}

interface Case {
  readonly story: Story;
  readonly state: CrashedState;
  readonly left: FileTree;
  /** What the system saw when it crashed; the same as `left` after a kill. */
  readonly seen: FileTree;
  readonly path: string;
}

/**
 * One line such as `agent is 0 bytes: written without fsync before rename at operation 207`.
 * @param path absolute, or relative to the first directory of the base
 */
export function causeOf(recording: Recording, state: CrashedState, path: string): string {
  const story = storyOf(recording);
  const { k, variant, drop } = state;
  const left = treeOf(story, k, variant, drop);
  const seen = treeOf(story, k, "kill");
  const absolute = path.startsWith("/") ? path : `${recording.base[0]?.path ?? ""}/${path}`;
  return `${lastOf(path)} ${tell({ story, state, left, seen, path: absolute })}`;
}

function tell(told: Case): string {
  const found = find(told.left, told.path, false);
  if (found.inode === undefined) {
    const leads = found.link === undefined || find(told.left, found.link, true).inode !== undefined;
    return leads ? missing(told, found) : `is not there: ${lastOf(found.link)} ${tell({ ...told, path: found.link })}`;
  }
  if (found.inode.type === "link" && find(told.left, told.path, true).inode === undefined) return dangling(told, found, found.inode);
  const whole = find(told.left, told.path, true);
  return whole.inode?.type === "file" ? file(told, whole, whole.inode) : asLeft(told, found);
}

/** It has no name in what is left. `gap`: the first part of the path that is not there. */
function missing(told: Case, gap: Found): string {
  const { seen, path, state } = told;
  const there = find(seen, gap.path, false);
  const events = namings(told, there);
  const before = events.filter(({ operation }) => operation.k <= state.k);
  const whose = (verb: string): string => (lastOf(path) === lastOf(gap.path) ? "" : `${lastOf(gap.path)} ${verb}`);
  if (there.inode !== undefined) {
    const given = before.at(-1);
    const what =
      given === undefined ? "what it was in was lost" : `${given.operation.op} at operation ${given.operation.k} ${notDurable(told)}`;
    return `is not there: ${whose("is missing, ")}${what}`;
  }
  const removed = before.findLast(({ inode }) => inode === null);
  const made = events.find(({ operation, inode }) => operation.k > state.k && inode !== null);
  if (removed !== undefined && made !== undefined)
    return `is not there: ${whose("is away, ")}${between(told, removed.operation, made.operation)}`;
  if (made !== undefined) return `is not there yet: ${whose("is ")}made by ${made.operation.op} at operation ${made.operation.k}`;
  if (removed !== undefined) return `is not there: ${whose("is ")}gone since ${removed.operation.op} at operation ${removed.operation.k}`;
  return "is not there, and never was";
}

function dangling(told: Case, found: Found, link: Inode): string {
  const { state, seen, path } = told;
  const turned = namings(told, found).findLast(({ operation, inode }) => operation.k <= state.k && inode === link.id);
  const when =
    turned === undefined
      ? "so since before"
      : `${turned.operation.op === "rename" ? "renamed" : "made"} at operation ${turned.operation.k}`;
  const gap = find(told.left, path, true);
  const why =
    find(seen, path, true).inode === undefined
      ? `${lastOf(gap.path)} ${missing({ ...told, path: gap.path }, gap)}`
      : "its target's files were not synced";
  const dropped = state.variant === "drop-one" ? notDurable(told) : why;
  return `points to ${link.target} that is not there: ${when}, ${dropped}`;
}

function file(told: Case, found: Found, inode: Inode): string {
  const there = find(told.seen, found.path, false).inode;
  const size = inode.content.size === 0 ? "is 0 bytes" : undefined;
  if (there !== undefined && there.id !== inode.id) {
    const given = namings(told, find(told.seen, found.path, false)).findLast(({ operation }) => operation.k <= told.state.k);
    const what =
      given === undefined ? "what replaced it was lost" : `${given.operation.op} at operation ${given.operation.k} ${notDurable(told)}`;
    return `${size ?? "is the old one"}: ${what}`;
  }
  if (there !== undefined && !sameBytes(there, inode))
    return behind(told, found, inode, size ?? `has ${inode.content.size} of ${there.content.size} bytes`);
  const changes = [...namings(told, found).filter(({ inode: id }) => id === inode.id), ...writings(told, inode)].sort(
    (one, other) => one.operation.k - other.operation.k,
  );
  const before = changes.findLast(({ operation }) => operation.k <= told.state.k);
  const after = writings(told, inode).find(({ operation }) => operation.k > told.state.k);
  if (after !== undefined && before !== undefined)
    return `${size ?? "is half written"}: ${between(told, before.operation, after.operation)}`;
  if (before === undefined) return size === undefined ? "is as before the first operation" : "is 0 bytes, as before the first operation";
  return `${size ?? "is"} as ${before.operation.op} at operation ${before.operation.k} left it`;
}

/** Its data is not as the running system saw it. */
function behind(told: Case, found: Found, inode: Inode, what: string): string {
  const { state } = told;
  if (state.variant === "drop-one") return `${what}: ${notDurable(told)}`;
  const wrote = writings(told, inode).findLast(({ operation }) => operation.k <= state.k);
  const named = namings(told, found).findLast(
    ({ operation, inode: id }) => operation.k <= state.k && id === inode.id && operation.op === "rename",
  );
  const verb = wrote?.operation.op === "truncate" ? "cut" : "written";
  if (named !== undefined && wrote !== undefined && named.operation.k > wrote.operation.k)
    return `${what}: ${verb} without fsync before rename at operation ${named.operation.k}`;
  return `${what}: ${verb} without fsync${wrote === undefined ? "" : ` at operation ${wrote.operation.k}`}`;
}

function asLeft(told: Case, found: Found): string {
  const given = namings(told, found).findLast(({ operation, inode }) => operation.k <= told.state.k && inode === found.inode?.id);
  return given === undefined ? "is as before the first operation" : `is as ${given.operation.op} at operation ${given.operation.k} left it`;
}

interface Event {
  readonly operation: Operation;
  readonly inode: number | null;
}

/** Everything that gave a name of a directory a new meaning, or took it away. */
function namings({ story }: Case, { directory, name }: Found): Event[] {
  return story.steps.flatMap(({ operation, effects }) =>
    effects
      .flatMap((effect) => (effect.kind === "entries" ? effect.entries : []))
      .filter((entry) => entry.directory === directory.id && entry.name === name)
      .map(({ inode }) => ({ operation, inode })),
  );
}

/** Everything that changed the content of a file. */
function writings({ story }: Case, { id }: Inode): Event[] {
  return story.steps
    .filter(({ effects }) =>
      effects.some((effect) => (effect.kind === "write" || effect.kind === "resize" || effect.kind === "allocate") && effect.inode === id),
    )
    .map(({ operation }) => ({ operation, inode: id }));
}

function between({ state }: Case, before: Operation, after: Operation): string {
  const crash = state.variant === "kill" ? "killed" : "power lost";
  return `${crash} between ${before.op} ${before.k} and ${after.op === before.op ? "" : `${after.op} `}${after.k}`;
}

function notDurable({ state, story }: Case): string {
  const dropped = story.steps.find(({ operation }) => operation.k === state.drop)?.operation;
  if (state.variant === "drop-one" && dropped !== undefined) return `operation ${dropped.k}, ${tellOperation(dropped)}, was lost`;
  return state.variant === "ext4-nothing-unsynced" ? "was followed by no sync" : "was not made durable by a sync of its directory";
}

function sameBytes(one: Inode, other: Inode): boolean {
  if (one.content === other.content) return true;
  if (one.content.size !== other.content.size) return false;
  const bytes = bytesOf(other.content);
  return bytesOf(one.content).every((byte, index) => byte === bytes[index]);
}
