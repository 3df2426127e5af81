// The points of a sweep that share one cell: each begins with a state that a crash leaves, and a boot. What is known to go as it
// went at an earlier point is not done again: from the boot on, or after it.
import type { Course, FileTree } from "../crash/index.ts";
import type { Cut, SameAs, Snapshot, SnapshotLabel, Step } from "../model/index.ts";
import { type Cell, publishedBefore, watchedFolders } from "./cell.ts";
import { type Booted, Courses, type Foreseen, type Foretold } from "./courses.ts";
import { Restorer } from "./restore.ts";
import { Sameness } from "./sameness.ts";
import { readTree } from "./snapshot.ts";

/** The point that is under way. */
interface Current {
  readonly cut: Cut;
  readonly start: FileTree;
  readonly foretold: Foretold | undefined;
  booted: Booted | undefined;
  same: SameAs;
}

export class Points {
  readonly #cell: Cell;
  readonly #restorer: Restorer;
  readonly #courses: Courses;
  /** First index after the step that is cut off. */
  readonly #begin: number;
  readonly #witnesses: number;
  /** By what was to be seen after the boot, the point that went on from there. */
  readonly #known = new Map<string, string>();
  readonly #sameness: Sameness;
  readonly #latest = new Map<SnapshotLabel, Foreseen>();
  /** Those that were not booted, and what was foretold of them. */
  readonly #untried: { readonly cut: Cut; readonly foretold: Required<Foretold> }[] = [];
  #current: Current | undefined;

  constructor(cell: Cell) {
    const { points, script, product } = cell.place.job;
    if (points === undefined) throw new Error("Cannot take points: the job names none");
    this.#cell = cell;
    this.#witnesses = points.witnesses;
    this.#sameness = new Sameness(product);
    this.#restorer = new Restorer(points.recording, watchedFolders(cell.place));
    this.#courses = new Courses(cell, this.#sameness);
    this.#begin = script.steps.findIndex((step) => step.kind === "upgrade" && step.faults) + 1;
    const [, ...outside] = watchedFolders(cell.place); // what counts besides the tree: units, and all that companions have
    cell.observer.listen((seen) => {
      if (seen.kind === "snapshot")
        this.#latest.set(seen.label, { snapshot: seen.snapshot, units: outside.flatMap((folder) => readTree(folder)) });
    });
  }

  /** Returns the index of the step to go on with; undefined: all that follows is known, and was told. */
  async begin(cut: Cut): Promise<number | undefined> {
    const { observer } = this.#cell;
    observer.see({ kind: "point", name: cut.name, event: "started" });
    const start = this.#restorer.treeOf(cut);
    const foretold = this.#foretold(start);
    this.#current = { cut, start, foretold, booted: undefined, same: {} };
    if (foretold?.rest === undefined) return this.#cutOff(cut, start);
    this.#untried.push({ cut, foretold: { ...foretold, rest: foretold.rest } });
    this.#sayCutOff(cut, `${start.files().length} entries computed`);
    observer.see({ kind: "snapshot", label: "rebooted", snapshot: foretold.rebooted.snapshot });
    if (foretold.rest.again !== undefined) observer.see({ kind: "snapshot", label: "again", snapshot: foretold.rest.again.snapshot });
    this.#current.same = { boot: foretold.boot.name, rest: foretold.rest.name };
    return undefined;
  }

