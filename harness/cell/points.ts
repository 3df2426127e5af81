// The points of a sweep that share one cell: each begins with a restored state and a boot. What follows the boot depends
// only on what is there then, so where that is equal to an earlier point's, it is not done again.
import type { Cut, Snapshot, Step } from "../model/index.ts";
import { type Cell, watchedFolders } from "./cell.ts";
import { Restorer } from "./restore.ts";
import { Sameness } from "./sameness.ts";
import { readTree } from "./snapshot.ts";

export class Points {
  readonly #cell: Cell;
  readonly #restorer: Restorer;
  /** First index after the step that is cut off. */
  readonly #begin: number;
  readonly #known = new Map<string, string>();
  readonly #sameness: Sameness;
  #latest: Snapshot | undefined;
  #same: string | undefined;

  constructor(cell: Cell) {
    const { points, script } = cell.place.job;
    if (points === undefined) throw new Error("Cannot take points: the job names none");
    this.#cell = cell;
    this.#sameness = new Sameness(cell.place.job.product);
    this.#restorer = new Restorer(points.recording, watchedFolders(cell.place));
    this.#begin = script.steps.findIndex((step) => step.kind === "upgrade" && step.faults) + 1;
    cell.observer.listen((seen) => {
      if (seen.kind === "snapshot" && seen.label === "rebooted") this.#latest = seen.snapshot;
    });
  }

  /** Cuts the power and restores the state; returns the index of the step to go on with. */
  async begin(cut: Cut): Promise<number> {
    const { observer } = this.#cell;
    observer.see({ kind: "point", name: cut.name, event: "started" });
    await this.#cell.powerOff();
    this.#same = undefined;
    const entries = this.#restorer.restore(cut);
    observer.see({ kind: "fault", fault: 0, event: "fired", evidence: `${cut.sentence}; ${entries} entries restored` });
    observer.see({ kind: "step", step: this.#begin, event: "ended", ok: true, message: `cut off: ${cut.sentence}` });
    return this.#begin;
  }

  /** Whether all that is to be seen after the boot was seen at an earlier point. */
  isKnown(cut: Cut, step: Step): boolean {
    if (step.kind !== "snapshot" || step.label !== "rebooted" || this.#latest === undefined) return false;
    const [, ...others] = watchedFolders(this.#cell.place);
    const key = this.#sameness.keyOf(this.#latest, others.flatMap((folder) => readTree(folder)));
    this.#same = this.#known.get(key);
    if (this.#same === undefined) this.#known.set(key, cut.name);
    return this.#same !== undefined;
  }

  end(cut: Cut): void {
    const same = this.#same === undefined ? {} : { same: this.#same };
    this.#cell.observer.see({ kind: "point", name: cut.name, event: "ended", how: "complete", ...same });
  }
}
