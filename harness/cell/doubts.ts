// What came otherwise than it was foretold, until it is known why: both states are booted once more. Where one of them comes to
// another end than before, a state does not decide how this product boots, and no boot foretells another. Where both come to the
// same end as before, the foretelling was wrong.
import type { FileTree } from "../crash/index.ts";
import type { Observation, SnapshotLabel } from "../model/index.ts";
import type { Foreseen } from "./courses.ts";
import type { Observer } from "./observer.ts";

/** A boot that was really seen, to be done once more. */
export interface Control {
  /** The point that it was seen at. */
  readonly name: string;
  readonly start: FileTree;
  /** How far it goes. */
  readonly until: SnapshotLabel;
  /** What was to be seen there the first time. */
  readonly first: Foreseen;
}

type Told = Extract<Observation, { kind: "witness" }>;

interface Doubt extends Pick<Told, "point" | "like" | "problem"> {
  readonly controls: Control[];
}

export class Doubts {
  readonly #observer: Pick<Observer, "see">;
  readonly #open: Doubt[] = [];
  #undetermined = false;

  constructor(observer: Pick<Observer, "see">) {
    this.#observer = observer;
  }

  /** Whether one state was seen to boot in two ways: then nothing is foretold any more. */
  get undetermined(): boolean {
    return this.#undetermined;
  }

  /**
   * A point that was foretold was really booted.
   * @param problem what came in place of what was foretold
   * @param controls the boots that disagree
   */
  hear({ point, like, problem }: Pick<Told, "point" | "like" | "problem">, controls: readonly Control[]): void {
    if (problem === null) this.#observer.see({ kind: "witness", point, like, problem, undetermined: null });
    else this.#open.push({ point, like, problem, controls: [...controls] });
  }

  /** The boot to be done once more next; undefined: there is nothing left to find out. */
  next(): Control | undefined {
    while (!this.#undetermined) {
      const [doubt] = this.#open;
      const control = doubt?.controls.shift();
      if (doubt === undefined || control !== undefined) return control;
      this.#open.shift();
      this.#tell(doubt, null);
    }
    return undefined;
  }

  /** @param difference what the latest control came to in place of what it came to at first */
  controlled({ name }: Control, difference: string | undefined): void {
    const [doubt] = this.#open;
    if (doubt === undefined || difference === undefined) return;
    this.#undetermined = true;
    this.#tell(doubt, `${name}, booted twice, came to ${difference}`);
  }

  #tell({ point, like, problem }: Doubt, undetermined: string | null): void {
    this.#observer.see({ kind: "witness", point, like, problem, undetermined });
  }
}