  /** Told each step that was taken: whether all that follows is known. */
  async isKnown(step: Step): Promise<boolean> {
    const { current } = { current: this.#current };
    if (current === undefined || step.kind !== "snapshot") return false;
    const seen = this.#latest.get(step.label);
    if (seen === undefined) return false;
    if (step.label === "again") await this.#courses.ended(current.cut.name, current.booted, seen.snapshot);
    if (step.label !== "rebooted") return false;
    const key = this.#keyOf(seen);
    const { foretold, cut, start } = current;
    current.booted = await this.#courses.booted(cut.name, start, seen.snapshot, foretold?.boot);
    if (foretold !== undefined)
      this.#tell(cut, foretold, this.#difference(foretold.rebooted, seen), [current.booted?.course, foretold.boot.course]);
    const known = this.#known.get(key);
    const { rest } =
      known === undefined && current.booted !== undefined ? this.#courses.restOf(current.booted, current.booted.course.end) : {};
    const name = known ?? rest?.name;
    if (name === undefined) this.#known.set(key, cut.name);
    else current.same = { rest: name };
    if (rest?.again !== undefined) this.#cell.observer.see({ kind: "snapshot", label: "again", snapshot: rest.again.snapshot });
    return name !== undefined;
  }

  end(): void {
    const { current } = { current: this.#current };
    if (current === undefined) return;
    const { cut, same } = current;
    this.#cell.observer.see({ kind: "point", name: cut.name, event: "ended", how: "complete", same });
  }

  /**
   * Some of the points that were foretold, to be booted all the same: the same ones for the same states.
   */
  witnesses(): Cut[] {
    const chosen = this.#untried.toSorted((one, other) => (one.cut.digest < other.cut.digest ? -1 : 1));
    return chosen.slice(0, this.#witnesses).map(({ cut }) => cut);
  }

  /** Begins a witness. */
  beginWitness(cut: Cut): Promise<number> {
    const start = this.#restorer.treeOf(cut);
    const foretold = this.#untried.find((one) => one.cut === cut)?.foretold;
    this.#current = { cut, start, foretold, booted: undefined, same: {} };
    return this.#cutOff(cut, start);
  }

  /** Told each step of a witness that was taken: compares what came with what was foretold. Whether it is enough. */
  async isRefuted(step: Step): Promise<boolean> {
    const { current } = { current: this.#current };
    const seen = step.kind === "snapshot" ? this.#latest.get(step.label) : undefined;
    if (current?.foretold === undefined || seen === undefined) return false;
    const { cut, start, foretold } = current;
    if (seen === this.#latest.get("again")) {
      const rest = await this.#courses.ended(cut.name, current.booted, seen.snapshot);
      this.#tell(cut, foretold, this.#difference(foretold.rest?.again, seen), [rest, foretold.rest?.course]);
      return true;
    }
    current.booted = await this.#courses.booted(cut.name, start, seen.snapshot, foretold.boot);
    const problem = this.#difference(foretold.rebooted, seen);
    if (problem !== undefined) this.#tell(cut, foretold, problem, [current.booted?.course, foretold.boot.course]);
    return problem !== undefined;
  }

  /** In words, what came otherwise than it was foretold. */
  #difference(foretold: Foreseen | undefined, came: Foreseen | undefined): string | undefined {
    if (foretold === undefined) return undefined;
    if (came === undefined) return "nothing to look at";
    const expected = this.#sameness.factsOf(lasting(foretold.snapshot), foretold.units);
    const found = this.#sameness.factsOf(lasting(came.snapshot), came.units);
    const missing = expected.find((fact) => !found.includes(fact));
    const extra = found.find((fact) => !expected.includes(fact));
    return missing === undefined && extra === undefined ? undefined : `${extra ?? "nothing"} in place of ${missing ?? "nothing"}`;
  }

  #foretold(start: FileTree): Foretold | undefined {
    return this.#courses.foretell(start, (seen) => this.#known.get(this.#keyOf(seen)));
  }

  /** What a really booted point says of the foretelling: it came so, or could have come so, or else the foretelling is wrong. */
  #tell(cut: Cut, { boot }: Foretold, problem: string | undefined, [came, known]: readonly (Course | undefined)[]): void {
    const chance = problem !== undefined && known !== undefined && came?.from(known.start) !== undefined;
    this.#cell.observer.see({ kind: "witness", point: cut.name, like: boot.name, problem: problem ?? null, chance });
  }

  #keyOf({ snapshot, units }: Foreseen): string {
    return this.#sameness.keyOf(snapshot, units);
  }

  /** Cuts the power and restores the state. */
  async #cutOff(cut: Cut, start: FileTree): Promise<number> {
    const { place, server } = this.#cell;
    await this.#cell.powerOff();
    for (const artifact of publishedBefore(place.job)) server.publish(artifact);
    const entries = this.#restorer.restore(start);
    this.#sayCutOff(cut, `${entries} entries restored`);
    await this.#courses.begin();
    return this.#begin;
  }

  #sayCutOff({ sentence }: Cut, how: string): void {
    const { observer } = this.#cell;
    observer.see({ kind: "fault", fault: 0, event: "fired", evidence: `${sentence}; ${how}` });
    observer.see({ kind: "step", step: this.#begin, event: "ended", ok: true, message: `cut off: ${sentence}` });
  }
}

/** Where nothing is well, a service may crash and be started over and over: what of it is seen is chance. */
function lasting(snapshot: Snapshot): Snapshot {
  return snapshot.healthy ? snapshot : { ...snapshot, version: null, processes: [] };
}
