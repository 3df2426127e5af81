// The door of planning: what runs, from matrix, products and scenarios. Pure.
export { addressMatcher, isExactAddress, productMatcher } from "./address.ts";
export { describeAction, describeFault, describeTrigger } from "./describe.ts";
export { FilterError } from "./error.ts";
export type { PlanFilter } from "./filter.ts";
export { formatCell, formatPlan } from "./format.ts";
export type { PlanDetail } from "./format.ts";
export { planJson } from "./json.ts";
export type { PlanJson, PlannedCellJson } from "./json.ts";
export { planCells } from "./plan.ts";
export type { PlanInput } from "./plan.ts";
export { resolveTrigger } from "./points.ts";
export { expandSweep } from "./sweep.ts";
export type { ExpandedSweep, SweepInput } from "./sweep.ts";
