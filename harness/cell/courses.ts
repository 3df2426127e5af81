// What points are told of each other: the courses of those that were booted, and what they foretell of a state that was not. See
// harness/crash/course.ts for why that holds. Here is what belongs to a cell: who looks besides the product's processes.
import { createHash } from "node:crypto";
import path from "node:path";
import { answerTo, Course, type FileTree, Hasher, leaveAlike } from "../crash/index.ts";
import type { Look, Probe, Product, Snapshot, TreeEntry } from "../model/index.ts";
import type { Cell } from "./cell.ts";
import { matchesGlob } from "./glob.ts";
import type { Sameness } from "./sameness.ts";
import { describedContent, stateOf, toldStates } from "./snapshot.ts";

/** One that was really booted, and those that went on from there. */
export interface Booted {
  readonly name: string;
  readonly course: Course;
  readonly rebooted: Foreseen;
  /** Their processes remember the same, for their boots were told the same. */
  readonly rests: Rest[];
}

/** What followed a boot, as it was really seen. */
export interface Rest {
  readonly name: string;
  readonly course: Course;
  readonly again: Foreseen;
  /** The boot that came before it. */
  readonly boot: Course;
  /** What was to be seen then, the tree apart. */
  readonly facts: string;
}

/** What would be seen. */
export interface Foreseen {
  readonly snapshot: Snapshot;
  readonly units: readonly TreeEntry[];
}

export interface Foretold {
  readonly boot: Booted;
  readonly rebooted: Foreseen;
  /** Where what follows is known, too. Without a snapshot all is as at that point. */
  readonly rest?: { readonly name: string; readonly again?: Foreseen; readonly of?: Rest };
}

export class Courses {
  readonly #cell: Cell;
  readonly #sameness: Sameness;
  readonly #hasher = new Hasher((bytes) => createHash("sha256").update(bytes).digest("hex"));
  readonly #booted: Booted[] = [];
  readonly #rests: Rest[] = [];
  /** Whether anything can be foretold here. */
  readonly #able: boolean;

  constructor(cell: Cell, sameness: Sameness) {
    const { job } = cell.place;
    this.#cell = cell;
    this.#sameness = sameness;
    const { hosts, companions, facts, consistency } = job.product;
    const alone = hosts === undefined && companions.length === 0 && consistency.length === 0 && Object.keys(facts).length === 0;
    // a condition – a small disk, another time – is something that processes are told without a look at a file
    this.#able =
      cell.recorder !== undefined &&
      job.script.conditions === undefined &&
      alone &&
      probesOf(job.product).every((probe) => !("sqlite" in probe));
    if (this.#able) this.#followAll();
  }

  /** Every command of the product is followed, those too that only ask it something. */
  #followAll(): void {
    const { place, recorder } = this.#cell;
    const { ground } = place;
    const { limited } = ground;
    ground.limited = (argv) => recorder?.joined(limited(argv)) ?? argv;
    ground.started = ground.limited;
  }

