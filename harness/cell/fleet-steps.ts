// Carries out what is done to a fleet in the middle of a scenario: hosts that come, go and reboot, commands, bursts of
// requests, waits for facts, lines and companions. One function a step.
import { type CompanionStep, factWords, type FleetStep, isAsExpected, type JobArtifact, longer, type NetworkStep } from "../model/index.ts";
import { sendBurst } from "./burst.ts";
import type { Cell } from "./cell.ts";
import { runCommand } from "./command.ts";
import { installOn, startServices } from "./installing.ts";
import { StepFailed } from "./step-failed.ts";
import { readFacts } from "./statements.ts";

const ASK_EVERY_MS = 20;

export interface Releases {
  /** What is installed in the beginning. */
  readonly baseline: () => JobArtifact;
  /** The sound artifact of a role. */
  readonly of: (role: "from" | "to" | "next") => JobArtifact;
  /** What was published last, or what is to come. */
  readonly latest: () => JobArtifact;
}

/** Returns what there is to say of it, or throws StepFailed. */
export async function takeFleetStep(step: FleetStep, cell: Cell, releases: Releases): Promise<string> {
  if ("reboot" in step) return rebootHost(step.reboot, cell);
  if ("add" in step) return addHost(step.add, cell, releases.baseline());
  if ("remove" in step) return removeHost(step.remove, cell, releases.latest());
  if ("run" in step) return runNamed(step, cell, releases.latest());
  if ("burst" in step) return burst(step, cell, releases.latest());
  if ("await" in step) return awaitFacts(step.await, cell);
  if ("network" in step) return changeNetwork(step, cell);
  if ("companion" in step) return changeCompanion(step, cell, releases);
  return step satisfies never;
}

/** Its power is cut, and it boots; what runs elsewhere goes on. */
export async function rebootHost(host: string, cell: Cell): Promise<string> {
  const killed = await cell.reboot(host);
  return `${await expectHealthOn(host, cell)}; killed ${killed.length} processes`;
}

/** @throws StepFailed when there is no such line */
export function changeNetwork(step: NetworkStep, { fleet, observer }: Cell): string {
  const evidence = fleet.lines.change(step);
  if (evidence === undefined) throw new StepFailed(`There is no line between ${step.between.join(" and ")}`);
  observer.see({ kind: "network", change: step.network, between: step.between, evidence });
  return evidence;
}

export async function changeCompanion(step: CompanionStep, { fleet }: Cell, releases: Pick<Releases, "of">): Promise<string> {
  const companion = fleet.companion(step.companion);
  switch (step.do) {
    case "upgrade":
      await companion.upgrade(releases.of(step.release));
      return `${companion.name} runs the program of ${releases.of(step.release).name}`;
    case "stop":
    case "start":
    case "restart":
    case "kill":
      if ((step.do === "stop" || step.do === "kill") && !companion.running) throw new StepFailed(`${companion.name} does not run`);
      await companion[step.do]();
      return `${companion.name} ${companion.running ? "runs and answers" : "does not run any more"}`;
    default:
      return step.do satisfies never;
  }
}

async function addHost(name: string, cell: Cell, from: JobArtifact): Promise<string> {
  const host = cell.fleet.add(name);
  const { hosts } = cell.place.job.product;
  cell.server.publish(from);
  await installOn(host, from, cell.observer, hosts?.join);
  await startServices(host);
  return expectHealthOn(name, cell);
}

/** The operator says good-bye to it first; whatever comes of that, the machine is gone. */
async function removeHost(name: string, cell: Cell, artifact: JobArtifact): Promise<string> {
  const { place, observer, fleet } = cell;
  const target = { version: artifact.version, artifact, host: name };
  const failed: string[] = [];
  for (const command of place.job.product.hosts?.leave ?? []) {
    const argv = command.map((word) => place.fill(word, target));
    const result = await runCommand(argv, place.commandOptions(target, place.job.limits.stepMs), observer);
    if (result.code !== 0) failed.push(`${argv.join(" ")} ended with ${result.code ?? result.signal}: ${result.stderr.trim().slice(-500)}`);
  }
  const killed = await fleet.remove(name);
  if (failed.length > 0) throw new StepFailed(`${name} is gone, but ${failed.join("; ")}`);
  return `${name} is gone; killed ${killed.length} processes`;
}

async function runNamed(
  { run, code }: Extract<FleetStep, { run: string }>,
  { place, observer }: Cell,
  artifact: JobArtifact,
): Promise<string> {
  const command = place.job.product.commands[run];
  if (command === undefined) throw new Error(`Cannot run ${run}: the product has no such command`);
  const target = { version: artifact.version, artifact };
  const argv = command.map((word) => place.fill(word, target));
  const result = await runCommand(argv, place.commandOptions(target, place.job.limits.stepMs), observer);
  const how = `${run} ended with ${result.code ?? result.signal}`;
  if (result.code === null || !code.includes(result.code)) throw new StepFailed(`${how}: ${result.stderr.trim().slice(-500)}`);
  return how;
}

async function burst(step: Extract<FleetStep, { burst: string }>, { place, observer }: Cell, artifact: JobArtifact): Promise<string> {
  const { burst: name, count, parallel } = step;
  const request = place.job.product.requests[name];
  if (request === undefined) throw new Error(`Cannot send ${name}: the product has no such request`);
  const target = { version: artifact.version, artifact };
  const answers = await sendBurst(request, place, { count, parallel, deadlineMs: place.job.limits.stepMs, target });
  observer.see({ kind: "burst", request: name, count, ...answers });
  const statuses = Object.entries(answers.statuses).map(([status, times]) => `${times} × ${status}`);
  return [`${count} sent`, ...statuses, ...(answers.unanswered > 0 ? [`${answers.unanswered} not answered`] : [])].join(", ");
}

async function awaitFacts(expected: Extract<FleetStep, { await: unknown }>["await"], { place, prober }: Cell): Promise<string> {
  const { product, limits } = place.job;
  const deadline = performance.now() + Math.min(place.ground.patience(product.limits.upgrade), limits.stepMs);
  for (;;) {
    const facts = await readFacts(product, prober, Object.keys(expected));
    const missing = Object.entries(expected).filter(([name, wanted]) => !isAsExpected(wanted, facts[name]));
    const said = Object.entries(facts).map(([name, value]) => `${name} is ${value === null ? "not answered" : JSON.stringify(value)}`);
    if (missing.length === 0) return said.join(", ");
    if (performance.now() > deadline)
      throw new StepFailed(`Waited in vain until ${factWords(Object.fromEntries(missing))}: ${said.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

/** An upgrade that was cut off on it may be finished after its boot, or taken back. */
async function expectHealthOn(host: string, { place, monitor }: Cell): Promise<string> {
  const { start, upgrade } = place.job.product.limits;
  const limit = longer(start, upgrade);
  const waited = await monitor.healthy(place.ground.patience(limit), host);
  if (waited !== "reached") throw new StepFailed(`${host} is not healthy within ${limit}${waited === "deadline" ? "" : `: ${waited}`}`);
  return `${host} is healthy`;
}
