// The points of a sweep that share one cell: each begins with a state that a crash leaves, and a boot. What is known to go as it
// went at an earlier point is not done again: from the boot on, or after it.
import type { FileTree } from "../crash/index.ts";
import type { Cut, SameAs, SnapshotLabel, Step } from "../model/index.ts";
import { type Cell, publishedBefore, watchedFolders } from "./cell.ts";
import { type Booted, Courses, type Foreseen, type Foretold } from "./courses.ts";
import { type Control, Doubts } from "./doubts.ts";
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
  /** Whether some of it was only foretold. */
  unseen: boolean;
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
  readonly #doubts: Doubts;
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
    this.#doubts = new Doubts(cell.observer);
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
    const foretold = this.#doubts.undetermined ? undefined : this.#foretold(start);
    this.#current = begun(cut, start, foretold);
    if (foretold?.rest === undefined) return this.#cutOff(cut, start);
    this.#untried.push({ cut, foretold: { ...foretold, rest: foretold.rest } });
    this.#sayCutOff(cut, `${start.files().length} entries computed`);
    observer.see({ kind: "snapshot", label: "rebooted", snapshot: foretold.rebooted.snapshot });
    if (foretold.rest.again !== undefined) observer.see({ kind: "snapshot", label: "again", snapshot: foretold.rest.again.snapshot });
    this.#current.same = { boot: foretold.boot.name, rest: foretold.rest.name };
    this.#current.unseen = true;
    return undefined;
  }

  /** Told each step that was taken: whether all that follows is known. */
  async isKnown(step: Step): Promise<boolean> {
    const { current } = { current: this.#current };
    if (current === undefined || step.kind !== "snapshot") return false;
    const seen = this.#latest.get(step.label);
    if (seen === undefined) return false;
    if (step.label === "again") await this.#courses.ended(current.cut.name, current.booted, seen);
    if (step.label !== "rebooted") return false;
    await this.#booted(current, seen, true);
    const key = this.#keyOf(seen);
    const known = this.#known.get(key);
    const rest = known === undefined ? this.#restOf(current) : undefined;
    const name = known ?? rest?.name;
    if (name === undefined) this.#known.set(key, current.cut.name);
    else current.same = { rest: name };
    if (rest?.again !== undefined) this.#cell.observer.see({ kind: "snapshot", label: "again", snapshot: rest.again.snapshot });
    current.unseen = rest !== undefined;
    return name !== undefined;
  }

  end(): void {
    const { current } = { current: this.#current };
    if (current === undefined) return;
    const { cut, same, unseen } = current;
    this.#cell.observer.see({ kind: "point", name: cut.name, event: "ended", how: "complete", same, foretold: unseen });
  }

  /**
   * Some of the points that were foretold, to be booted all the same: the same ones for the same states. None any more once
   * nothing is foretold.
   */
  *witnesses(): Iterable<Cut> {
    const chosen = this.#untried.toSorted((one, other) => (one.cut.digest < other.cut.digest ? -1 : 1)).slice(0, this.#witnesses);
    for (const { cut } of chosen) if (!this.#doubts.undetermined) yield cut;
  }

  /** Begins a witness. */
  beginWitness(cut: Cut): Promise<number> {
    const start = this.#restorer.treeOf(cut);
    this.#current = begun(cut, start, this.#untried.find((one) => one.cut === cut)?.foretold);
    return this.#cutOff(cut, start);
  }

  /** Told each step of a witness that was taken: compares what came with what was foretold. Whether it is enough. */
  async isRefuted(step: Step): Promise<boolean> {
    const { current } = { current: this.#current };
    const seen = step.kind === "snapshot" ? this.#latest.get(step.label) : undefined;
    if (current?.foretold === undefined || seen === undefined) return false;
    if (step.kind === "snapshot" && step.label === "rebooted") return this.#booted(current, seen, false);
    const { cut, start, foretold } = current;
    const { again, of } = foretold.rest ?? {};
    const problem = this.#difference(again, seen) ?? null;
    const before: Control[] = of === undefined ? [] : [{ name: of.name, start: of.boot.start, until: "again", first: of.again }];
    const controls: Control[] = [...before, { name: cut.name, start, until: "again", first: seen }];
    this.#doubts.hear({ point: cut.name, like: of?.name ?? foretold.boot.name, problem }, controls);
    return true;
  }

  /** The boot that is to be done once more, because something came otherwise than it was foretold. */
  nextControl(): Control | undefined {
    return this.#doubts.next();
  }

  /** Begins a control. */
  async beginControl({ start }: Control): Promise<number> {
    await this.#restore(start);
    return this.#begin;
  }

  /** Told each step of a control that was taken: compares what came with what came at first. Whether it is enough. */
  isControlled(control: Control, step: Step): boolean {
    if (step.kind !== "snapshot" || step.label !== control.until) return false;
    this.#doubts.controlled(control, this.#difference(control.first, this.#latest.get(step.label)));
    return true;
  }

  /**
   * A point was really booted. Returns whether it came otherwise than it was foretold.
   * @param enough whether what follows is not compared
   */
  async #booted(current: Current, seen: Foreseen, enough: boolean): Promise<boolean> {
    const { cut, start, foretold } = current;
    const problem = foretold === undefined ? undefined : this.#difference(foretold.rebooted, seen);
    current.booted = await this.#courses.booted(cut.name, start, seen, problem === undefined ? foretold?.boot : undefined);
    if (foretold === undefined) return false;
    const { name, course, rebooted } = foretold.boot;
    const controls: Control[] = [
      { name, start: course.start, until: "rebooted", first: rebooted },
      { name: cut.name, start, until: "rebooted", first: seen },
    ];
    if (enough || problem !== undefined) this.#doubts.hear({ point: cut.name, like: name, problem: problem ?? null }, controls);
    return problem !== undefined;
  }

  /** What follows a boot that was just seen, where that is known. */
  #restOf({ booted }: Current): Foretold["rest"] {
    if (booted === undefined || this.#doubts.undetermined) return undefined;
    return this.#courses.restOf(booted, booted.course.end).rest;
  }

  /** A snapshot that is known by sight only is foretold by nobody. */
  #difference(foretold: Foreseen | undefined, came: Foreseen | undefined): string | undefined {
    if (foretold === undefined) return undefined;
    return came === undefined ? "nothing to look at" : this.#courses.difference(foretold, came);
  }

  #foretold(start: FileTree): Foretold | undefined {
    return this.#courses.foretell(start, (seen) => this.#known.get(this.#keyOf(seen)));
  }

  #keyOf({ snapshot, units }: Foreseen): string {
    return this.#sameness.keyOf(snapshot, units);
  }

  /** Cuts the power and restores the state. */
  async #cutOff(cut: Cut, start: FileTree): Promise<number> {
    const entries = await this.#restore(start);
    this.#sayCutOff(cut, `${entries} entries restored`);
    return this.#begin;
  }

  /** Returns how many entries there are then. */
  async #restore(start: FileTree): Promise<number> {
    const { place, server } = this.#cell;
    await this.#cell.powerOff();
    for (const artifact of publishedBefore(place.job)) server.publish(artifact);
    const entries = this.#restorer.restore(start);
    await this.#courses.begin();
    return entries;
  }

  #sayCutOff({ sentence }: Cut, how: string): void {
    const { observer } = this.#cell;
    observer.see({ kind: "fault", fault: 0, event: "fired", evidence: `${sentence}; ${how}` });
    observer.see({ kind: "step", step: this.#begin, event: "ended", ok: true, message: `cut off: ${sentence}` });
  }
}

function begun(cut: Cut, start: FileTree, foretold: Foretold | undefined): Current {
  return { cut, start, foretold, booted: undefined, same: {}, unseen: false };
}
