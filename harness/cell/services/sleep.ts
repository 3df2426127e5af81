// Whether a service manager is at work: frozen it does nothing until it is thawed, crashed nothing until a reboot.

export class Sleep {
  /** Settles when the manager goes on; undefined while it works. */
  #asleep: { readonly over: Promise<void>; wake(): void; readonly until: "thaw" | "reboot" } | undefined;

  /** Begins: a request waits, an exit goes unnoticed. */
  begin(until: "thaw" | "reboot"): void {
    const { promise: over, resolve: wake } = Promise.withResolvers<void>();
    this.#asleep?.wake();
    this.#asleep = { over, wake, until };
  }

  /** Takes a freeze back; a crash it does not. */
  thaw(): void {
    if (this.#asleep?.until === "thaw") this.end();
  }

  /** However it began. */
  end(): void {
    const asleep = this.#asleep;
    this.#asleep = undefined;
    asleep?.wake();
  }

  /** Resolves when the manager is at work: at once as a rule. */
  async over(): Promise<void> {
    while (this.#asleep !== undefined) await this.#asleep.over;
  }
}
