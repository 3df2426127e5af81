// A plan as JSON data, for programs: CI matrices, scripts, other reports.
import { sentence } from "../model/index.ts";
import type { Cell, LeftOut, Plan } from "../model/index.ts";
import { describeFault } from "./describe.ts";

export interface PlannedCellJson extends Pick<
  Cell,
  "id" | "product" | "from" | "to" | "next" | "kind" | "inverted" | "scenario" | "environment" | "tier"
> {
  /** null: it can run. */
  readonly skip: string | null;
  /** The rest only when steps are asked for. */
  readonly summary?: string;
  readonly steps?: readonly string[];
  readonly faults?: readonly string[];
  readonly expect?: readonly string[];
}

export interface PlanJson {
  readonly cells: readonly PlannedCellJson[];
  readonly leftOut: readonly LeftOut[];
}

/** The plan as plain data. `steps` adds each cell's sentences, faults and expected outcomes. */
export function planJson(plan: Plan, options: { readonly steps?: boolean } = {}): PlanJson {
  return { cells: plan.cells.map((cell) => cellJson(cell, options.steps ?? false)), leftOut: plan.leftOut };
}

function cellJson(cell: Cell, withSteps: boolean): PlannedCellJson {
  const { id, product, from, to, next, kind, inverted, scenario, environment, tier, script } = cell;
  const basic = { id, product, from, to, next, kind, inverted, scenario, environment, tier, skip: cell.skip ?? null };
  if (!withSteps) return basic;
  return {
    ...basic,
    summary: script.summary,
    steps: script.steps.map((step) => sentence(step, cell)),
    faults: script.faults.map(describeFault),
    expect: script.expect,
  };
}
