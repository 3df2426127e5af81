// What holds for all of a cell, on whichever of its machines: who serves artifacts, how processes are started, what time it is.
import type { ClockFile } from "../faults/index.ts";
import { hostNames, type CellJob, milliseconds } from "../model/index.ts";

export class Ground {
  /** Base URL of the artifact server; set once it listens. */
  url = "";
  /** The hosts that there are at this moment; none where the only one has no name. */
  hosts: readonly string[];
  /** How a process of the product is started: as it is, or so that the recorder sees what it does. */
  started: (argv: readonly string[]) => readonly string[] = (argv) => this.limited(argv);
  /** How any command of the product is started: as it is, or with limits. */
  limited: (argv: readonly string[]) => readonly string[] = (argv) => argv;
  /** As whom the product runs; undefined: as this program does. */
  identity: { readonly uid: number; readonly gid: number } | undefined;
  /** The product's own clock, where it has one. */
  clock: ClockFile | undefined;
  /** The product's waits are as published, not as short as test runs have them. */
  published = false;
  /** The folder that is searched for tools; undefined: where this program finds them. */
  tools: string | undefined;
  /** Further environment variables of every process of the product. */
  readonly further: Record<string, string> = {};

  constructor({ hosts, product, script }: CellJob) {
    this.hosts = hosts ?? hostNames(product.hosts, script.hosts);
  }

  /** Calls back after a while of the product's time; returns what cancels that. */
  after(ms: number, callback: () => void): () => void {
    const { clock } = this;
    if (clock === undefined) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    }
    const end = clock.monotonicMs + ms;
    const timer = setInterval(() => {
      if (clock.monotonicMs < end) return;
      clearInterval(timer);
      callback();
    }, 1);
    return () => clearInterval(timer);
  }

  /** How long something may take that takes so long with the settings of test runs. */
  patience(limit: string): number {
    return milliseconds(limit) * (this.published ? PUBLISHED_PATIENCE : 1);
  }
}

/** Also in time that flies longer waits take longer. */
const PUBLISHED_PATIENCE = 3;
