// `upmatrix plan`: prints what would run, without starting anything.
import type { Command } from "commander";
import { formatPlan, planCells, planJson } from "../plan/index.ts";
import { chooseEnvironments, filterOf, type FilterOptions, foldersOf, openProject } from "./session.ts";

export async function planCommand(
  patterns: string[],
  options: FilterOptions & { readonly json?: boolean; readonly steps?: boolean },
  command: Command,
): Promise<void> {
  const project = await openProject(command);
  const { chosen } = await chooseEnvironments(project, foldersOf(command), options.environment, patterns);
  const plan = planCells({ ...project, environments: chosen, tier: options.tier, filter: filterOf(patterns, options) });
  const steps = options.steps ?? false;
  const text =
    options.json === true
      ? `${JSON.stringify(planJson(plan, { steps }), null, 1)}\n`
      : formatPlan(plan, { detail: steps ? "steps" : "cells" });
  process.stdout.write(text);
}
