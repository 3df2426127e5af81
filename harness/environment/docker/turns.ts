// Whose turn it is: so many cells at once as the processors bear.
import pLimit from "p-limit";

/**
 * Measured: a cell of one agent keeps a processor busy for a quarter to a third of its time and waits for the rest. 48 clean
 * upgrades took 38 s with four a processor, and 35 s with five and with six. One of several machines has more processes at work:
 * with four of those a processor everybody waits longer, and asks more often meanwhile.
 */
const CELLS_A_PROCESSOR = 5;
const LARGE_CELLS_A_PROCESSOR = 3;

/** What of a product tells how much of a processor its cells need. */
export interface Sized {
  readonly hosts?: unknown;
  readonly companions: readonly unknown[];
}

export class Turns {
  /** Cells at once. */
  readonly slots: number;
  readonly #any: ReturnType<typeof pLimit>;
  readonly #large: ReturnType<typeof pLimit>;

  /** @param wanted how many somebody asked for: then so many of any kind */
  constructor(wanted: number | undefined, processors: number) {
    const available = Math.max(1, processors);
    this.slots = wanted ?? CELLS_A_PROCESSOR * available;
    this.#any = pLimit(this.slots);
    this.#large = pLimit(wanted ?? LARGE_CELLS_A_PROCESSOR * available);
  }

  /** Does the work of a product's cell when it is its turn. */
  take<T>(product: Sized, work: () => Promise<T>): Promise<T> {
    const soon = (): Promise<T> => this.#any(work);
    return isLarge(product) ? this.#large(soon) : soon();
  }
}

/** Of several machines, each with processes of its own. */
function isLarge({ hosts, companions }: Sized): boolean {
  return hosts !== undefined || companions.length > 0;
}
