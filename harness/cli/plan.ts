// `upmatrix plan`: prints what would run, without starting anything.
import type { Command } from "commander";
import type { Cell } from "../model/index.ts";
import { RecordingStore } from "../run/index.ts";
import { sweepOptions } from "./recorder.ts";
import { formatPlan, planCells, planJson } from "../plan/index.ts";
import { chooseEnvironments, filterOf, type FilterOptions, foldersOf, openProject } from "./session.ts";

export async function planCommand(
  patterns: string[],
  options: FilterOptions & { readonly json?: boolean; readonly steps?: boolean },
  command: Command,
): Promise<void> {
  const project = await openProject(command);
  const { cache } = foldersOf(command);
  const { chosen, recorder } = await chooseEnvironments(project, foldersOf(command), options.environment, patterns);
  const planned = planCells({ ...project, environments: chosen, tier: options.tier, filter: filterOf(patterns, options) });
  const steps = options.steps ?? false;
  const { wanted = () => true, everyPoint = false } = sweepOptions(recorder, patterns);
  const store = new RecordingStore(cache);
  const points = new Map<string, readonly Cell[]>();
  for (const { id, script } of planned.cells)
    if (script.sweep !== undefined) points.set(id, (await store.knownPoints(id, everyPoint ? "full" : options.tier)) ?? []);
  const listed = everyPoint || steps || options.json === true;
  const pointsOf = (cell: Cell): readonly Cell[] => (points.get(cell.id) ?? []).filter(({ id }) => wanted(cell, id));
  const plan = listed ? { ...planned, cells: planned.cells.flatMap((cell) => [cell, ...pointsOf(cell)]) } : planned;
  const text =
    options.json === true
      ? `${JSON.stringify(planJson(plan, { steps }), null, 1)}\n`
      : formatPlan(plan, { detail: steps ? "steps" : "cells", note: (cell) => sweepNote(cell, points.get(cell.id)) });
  process.stdout.write(text);
}

/** A sweep's points are known once it was recorded. */
function sweepNote({ script }: Cell, points: readonly Cell[] = []): string {
  if (script.sweep === undefined) return "";
  return points.length === 0 ? " · expands into points once it is recorded" : ` · ${points.length} points when it last ran`;
}
