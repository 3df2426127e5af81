// Judges cells as they end and makes their records. What depends on another cell's outcome is judged again at the end,
// from the observations on disk, so that the order in which cells end changes no verdict.
import { judge, type Judgement, verdictOf } from "../judge/index.ts";
import {
  address,
  type Cell,
  type CellRecord,
  type KnownFailure,
  type Observation,
  type Outcome,
  type Product,
  referenceHosts,
  sentence,
  type Tree,
} from "../model/index.ts";
import { addressMatcher } from "../plan/index.ts";
import { readObservations } from "./record-folder.ts";
import { textSharer } from "./texts.ts";

export interface References {
  readonly to: { readonly tree: Tree | null; readonly problem: string };
  readonly next: { readonly tree: Tree | null; readonly problem: string } | undefined;
}

interface Judged {
  readonly record: CellRecord;
  readonly references: References;
  readonly file: string;
  /** A pair whose outcome was not known yet. */
  readonly open: boolean;
}

export interface JudgingSource {
  readonly products: Readonly<Record<string, Product>>;
  readonly known: readonly KnownFailure[];
}

export class CellJudge {
  readonly #share = textSharer();
  readonly #judged = new Map<string, Judged & { readonly cell: Cell }>();
  readonly #outcomes = new Map<string, Outcome | null>();
  readonly #source: JudgingSource;
  readonly #folder: { readonly directory: string };
  readonly #replay: (cell: Cell) => string;
  readonly #today: string;
  readonly #matchers = new Map<string, (id: string) => boolean>();

  constructor(
    source: JudgingSource,
    folder: { readonly directory: string },
    { replayCommand }: { readonly replayCommand: (cell: Cell) => string },
    today: string,
  ) {
    this.#source = source;
    this.#folder = folder;
    this.#replay = replayCommand;
    this.#today = today;
  }

  /** @param file name of the cell's observations, relative to the record */
  judge(cell: Cell, observations: readonly Observation[], references: References, file: string): CellRecord {
    const product = this.#source.products[cell.product];
    if (product === undefined) throw new Error(`Cannot judge ${cell.id}: the project has no product ${cell.product}`);
    let open = false;
    const judgement = judge({
      cell,
      product,
      observations,
      fresh: references.to.tree,
      freshProblem: references.to.problem,
      freshNext: references.next?.tree ?? null,
      pairOutcome: (from, to) => {
        const known = this.#outcomes.get(pairKey(cell, from, to));
        if (known === undefined) open = true;
        return known ?? undefined;
      },
    });
    if (isSound(cell)) this.#outcomes.set(pairKey(cell, cell.from, cell.to), judgement.outcome);
    const record = this.#share({ ...this.#record(cell, judgement, file), ...sameAs(cell, observations) });
    this.#judged.set(cell.id, { cell, record, references, file, open });
    return record;
  }

  /** Judges again what was judged before all it depends on had ended. */
  async again(): Promise<void> {
    for (const { cell, references, file, open } of [...this.#judged.values()]) {
      if (open) this.judge(cell, await readObservations(this.#folder.directory, file), references, file);
    }
  }

  /** One record a cell, in the order of the plan. */
  records(cells: readonly Cell[]): CellRecord[] {
    return cells.map((cell) => this.#judged.get(cell.id)?.record ?? this.#notRun(cell));
  }

  #record(cell: Cell, judgement: Judgement, observations: string): CellRecord {
    const decision = verdictOf(judgement, cell, this.#source.known, this.#today, (pattern, id) => this.#matches(pattern, id));
    const { outcome, findings, fault, downtimeMs, downtimeTotalMs, downtimeAt, members, facts, durationMs, steps } = judgement;
    return {
      ...this.#head(cell),
      ...decision,
      ...{ outcome, findings, fault, downtimeMs },
      ...(downtimeTotalMs === null ? {} : { downtimeTotalMs }),
      ...(downtimeAt === undefined ? {} : { downtimeAt }),
      ...(members === undefined ? {} : { members }),
      ...(facts === undefined ? {} : { facts }),
      ...{ durationMs, steps, observations },
    };
  }

  #notRun(cell: Cell): CellRecord {
    const steps = cell.script.steps.map((step) => ({
      sentence: sentence(step, cell),
      status: "not-reached" as const,
      message: "",
      durationMs: null,
    }));
    const skipped = cell.skip !== undefined;
    return {
      ...this.#head(cell),
      verdict: skipped ? "skipped" : "errored",
      outcome: null,
      findings: [],
      fault: null,
      downtimeMs: null,
      durationMs: 0,
      reason: cell.skip ?? "It did not run",
      steps: skipped ? [] : steps,
      observations: null,
    };
  }

  #head(
    cell: Cell,
  ): Pick<
    CellRecord,
    | "id"
    | "product"
    | "from"
    | "to"
    | "next"
    | "kind"
    | "inverted"
    | "scenario"
    | "summary"
    | "environment"
    | "tier"
    | "conditions"
    | "referenceHosts"
    | "expect"
    | "replay"
  > {
    const { id, product, from, to, next, kind, inverted, scenario, environment, tier, script } = cell;
    const hosts = referenceHosts(script);
    return {
      id,
      product,
      from,
      to,
      next,
      kind,
      inverted,
      scenario,
      summary: script.summary,
      environment,
      tier,
      ...(script.conditions === undefined ? {} : { conditions: script.conditions }),
      ...(hosts === undefined ? {} : { referenceHosts: hosts }),
      expect: [...script.expect],
      replay: this.#replay(cell),
    };
  }

  #matches(pattern: string, id: string): boolean {
    const matcher = this.#matchers.get(pattern) ?? addressMatcher(pattern);
    this.#matchers.set(pattern, matcher);
    return matcher(id);
  }
}

/** A cell in which nothing goes wrong, and everything is upgraded: its outcome is what its pair is capable of. */
function isSound({ script }: Cell): boolean {
  const upgrades = script.steps.filter((step) => step.kind === "upgrade" && step.role !== "again");
  const whole = script.runs === undefined && !script.steps.some((step) => step.kind === "fleet" || "hosts" in step || "services" in step);
  return whole && script.faults.length === 0 && script.baseline === undefined && script.candidate === undefined && upgrades.length === 1;
}

function pairKey(cell: Cell, from: string, to: string): string {
  return `${cell.product} ${from} ${to} ${cell.environment}`;
}

/** Of a point of a sweep: the addresses of those at which parts of it were really seen. */
function sameAs(cell: Cell, observations: readonly Observation[]): Pick<CellRecord, "same"> {
  const { cut } = cell.script;
  if (cut === undefined) return {};
  const sweep = cell.scenario.slice(0, -cut.name.length);
  const parts = observations.flatMap((seen) =>
    seen.kind === "same" ? [[seen.part, address({ ...cell, scenario: `${sweep}${seen.point}` })] as const] : [],
  );
  return parts.length === 0 ? {} : { same: Object.fromEntries(parts) };
}
