// Signs that an upgrade is still going on, as product.yaml lists them.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { BusySign, ProcessEntry } from "../model/index.ts";
import type { Fleet } from "./fleet.ts";
import { matchingPaths } from "./glob.ts";
import type { Observer } from "./observer.ts";
import { PATIENT_DEADLINE_MS, Prober } from "./probe.ts";

/** The processes of one moment, listed when somebody asks. */
export type Listing = () => readonly ProcessEntry[];

/** One look lists the processes once at most. */
export function listingOf({ processes }: Pick<Fleet, "processes">): Listing {
  let listed: readonly ProcessEntry[] | undefined;
  return () => (listed ??= processes.list());
}

type Asked = Extract<BusySign, { probe: unknown }>;

export class BusySigns {
  readonly #fleet: Fleet;
  readonly #prober: Prober;
  readonly #declared: readonly BusySign[];
  /** Those among the asked ones that were answered with yes the last time. */
  #affirmed = new Set<Asked>();

  constructor(fleet: Fleet, observer: Observer) {
    this.#fleet = fleet;
    this.#prober = new Prober(fleet.place, observer, PATIENT_DEADLINE_MS);
    this.#declared = fleet.place.job.product.upgrade.busy;
  }

  /** Asks what can only be asked; the other signs are looked for when they are wanted. */
  async ask(): Promise<void> {
    const asked = this.#declared.filter((sign) => "probe" in sign);
    if (asked.length === 0) return;
    const answers = await Promise.all(asked.map(({ probe }) => this.#prober.affirms(probe)));
    this.#affirmed = new Set(asked.filter((_, index) => answers[index]));
  }

  /** All there are, each in words. */
  all(): string[] {
    const listing = listingOf(this.#fleet);
    return this.#declared.flatMap((sign) => this.#seen(sign, listing));
  }

  /** Whether there is one. Files are looked at first: to list the processes costs most of a look, and while a file tells, nobody needs to. */
  some(listing: Listing): boolean {
    const tells = (sign: BusySign): boolean => this.#seen(sign, listing).length > 0;
    return (
      this.#declared.some((sign) => !("process" in sign) && tells(sign)) || this.#declared.some((sign) => "process" in sign && tells(sign))
    );
  }

  #seen(sign: BusySign, processes: Listing): string[] {
    if ("probe" in sign) return this.#affirmed.has(sign) ? [`asked, the product says so: ${JSON.stringify(sign.probe)}`] : [];
    if ("process" in sign) {
      const expression = new RegExp(sign.process);
      return processes()
        .filter(({ command }) => expression.test(command))
        .map(({ pid, command }) => `process ${pid}: ${command}`);
    }
    const { root } = this.#fleet.place;
    return matchingPaths(root, sign.file)
      .filter((file) => sign.contains === undefined || contains(path.join(root, file), sign.contains))
      .map((file) => `file ${file}${sign.contains === undefined ? "" : ` contains ${JSON.stringify(sign.contains)}`}`);
  }
}

function contains(file: string, text: string): boolean {
  try {
    return readFileSync(file, "utf8").includes(text);
  } catch {
    return false; // removed between finding and reading: no sign
  }
}