  /** From now on counts what happens. */
  async begin(): Promise<void> {
    if (this.#able) await this.#cell.recorder?.since("begin");
  }

  /**
   * A point was booted, and what follows begins.
   * @param like the point from which it was foretold already
   */
  async booted(name: string, start: FileTree, rebooted: Foreseen, like: Booted | undefined): Promise<Booted | undefined> {
    const course = await this.#course(start, rebooted);
    if (course === undefined) return undefined;
    if (like !== undefined) return { name, course, rebooted, rests: like.rests };
    const booted: Booted = { name, course, rebooted, rests: [] };
    this.#booted.unshift(booted); // the next state is likely to be like the latest
    return booted;
  }

  /** What followed upon a boot is over. */
  async ended(name: string, booted: Booted | undefined, again: Foreseen): Promise<void> {
    if (booted === undefined) return;
    const course = await this.#course(booted.course.end, again);
    if (course === undefined) return;
    const facts = this.#facts(booted.rebooted.snapshot, booted.course.end);
    const rest = { name, course, again, boot: booted.course, facts };
    booted.rests.unshift(rest);
    this.#rests.unshift(rest);
  }

  /**
   * What is known of a state that was not booted; undefined: nothing.
   * @param known the point that went on from what is seen after a boot
   */
  foretell(start: FileTree, known: (seen: Foreseen) => string | undefined): Foretold | undefined {
    for (const boot of this.#booted) {
      const tree = boot.course.from(start);
      if (tree === undefined) continue;
      const rebooted = this.foreseen(boot.rebooted.snapshot, tree);
      const name = known(rebooted);
      return { boot, rebooted, ...(name === undefined ? this.restOf(boot, tree) : { rest: { name } }) };
    }
    return undefined;
  }

  /**
   * What follows a boot that came to a tree, where that is known. Of two boots that were told the same the processes remember the
   * same; of any others they do where everything is the same that either looked at, and all that can be seen but the tree.
   */
  restOf({ rests, course: boot, rebooted }: Booted, tree: FileTree): Pick<Foretold, "rest"> {
    const facts = this.#facts(rebooted.snapshot, tree);
    const others = this.#rests.filter(
      (rest) => !rests.includes(rest) && rest.facts === facts && leaveAlike(boot, rest.boot, tree, rest.course.start, this.#hasher),
    );
    for (const rest of [...rests, ...others]) {
      const end = rest.course.from(tree);
      if (end !== undefined) return { rest: { name: rest.name, again: this.foreseen(rest.again.snapshot, end), of: rest } };
    }
    return {};
  }

  /** What would be seen of a tree, all else being as it was somewhere else. */
  foreseen(like: Snapshot, tree: FileTree): Foreseen {
    return { snapshot: this.#snapshot(like, tree), units: this.#entries(tree, this.#cell.place.units) };
  }

  /** In words, what came otherwise than it was foretold. */
  difference(foretold: Foreseen, came: Foreseen): string | undefined {
    const expected = this.#sameness.factsOf(lasting(foretold.snapshot), foretold.units);
    const found = this.#sameness.factsOf(lasting(came.snapshot), came.units);
    const missing = expected.find((fact) => !found.includes(fact));
    const extra = found.find((fact) => !expected.includes(fact));
    return missing === undefined && extra === undefined ? undefined : `${told(extra)} in place of ${told(missing)}`;
  }

  #facts(snapshot: Snapshot, tree: FileTree): string {
    const { units } = this.#cell.place;
    const key = this.#sameness.keyOf({ ...snapshot, tree: [] }, []);
    return `${key} ${answerTo(tree, { look: "tree", path: units }, this.#hasher)}`;
  }

  /**
   * What happened since the last one; undefined: not all of it could be followed. A course counts only where it leads to what was
   * really seen: an operation that was under way at that moment may be in it or not.
   */
  async #course(start: FileTree, seen: Foreseen): Promise<Course | undefined> {
    if (!this.#able) return undefined;
    const happened = await this.#cell.recorder?.since("course");
    if (happened === undefined || happened.notes.some(({ note }) => note === "unseen")) return undefined;
    const { place } = this.#cell;
    const active = place.job.product.active?.path;
    // a snapshot looks, too: where the pointer leads
    const looked: Look[] = active === undefined ? [] : [{ look: "entry", path: path.join(place.root, active) }];
    const events = [...happened.events, ...looked];
    const course = new Course(start, { events, data: happened.data }, { hasher: this.#hasher, watched: (tree) => this.#watched(tree) });
    if (course.problem !== undefined) return undefined;
    return this.difference(this.foreseen(seen.snapshot, course.end), seen) === undefined ? course : undefined;
  }

  /** What the service manager and the monitor see without being followed: units, and files that tell of an upgrade or of health. */
  #watched(tree: FileTree): string {
    const { place } = this.#cell;
    const { product } = place.job;
    const globs = [...product.upgrade.busy, ...probesOf(product)].flatMap((sign) => ("file" in sign ? [sign.file] : []));
    const units = answerTo(tree, { look: "tree", path: place.units }, this.#hasher);
    if (globs.length === 0) return units;
    const files = this.#entries(tree, place.root).filter((entry) => globs.some((glob) => matchesGlob(entry.path, glob)));
    return JSON.stringify([units, files]);
  }

  /** As the other's, with what of it a tree decides. */
  #snapshot({ unparsed: _unparsed, ...like }: Snapshot, tree: FileTree): Snapshot {
    const { place } = this.#cell;
    const entries = this.#entries(tree, place.root);
    const globs = place.job.product.state;
    const states = tree.files().flatMap(({ path: full, type, content }) => {
      const relative = path.relative(place.root, full);
      if (type !== "file" || !globs.some((glob) => matchesGlob(relative, glob))) return [];
      return [{ path: relative, ...stateOf(relative, Buffer.from(content ?? new Uint8Array(0))) }];
    });
    const { unreadable, unparsed } = toldStates(states);
    return {
      ...like,
      tree: entries,
      unreadable,
      ...(unparsed.length === 0 ? {} : { unparsed }),
      diskBytes: entries.reduce((sum, { size = 0 }) => sum + size, 0),
    };
  }

  /** As a snapshot has them. */
  #entries(tree: FileTree, root: string): TreeEntry[] {
    const entries = tree.files().flatMap(({ path: full, type, mode, uid, gid, target, content }): TreeEntry[] => {
      if (full !== root && !full.startsWith(`${root}/`)) return [];
      const common = { path: full === root ? "." : full.slice(root.length + 1), type };
      const owner = `${uid}:${gid}`;
      if (type === "link") return [{ ...common, owner, target: target ?? "" }];
      const rights = { ...common, mode: mode ?? "0", owner };
      return [type === "file" ? { ...rights, ...describedContent(Buffer.from(content ?? new Uint8Array(0))) } : rights];
    });
    return entries.sort((one, other) => (one.path < other.path ? -1 : 1));
  }
}

/** A fact may hold all of a file. */
function told(fact = "nothing"): string {
  return fact.length > MOST_TOLD ? `${fact.slice(0, MOST_TOLD)}…` : fact;
}

const MOST_TOLD = 200;

/** Where nothing is well, a service may crash and be started over and over: what of it is seen is chance. */
function lasting(snapshot: Snapshot): Snapshot {
  return snapshot.healthy ? snapshot : { ...snapshot, version: null, processes: [] };
}

/** What is asked of the product and of its services. */
function probesOf({ version, health, services }: Product): Probe[] {
  const own = services.flatMap((service) => [service.version, service.health]);
  return [version, health, ...own].filter((probe) => probe !== undefined);
}
