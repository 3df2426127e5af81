// `upmatrix minimise`: strikes at the same operation in the upgrades of other releases, and tells since when it goes wrong.
import type { Command } from "commander";
import type { CellRecord } from "../model/index.ts";
import { minimalLines, minimalOf } from "../report/index.ts";
import { UsageError } from "./errors.ts";
import { runCells, tellBeginning } from "./run.ts";
import { chooseEnvironments, foldersOf, newRunId, openProject } from "./session.ts";

export async function minimiseCommand(id: string, options: { readonly parallel?: number }, command: Command): Promise<void> {
  const project = await openProject(command);
  const patterns = patternsOf(id);
  const choice = await chooseEnvironments(project, foldersOf(command), undefined, [id]);
  const run = newRunId(new Date());
  tellBeginning(run, choice, project);
  const { record } = await runCells(run, project, choice, {
    patterns,
    options: { tier: "full", ...options },
    command,
    pairs: "all",
    toldAtOnce: ["errored"],
  });
  if (record.interrupted) return void (process.exitCode = 3);
  const cell = record.cells.find((one) => one.id === id);
  const minimal = minimalOf(id, record, releasesOf(project, cell));
  if (minimal === undefined) {
    console.log(
      cell === undefined ? `There is no point ${id} any more: \`upmatrix run\` lists those there are` : `${id} does not fail any more`,
    );
    return;
  }
  for (const line of minimalLines(minimal)) console.log(line);
  process.exitCode = 1;
}

/** The same operation in the upgrades of other releases to `to`, and of `from` to other releases. */
function patternsOf(id: string): string[] {
  const parts = /^([^/]+)\/([^/]+?)\.\.([^/]+?)\/([^/@.]+)\.(?:\d+-)?([^/@]+)@([^/@]+)$/.exec(id);
  if (parts === null)
    throw new UsageError(
      `Cannot minimise ${id}: it is no point of a sweep, such as agent/1.0.0..2.0.0/kill-sweep.0207-after-rename-current@docker`,
    );
  const [, product, from, to, sweep, point, environment] = parts;
  return [id, `${product}/*..${to}/${sweep}.*${point}@${environment}`, `${product}/${from}..*/${sweep}.*${point}@${environment}`];
}

function releasesOf(project: Awaited<ReturnType<typeof openProject>>, cell: CellRecord | undefined): Parameters<typeof minimalOf>[2] {
  const releases = project.matrix.products[cell?.product ?? ""]?.releases ?? [];
  return releases.map(({ version, built, traits }) => ({ version, builtMs: Date.parse(built), traits }));
}
