// The warm containers of a run: finds one with room, opens more as cells come, replaces one that a cell leaked into or that
// died. Hides which cell runs where.
import type { CellChannel, ChannelEvents } from "../conversation.ts";
import type { StartOrder } from "./protocol.ts";
import type { WarmContainer } from "./warm.ts";

interface Place {
  readonly opening: Promise<WarmContainer>;
  warm: WarmContainer | undefined;
  cells: number;
}

export class WarmPool {
  readonly #open: () => Promise<WarmContainer>;
  readonly #perContainer: number;
  readonly #places = new Set<Place>();
  readonly #removals = new Set<Promise<void>>();
  #disposed = false;

  constructor(open: () => Promise<WarmContainer>, perContainer: number, first: WarmContainer) {
    this.#open = open;
    this.#perContainer = perContainer;
    this.#places.add({ opening: Promise.resolve(first), warm: first, cells: 0 });
  }

  async startCell(order: StartOrder, events: ChannelEvents): Promise<CellChannel> {
    if (this.#disposed) throw new Error("the environment is disposed of");
    const place = this.#placeWithRoom();
    place.cells += 1;
    try {
      place.warm = await place.opening;
      const channel = await place.warm.startCell(order, events);
      return { ...channel, close: (keep) => channel.close(keep).finally(() => this.#release(place)) };
    } catch (error) {
      this.#release(place);
      throw error;
    }
  }

  #placeWithRoom(): Place {
    for (const place of this.#places) if (place.cells < this.#perContainer && place.warm?.retired !== true) return place;
    const place: Place = { opening: this.#open(), warm: undefined, cells: 0 };
    this.#places.add(place);
    return place;
  }

  /** The last cell that leaves a retired container, or one that never opened, takes its place with it. */
  #release(place: Place): void {
    place.cells -= 1;
    if (place.cells > 0 || place.warm?.retired === false || !this.#places.delete(place)) return;
    if (place.warm === undefined) return;
    const removal: Promise<void> = place.warm.dispose().finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
    removal.catch(() => undefined); // told by dispose() if it is still under way then; else the label finds what stayed
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const closing = [...this.#places].map(async ({ opening }) => (await opening.catch(() => undefined))?.dispose());
    this.#places.clear();
    const results = await Promise.allSettled([...closing, ...this.#removals]);
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
}
