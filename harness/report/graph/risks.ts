// Why a pair is no plain edge although people may take it: the risks, as Cincinnati wants them – a name, a message, a link.
import type { CellRecord } from "../../model/index.ts";
import { oneLine } from "../text.ts";

export interface Risk {
  /** A word such as `AssumesTheOldLayout`; the same risk has the same name everywhere in a graph. */
  readonly name: string;
  readonly message: string;
  readonly url: string;
}

const WORDS_OF_NAME = 6;
const INVERTED =
  "Version order and build order disagree, and this upgrade failed in tests. No other upgrade by the same updater or to the same release did";

/** The risks of a pair: one for each known entry that a cell goes back to, and one when it failed for its inversion. */
export function risksOf(cells: readonly CellRecord[], names: RiskNames): Risk[] {
  const risks = new Map<string, Risk>();
  const add = (risk: Risk): void => void risks.set(risk.name, risk);
  for (const cell of cells) {
    if (cell.verdict === "known") add(names.of(cell.known?.reason ?? cell.reason, cell.known?.link));
    if (cell.verdict === "failed") add(names.inverted());
  }
  return [...risks.values()];
}

/** Gives each reason of a graph a name of its own. */
export class RiskNames {
  readonly #run: string;
  readonly #risks = new Map<string, Risk>();
  readonly #taken = new Set<string>();

  constructor(run: string) {
    this.#run = run;
  }

  of(reason: string, link: string | undefined): Risk {
    return this.#risk(wordOf(reason), oneLine(reason), link);
  }

  inverted(): Risk {
    return this.#risk("InvertedBuildOrder", INVERTED, undefined);
  }

  #risk(wish: string, message: string, link: string | undefined): Risk {
    const url = link ?? `urn:upmatrix:run:${encodeURIComponent(this.#run)}`; // a link is demanded; the run is where it was seen
    const key = `${message}\n${url}`;
    const known = this.#risks.get(key);
    if (known !== undefined) return known;
    let name = wish;
    for (let number = 2; this.#taken.has(name); number++) name = `${wish}${number}`;
    const risk = { name, message, url };
    this.#taken.add(name);
    this.#risks.set(key, risk);
    return risk;
  }
}

/** `assumes the old layout of 8.x` → `AssumesTheOldLayoutOf8`; letters and digits only, a letter first. */
function wordOf(reason: string): string {
  const words = (reason.normalize("NFKD").match(/[A-Za-z0-9]+/g) ?? []).slice(0, WORDS_OF_NAME);
  const word = words.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
  return /^[A-Za-z]/.test(word) ? word : `Known${word}`;
}
