// `upmatrix replay`: one cell again, with everything about it; on request a shell inside, or its environment left standing.
import path from "node:path";
import type { Command } from "commander";
import { execa } from "execa";
import { type CellRecord, sentence, type Cell } from "../model/index.ts";
import { planCells } from "../plan/index.ts";
import { cellDetail } from "../report/index.ts";
import { defaultParallel, evidenceOf, type Inspection, readRecord, run, type RunEvent } from "../run/index.ts";
import { UsageError } from "./errors.ts";
import { Interrupt } from "./interrupt.ts";
import { clockOptions } from "./clock.ts";
import { sweepOptions } from "./recorder.ts";
import { expectCells, platformOf } from "./run.ts";
import { chooseEnvironments, foldersOf, newRunId, OpenEnvironments, openProject, replayLine } from "./session.ts";
import { VERSION } from "./version.ts";
import { writeViews } from "./views.ts";

interface ReplayOptions {
  readonly keep?: boolean;
  readonly shell?: boolean;
  readonly breakAt?: number;
}

export async function replayCommand(id: string, options: ReplayOptions, command: Command): Promise<void> {
  const { reports, cache } = foldersOf(command);
  const project = await openProject(command);
  const choice = await chooseEnvironments(project, { cache }, undefined, [id]);
  const runId = newRunId(new Date());
  console.log(`upmatrix ${VERSION} · run ${runId} · replay of ${id}`);
  console.log(`Remove what it leaves with: npm run upmatrix -- clean ${runId}`);
  using interrupt = new Interrupt((text) => console.log(text));
  const environments = await OpenEnvironments.open(
    choice.chosen.map(({ name }) => name),
    { run: runId, matrix: project.matrix, cache, log: (line) => console.log(line), signal: interrupt.signal, slots: 1 },
  );
  // a kept cell lives in its environment, which must then outlive this command
  await using _closing = options.keep === true ? undefined : environments;
  const plan = planCells({ ...project, environments: environments.facts(choice), tier: "full", filter: { patterns: [id] } });
  expectCells(plan, [id]);
  const [cell] = plan.cells;
  if (cell === undefined || plan.cells.length > 1)
    throw new UsageError(`Cannot replay ${id}: it names ${plan.cells.length} cells; use \`upmatrix run\` for several`);
  if (cell.skip !== undefined) throw new UsageError(`Cannot replay ${id}: ${cell.skip}`);
  const inspect = await inspection(cell, id, options, reports);
  const { record, directory } = await run(project, plan, {
    run: runId,
    tier: "full",
    reports,
    build: { cache, platform: platformOf(environments), parallel: defaultParallel() },
    environments: environments.byName,
    unavailable: choice.unavailable,
    version: VERSION,
    replayCommand: replayLine(command),
    ...clockOptions(choice.clock),
    ...sweepOptions(choice.recorder, [id]),
    signal: interrupt.signal,
    now: () => new Date(),
    on: (event) => tell(event, id),
    ...(inspect === undefined ? {} : { inspect }),
  });
  for (const problem of await writeViews(record, directory)) console.error(problem);
  const judged = record.cells.find((one) => one.id === id) ?? record.cells[0];
  if (judged !== undefined) show(judged, directory);
  process.exitCode = record.exitCode;
}

/** Where to stop: at the asked step; for a shell alone, at the step that failed when the cell last ran, else after the upgrade. */
async function inspection(cell: Cell, id: string, options: ReplayOptions, reports: string): Promise<Inspection | undefined> {
  if (options.keep !== true && options.shell !== true && options.breakAt === undefined) return undefined;
  const keep = options.keep ?? false;
  const isMeant = (one: Cell): boolean => one.id === id;
  if (options.shell !== true && options.breakAt === undefined) return { keep, cell: isMeant };
  const breakAt = options.breakAt ?? (await failedStep(cell, id, reports));
  if (breakAt > cell.script.steps.length)
    throw new UsageError(`Cannot break at step ${breakAt}: ${cell.id} has ${cell.script.steps.length} steps`);
  if (!process.stdin.isTTY) throw new UsageError("Cannot open a shell: standard input is not a terminal");
  return { keep, cell: isMeant, breakAt, onBreak: (enter) => openShell(cell, breakAt, enter) };
}

async function failedStep(cell: Cell, address: string, reports: string): Promise<number> {
  const latest = await readRecord(reports, "latest").catch(() => undefined); // no run yet: no failing step is known
  const old = latest?.record.cells.find(({ id }) => id === address);
  const failed =
    old?.findings.find(({ step }) => step !== null)?.step ??
    (old === undefined ? -1 : old.steps.findIndex(({ status }) => status === "failed") + 1);
  if (failed > 0) return Math.min(failed + 1, cell.script.steps.length);
  return cell.script.steps.findIndex(({ kind }) => kind === "upgrade") + 2;
}

async function openShell(cell: Cell, number: number, enter: readonly string[]): Promise<void> {
  const step = cell.script.steps[number - 1];
  console.log(`Stopped before step ${number}${step === undefined ? "" : `: ${sentence(step, cell)}`}. Leave the shell to go on.`);
  const [file = "", ...rest] = enter;
  await execa(file, rest, { stdio: "inherit", reject: false });
}

function tell(event: RunEvent, id: string): void {
  if (event.kind !== "observation" || event.cell.id !== id) return;
  const { cell } = event;
  const seen = event.observation;
  const at = `${(seen.t / 1000).toFixed(2).padStart(7)} s`;
  if (seen.kind === "step" && seen.event === "started") {
    const step = cell.script.steps[seen.step - 1];
    console.log(`${at}  ${String(seen.step).padStart(2)}. ${step === undefined ? "" : sentence(step, cell)}`);
  } else if (seen.kind === "step") console.log(`${at}      ${seen.ok ? "✓" : "✗"} ${seen.message}`);
  else if (seen.kind === "service")
    console.log(
      `${at}      ${seen.service} ${seen.event}${seen.pid === undefined ? "" : ` (${seen.pid})`}${seen.detail ? `: ${seen.detail}` : ""}`,
    );
  else if (seen.kind === "health")
    console.log(`${at}      ${seen.healthy ? "healthy" : "not healthy"}, version ${seen.version ?? "unknown"}`);
  else if (seen.kind === "fault") console.log(`${at}      fault ${seen.event}: ${seen.evidence}`);
  else if (seen.kind === "command") console.log(`${at}      ${seen.argv.join(" ")} → ${seen.code ?? seen.signal}`);
  else if (seen.kind === "request")
    console.log(`${at}      GET ${seen.path} → ${seen.status}${seen.misbehaved === undefined ? "" : ` ${seen.misbehaved}`}`);
  else if (seen.kind === "end" && seen.end.detail !== "") console.log(`${at}      ${seen.end.how}: ${seen.end.detail}`);
}

function show(judged: CellRecord, directory: string): void {
  const color = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
  console.log(`\n${cellDetail(judged, evidenceOf(directory, judged), { color, width: process.stdout.columns ?? 120 })}`);
  console.log(`Everything observed: ${path.relative(process.cwd(), path.join(directory, judged.observations ?? ""))}`);
}
