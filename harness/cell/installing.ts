// Installs a release afresh – on all hosts, or on one that comes later – and takes it away again.
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { JobArtifact, Product } from "../model/index.ts";
import type { Cell } from "./cell.ts";
import { runCommand } from "./command.ts";
import { matchingPaths } from "./glob.ts";
import type { Host } from "./host.ts";
import type { Observer } from "./observer.ts";
import type { Place, Target } from "./place.ts";
import { StepFailed } from "./step-failed.ts";

/** A fresh install, as a user makes it: the companions first, which must answer; then all hosts at once. */
export async function installEverything({ fleet, observer }: Cell, artifact: JobArtifact): Promise<void> {
  for (const companion of fleet.companions) {
    await companion.install(artifact);
    await companion.start();
  }
  await Promise.all(fleet.hosts.map((host) => installOn(host, artifact, observer)));
}

/**
 * On one host: its unit files, the commands, and its services enabled.
 * @param commands of the install, or of what takes its place on a host that comes later
 */
export async function installOn(
  { place, manager }: Host,
  artifact: JobArtifact,
  observer: Observer,
  commands?: Product["install"],
): Promise<void> {
  const { product } = place.job;
  const target = { version: artifact.version, artifact };
  mkdirSync(place.root, { recursive: true });
  for (const { unit, definition } of product.services) {
    if (definition !== undefined) writeFileSync(path.join(place.units, unit), place.fill(definition, target));
  }
  await runAll(commands ?? product.install, place, target, observer);
  for (const { unit } of product.services) {
    if (!existsSync(path.join(place.units, unit))) throw new StepFailed(`The install wrote no unit file ${unit} to {units}`);
    manager.enable(unit);
  }
}

/** As a careful user does it: stops the services, uninstalls, installs and starts again, and puts the own files back. */
export async function reinstallEverywhere({ fleet, observer }: Cell, artifact: JobArtifact): Promise<string> {
  const { place } = fleet;
  const { user, layout } = place.job.product;
  const own = new Set([...user.map(({ file }) => file), ...layout.preserved].flatMap((glob) => matchingPaths(place.root, glob)));
  const kept = [...own].map((file) => path.join(place.root, file)).filter((file) => lstatSync(file).isFile());
  const contents = kept.map((file) => ({ file, content: readFileSync(file) }));
  await Promise.all(fleet.hosts.map((host) => uninstallFrom(host, artifact, observer)));
  await Promise.all(fleet.hosts.map((host) => installOn(host, artifact, observer)));
  for (const { file, content } of contents) writeFileSync(file, content);
  for (const { manager } of fleet.hosts) manager.reload();
  await Promise.all(fleet.hosts.map((host) => startServices(host)));
  return `uninstalled; ${artifact.name} installed afresh and started`;
}

export async function startServices({ place, manager }: Host): Promise<void> {
  for (const { unit } of place.job.product.services) await manager.start(unit);
}

export async function stopServices({ place, manager }: Host): Promise<void> {
  for (const { unit } of place.job.product.services.toReversed()) await manager.stop(unit);
}

/** Runs commands in order. Throws StepFailed at the first one that does not end with 0. */
async function runAll(commands: readonly (readonly string[])[], place: Place, target: Target, observer: Observer): Promise<void> {
  const options = place.commandOptions(target, place.job.limits.stepMs);
  for (const command of commands) {
    const argv = command.map((word) => place.fill(word, target));
    const result = await runCommand(argv, options, observer);
    if (result.code !== 0)
      throw new StepFailed(`${argv.join(" ")} ended with ${result.code ?? result.signal}: ${result.stderr.trim().slice(-500)}`);
  }
}

/** What its commands leave is removed; a command that fails says so by its exit code, which is observed. */
async function uninstallFrom(host: Host, artifact: JobArtifact, observer: Observer): Promise<void> {
  const { place, manager } = host;
  const { uninstall, services } = place.job.product;
  await stopServices(host);
  const target = { version: artifact.version, artifact };
  for (const command of uninstall) {
    const argv = command.map((word) => place.fill(word, target));
    await runCommand(argv, place.commandOptions(target, place.job.limits.stepMs), observer);
  }
  for (const name of readdirSync(place.root)) rmSync(path.join(place.root, name), { recursive: true, force: true });
  for (const { unit } of services) {
    manager.disable(unit);
    rmSync(path.join(place.units, unit), { force: true });
  }
}
