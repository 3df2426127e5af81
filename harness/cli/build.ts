// `upmatrix build`: builds the artifacts that the plan needs into the cache.
import path from "node:path";
import type { Command } from "commander";
import { buildArtifacts, pruneCache } from "../build/index.ts";
import { planCells } from "../plan/index.ts";
import { buildProducts, defaultParallel, neededArtifacts } from "../run/index.ts";
import { Interrupt } from "./interrupt.ts";
import { expectCells } from "./run.ts";
import { chooseEnvironments, filterOf, type FilterOptions, foldersOf, openProject } from "./session.ts";

export async function buildCommand(
  patterns: string[],
  options: FilterOptions & { readonly prune?: number },
  command: Command,
): Promise<void> {
  const { cache } = foldersOf(command);
  const project = await openProject(command);
  const { chosen } = await chooseEnvironments(project, foldersOf(command), options.environment, patterns);
  const plan = planCells({ ...project, environments: chosen, tier: options.tier, filter: filterOf(patterns, options) });
  expectCells(plan, patterns);
  using interrupt = new Interrupt((text) => console.log(text));
  await buildArtifacts(neededArtifacts(plan.cells), {
    products: buildProducts(project),
    cache,
    platform: `${chosen[0]?.platform ?? process.platform}-${process.arch}`,
    parallel: options.parallel ?? defaultParallel(),
    signal: interrupt.signal,
    onArtifact: (artifact, done, total) =>
      console.log(
        `${String(done).padStart(String(total).length)}/${total} ${artifact.name}: ${path.relative(process.cwd(), artifact.directory)}${artifact.cached ? " (cached)" : ""}`,
      ),
  });
  if (options.prune === undefined) return;
  for (const removed of await pruneCache(cache, options.prune)) console.log(`Removed ${removed}`);
}
