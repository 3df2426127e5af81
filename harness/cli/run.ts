// `upmatrix run`: the main job.
import type { Command } from "commander";
import { defaultParallel, run, type RunResult } from "../run/index.ts";
import { planCells } from "../plan/index.ts";
import type { Plan, Selection, Verdict } from "../model/index.ts";
import type { Project } from "../load/index.ts";
import { printAnnotations } from "./annotations.ts";
import { UsageError } from "./errors.ts";
import { type HistoryOptions, remember } from "./history.ts";
import { clockOptions } from "./clock.ts";
import { sweepOptions } from "./recorder.ts";
import { Interrupt } from "./interrupt.ts";
import { ProgressDisplay } from "./progress.ts";
import {
  chooseEnvironments,
  type Choice,
  filterOf,
  type FilterOptions,
  foldersOf,
  newRunId,
  OpenEnvironments,
  openProject,
  replayLine,
} from "./session.ts";
import { VERSION } from "./version.ts";
import { printSummary, writeViews } from "./views.ts";

export async function runCommand(patterns: string[], options: FilterOptions & HistoryOptions, command: Command): Promise<void> {
  const project = await openProject(command);
  const choice = await chooseEnvironments(project, foldersOf(command), options.environment, patterns);
  const id = newRunId(new Date());
  tellBeginning(id, choice, project);
  const { record, directory } = await runCells(id, project, choice, { patterns, options, command });
  const problems = [...(await writeViews(record, directory)), ...(await remember(record, options, command))];
  printSummary(record, directory);
  printAnnotations(record, project);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 && record.exitCode === 0 ? 3 : record.exitCode;
}

/** The clean-up command is printed before anything is started that it could have to remove. */
export function tellBeginning(id: string, { chosen, unavailable }: Choice, project: Project): void {
  console.log(`upmatrix ${VERSION} · run ${id} · ${Object.keys(project.products).length} products`);
  for (const { name, description } of chosen) console.log(`Environment ${name}: ${description}`);
  for (const { name, reason } of unavailable) console.log(`Not used: ${name}: ${reason}`);
  console.log(`If this run is killed, remove what it left with: npm run upmatrix -- clean ${id}`);
}

export interface Asked {
  readonly patterns: readonly string[];
  readonly options: FilterOptions;
  readonly command: Command;
  /** Where the record goes; default: the project's reports. */
  readonly reports?: string;
  /** The matrix that was loaded, when it is not the one the command line names. */
  readonly matrixFile?: string;
  /** Overrides every selection of pairs. */
  readonly pairs?: Selection;
  /** Verdicts that are told as soon as a cell ends. */
  readonly toldAtOnce?: readonly Verdict[];
}

/** Opens the environments, plans what was asked for and runs it. */
export async function runCells(id: string, project: Project, choice: Choice, asked: Asked): Promise<RunResult> {
  const { patterns, options, command } = asked;
  const { reports, cache } = foldersOf(command);
  const say: { now: (text: string) => void } = { now: (text) => console.log(text) };
  using interrupt = new Interrupt((text) => say.now(text));
  const names = choice.chosen.map(({ name }) => name);
  const slots = options.parallel ?? project.matrix.limits.parallel;
  await using environments = await OpenEnvironments.open(names, {
    run: id,
    matrix: project.matrix,
    cache,
    log: (line) => say.now(line),
    signal: interrupt.signal,
    ...(slots === undefined ? {} : { slots }),
  });
  const plan = planCells({
    ...project,
    environments: environments.facts(choice),
    tier: options.tier,
    filter: filterOf(patterns, options),
    ...(asked.pairs === undefined ? {} : { pairs: asked.pairs }),
  });
  expectCells(plan, patterns);
  const skipped = plan.cells.filter((cell) => cell.skip !== undefined).length;
  using progress = new ProgressDisplay(process.stdout, skipped, asked.toldAtOnce);
  say.now = (text) => progress.say(text);
  // awaited here: the environments must outlive the run
  return await run(project, plan, {
    run: id,
    tier: options.tier,
    reports: asked.reports ?? reports,
    build: { cache, platform: platformOf(environments), parallel: options.parallel ?? defaultParallel() },
    environments: environments.byName,
    unavailable: choice.unavailable,
    version: VERSION,
    replayCommand: replayLine(command, asked.matrixFile),
    ...clockOptions(choice.clock),
    ...sweepOptions(choice.recorder, patterns),
    signal: interrupt.signal,
    now: () => new Date(),
    on: (event) => progress.on(event),
  });
}

/** A filter that matches nothing is a mistake, not a success. */
export function expectCells(plan: Plan, patterns: readonly string[]): void {
  if (plan.cells.length > 0) return;
  const what = patterns.length === 0 ? "these options" : patterns.map((pattern) => JSON.stringify(pattern)).join(", ");
  throw new UsageError(`Cannot find a cell for ${what}: \`upmatrix plan\` lists them all; a higher --tier has more`);
}

/** What artifacts are built for. Docker and host differ only where the engine is of another platform. */
export function platformOf(environments: OpenEnvironments): string {
  const [environment] = environments.byName.values();
  return `${environment?.facts.platform ?? process.platform}-${process.arch}`;
}
