// Ctrl-C: the first one ends the run in order, later ones only say that this is under way, so that nothing is left behind.

/** A signal that is aborted by SIGINT or SIGTERM until disposed. */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #say: (text: string) => void;
  readonly #heard = (): void => {
    if (this.#controller.signal.aborted) {
      this.#say("Still ending what was started; this takes a few seconds");
      return;
    }
    this.#say("Interrupted: ending what was started and writing the record");
    this.#controller.abort(new Error("interrupted"));
  };

  constructor(say: (text: string) => void) {
    this.#say = say;
    process.on("SIGINT", this.#heard).on("SIGTERM", this.#heard);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#heard).off("SIGTERM", this.#heard);
  }
}
