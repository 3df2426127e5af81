// What happened from a state on: every look and every operation of all processes, in one order. A process does what it does
// because of what it was told. So where the same looks would be told the same in another state, everybody does the same there,
// and what that leads to is known without doing it: the operations, carried out on that state. Two things that consist of several
// calls are taken as one, because less is told by them than by each call: removing a folder (removal.ts), making a file (making.ts).
import type { Look, Operation } from "../model/index.ts";
import type { Hasher } from "./content.ts";
import { answerTo, answerToMaking, answerToRemoval, type MakingAnswer, type RemovalAnswer } from "./look.ts";
import { type Making, withMakings } from "./making.ts";
import { type Removal, withRemovals } from "./removal.ts";
import { Teller } from "./story.ts";
import type { FileTree } from "./tree.ts";

export interface Happened {
  readonly events: readonly (Operation | Look)[];
  /** The bytes that operations refer to. */
  readonly data: Uint8Array;
}

export interface CourseOptions {
  readonly hasher: Hasher;
  /** What somebody sees of a tree whose looks are not recorded: equal where it looks the same to him. He may look at any time. */
  readonly watched: (tree: FileTree) => string;
}

/**
 * A course, ready to be compared with. By induction it holds for another state whose looks have the same answers: up to each
 * call every process was told the same, so it makes the same call next; a look is told the same by comparison, and an operation
 * does the same, for what decides whether it succeeds – its path, and what is there – was looked at, too. What differs is what
 * nobody looked at, and it stays as it is, or goes where the operations carry it.
 * Not held for equal: clocks, process numbers and chance. They differ as well between two boots of one state.
 */
export class Course {
  readonly #happened: Told;
  readonly #options: CourseOptions;
  readonly #answers: readonly Answer[];
  /** What it began with. */
  readonly start: FileTree;
  /** What it came to. */
  readonly end: FileTree;
  /** In words, what of it the state that it began with does not explain: such a course cannot be compared with. */
  readonly problem: string | undefined;

  /** @param start the state that it began with; not changed */
  constructor(start: FileTree, happened: Happened, options: CourseOptions) {
    this.#happened = { events: withMakings(withRemovals(happened.events)), data: happened.data };
    this.#options = options;
    this.start = start;
    const answers: Answer[] = [];
    const played = play(start, this.#happened, options, (answer) => answers.push(answer) > 0);
    this.#answers = answers;
    this.end = played.tree;
    this.problem = played.problem;
  }

  /** Each once. */
  get looks(): readonly Look[] {
    const looks = this.#happened.events.filter((event) => "look" in event);
    return [...new Map(looks.map(({ pid: _pid, ...look }) => [JSON.stringify(look), look])).values()];
  }

  /** What it would come to from another state; undefined: somebody would be told something else on the way. */
  from(start: FileTree): FileTree | undefined {
    if (this.problem !== undefined) return undefined;
    const { tree, differs, problem } = play(start, this.#happened, this.#options, (answer, index) => isTold(this.#answers[index], answer));
    return differs || problem !== undefined ? undefined : tree;
  }
}

/** Whether all that was looked at in either course is the same in what they came to: then nobody remembers what differs there. */
export function leaveAlike(one: Course, other: Course, tree: FileTree, otherTree: FileTree, hasher: Hasher): boolean {
  const alike = (look: Look): boolean => answerTo(tree, look, hasher) === answerTo(otherTree, look, hasher);
  return one.looks.every(alike) && other.looks.every(alike);
}

/** What happened, with what belongs together told as one. */
interface Told {
  readonly events: readonly (Operation | Look | Removal | Making)[];
  readonly data: Uint8Array;
}

type Answer = string | RemovalAnswer | MakingAnswer;

/**
 * Whether who was told one thing would do the same when told the other: who removes things removes fewer of them as well, and who
 * makes a file writes to one that is like it as well.
 */
function isTold(known: Answer | undefined, other: Answer): boolean {
  if (known === undefined || typeof known === "string" || typeof other === "string") return known === other;
  if (known.way !== other.way) return false;
  if ("kinds" in known && "kinds" in other) return [...other.kinds].every((kind) => known.kinds.has(kind));
  return "born" in known && "born" in other && (other.found === undefined || other.found === known.born);
}

interface Played {
  readonly tree: FileTree;
  readonly differs: boolean;
  readonly problem: string | undefined;
}

/** @param heard told each answer in turn; false ends it */
function play(
  start: FileTree,
  { events, data }: Told,
  { hasher, watched }: CourseOptions,
  heard: (answer: Answer, index: number) => boolean,
): Played {
  let tree = start;
  let teller: Teller | undefined;
  let index = 0;
  const tells = (answer: Answer): boolean => heard(answer, index++);
  const differs = { differs: true, problem: undefined };
  if (!tells(watched(tree))) return { tree, ...differs };
  for (const event of events) {
    if ("look" in event) {
      if (!tells(answerTo(tree, event, hasher))) return { tree, ...differs };
      continue;
    }
    if ("removal" in event && !tells(answerToRemoval(tree, event.removal))) return { tree, ...differs };
    const made = "making" in event ? answerToMaking(tree, event.making.path, event.rights) : undefined;
    if (made !== undefined && !tells(made)) return { tree, ...differs };
    if (teller === undefined) {
      tree = start.copy(); // most states differ before anything is done
      teller = new Teller(tree, { notes: [], data });
    }
    const operation = "removal" in event ? event.last : "making" in event ? opened(event, made?.found !== undefined) : event;
    if (operation === undefined) continue;
    teller.tell(operation);
    // only names bring something to a place that was not written there before everybody's eyes
    if ((operation.op === "rename" || operation.op === "link") && !tells(watched(tree))) return { tree, ...differs };
  }
  return { tree: tree === start ? start.copy() : tree, differs: false, problem: teller?.unfollowed[0] };
}

/** What opening a file does where there is one already; undefined: nothing. */
function opened({ making, create }: Making, found: boolean): Operation | undefined {
  if (!found) return create;
  return making.anew === true ? { k: create.k, pid: create.pid, path: create.path, op: "truncate", size: 0 } : undefined;
}
