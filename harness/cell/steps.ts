// Carries out the steps of a cell, one function a step. A step returns what it has to say, or throws StepFailed.
import { appendFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { armFaults, type ArmedFaults } from "../faults/index.ts";
import { decisiveSnapshot, type JobArtifact, jobArtifactKey, milliseconds, type Step } from "../model/index.ts";
import { type Cell, watchedFolders } from "./cell.ts";
import { runCommand } from "./command.ts";
import { matchingPaths } from "./glob.ts";
import { faultTarget } from "./fault-target.ts";
import type { Waited } from "./monitor.ts";
import { Recording } from "./recording.ts";
import { takeSnapshot } from "./snapshot.ts";

/** A step that did not do what it was to do. Not an error of the harness. */
export class StepFailed extends Error {}

export class Steps {
  readonly #cell: Cell;
  #armed: ArmedFaults | undefined;
  #recording: Recording | undefined;
  /** Whether what was last begun came to its end. */
  #over = true;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  async take(step: Step): Promise<string> {
    switch (step.kind) {
      case "install":
        return this.#install(step);
      case "start":
        return this.#start();
      case "stop":
        return this.#stop();
      case "edit":
        return this.#edit();
      case "snapshot":
        return this.#snapshot(step);
      case "upgrade":
        return this.#upgrade(step);
      case "settle":
        return this.#settle();
      case "reboot":
        return this.#reboot();
      default:
        return step satisfies never;
    }
  }

  async #install(step: Extract<Step, { kind: "install" }>): Promise<string> {
    const { place, observer, manager } = this.#cell;
    const { product } = place.job;
    const artifact = this.#artifact(step.role, step.variant);
    const target = { version: artifact.version, artifact };
    mkdirSync(place.root, { recursive: true });
    for (const { unit, definition } of product.services) {
      if (definition !== undefined) writeFileSync(path.join(place.units, unit), place.fill(definition, target));
    }
    const options = place.commandOptions(target, place.job.limits.stepMs);
    for (const command of product.install) {
      const argv = command.map((word) => place.fill(word, target));
      const result = await runCommand(argv, options, observer);
      if (result.code !== 0)
        throw new StepFailed(`${argv.join(" ")} ended with ${result.code ?? result.signal}: ${result.stderr.trim().slice(-500)}`);
    }
    for (const { unit } of product.services) {
      if (!existsSync(path.join(place.units, unit))) throw new StepFailed(`The install wrote no unit file ${unit} to {units}`);
      manager.enable(unit);
    }
    return `${artifact.name} installed`;
  }

  /** As a careful user does it: stops the services, uninstalls, installs and starts again, and puts the own files back. */
  async #reinstall(role: "from" | "to"): Promise<string> {
    const { place, manager, observer } = this.#cell;
    const { user, layout, uninstall, services } = place.job.product;
    const own = new Set([...user.map(({ file }) => file), ...layout.preserved].flatMap((glob) => matchingPaths(place.root, glob)));
    const kept = [...own].map((file) => path.join(place.root, file)).filter((file) => lstatSync(file).isFile());
    const contents = kept.map((file) => ({ file, content: readFileSync(file) }));
    await this.#stop();
    const artifact = this.#artifact(role, undefined);
    for (const command of uninstall) {
      const argv = command.map((word) => place.fill(word, { version: artifact.version, artifact }));
      await runCommand(argv, place.commandOptions({ version: artifact.version, artifact }, place.job.limits.stepMs), observer);
    }
    for (const name of readdirSync(place.root)) rmSync(path.join(place.root, name), { recursive: true, force: true });
    for (const { unit } of services) {
      manager.disable(unit);
      rmSync(path.join(place.units, unit), { force: true });
    }
    const installed = await this.#install({ kind: "install", role });
    for (const { file, content } of contents) writeFileSync(file, content);
    manager.reload();
    for (const { unit } of services) await manager.start(unit);
    return `uninstalled; ${installed} afresh and started`;
  }

  async #start(): Promise<string> {
    const { place, manager } = this.#cell;
    for (const { unit } of place.job.product.services) await manager.start(unit);
    return this.#expectHealth();
  }

  async #stop(): Promise<string> {
    const { place, manager } = this.#cell;
    for (const { unit } of [...place.job.product.services].reverse()) await manager.stop(unit);
    return "stopped";
  }

  #edit(): string {
    const { root, job } = this.#cell.place;
    for (const { file, append } of job.product.user) appendFileSync(path.join(root, file), append);
    return `${job.product.user.length} files edited`;
  }

  async #snapshot(step: Extract<Step, { kind: "snapshot" }>): Promise<string> {
    const asks = step.label === decisiveSnapshot(this.#cell.place.job.script);
    const snapshot = await takeSnapshot(this.#cell, asks);
    this.#cell.observer.see({ kind: "snapshot", label: step.label, snapshot });
    return `${snapshot.tree.length} entries, version ${snapshot.version ?? "unknown"}, ${snapshot.healthy ? "healthy" : "not healthy"}`;
  }

  async #upgrade(step: Extract<Step, { kind: "upgrade" }>): Promise<string> {
    const { server, place, monitor } = this.#cell;
    const artifact = this.#target(step);
    server.publish(artifact);
    const triggers: Promise<string>[] = [];
    const triggerAgain = (): string => {
      triggers.push(this.#trigger(artifact));
      return `the upgrade to ${artifact.version} was triggered once more`;
    };
    const reinstall = (role: "from" | "to"): Promise<string> => this.#reinstall(role);
    if (step.faults && place.job.script.faults.length > 0) {
      const { observer } = this.#cell;
      this.#armed = armFaults(
        place.job.script.faults,
        faultTarget(this.#cell, artifact, { triggerAgain, reinstall }),
        (fault, event, evidence) => observer.see({ kind: "fault", fault, event, evidence }),
      );
      await this.#armed.ready;
    }
    const { recorder } = this.#cell;
    if (step.faults && place.job.script.sweep !== undefined && recorder !== undefined)
      this.#recording = await Recording.begin(recorder, watchedFolders(place), this.#cell.observer);
    const struck = this.#struckDown();
    const said = await this.#trigger(artifact);
    await Promise.all(triggers);
    const limit = place.job.product.limits.upgrade;
    const waited = await Promise.race([monitor.steady(place.patience(limit)), struck]);
    await this.#armed?.disarm();
    if (waited === "struck") return this.#record("killed");
    this.#over = waited === "reached";
    if (this.#over) return `${said}; over: version ${monitor.latest.version ?? "unknown"}`;
    throw new StepFailed(`${said}; not over ${this.#until(waited, limit)}`);
  }

  /** Where an operation is recorded and everything killed at it, nothing may be started again before the tree was looked at. */
  #struckDown(): Promise<"struck"> {
    const { place, listenForInjections, manager } = this.#cell;
    const killed = this.#recording !== undefined && place.job.script.faults.length > 0;
    return new Promise((resolve) => {
      if (killed) listenForInjections(() => void manager.powerOff().then(() => resolve("struck")));
    });
  }

  /** Ends the recording and streams it out. */
  async #record(how: "over" | "killed"): Promise<string> {
    const recording = this.#recording;
    this.#recording = undefined;
    if (recording === undefined) return "nothing was recorded";
    return `${await recording.end(this.#cell.observer, how)} operations were recorded`;
  }

  /** After an upgrade that did not end by itself there is only something to wait for when a fault is taken back. */
  async #settle(): Promise<string> {
    if (this.#recording === undefined) return this.#settled();
    const settled = await this.#settled().catch((error: unknown) => error);
    const recorded = await this.#record("over");
    if (typeof settled !== "string") throw settled;
    return `${settled}; ${recorded}`;
  }

  async #settled(): Promise<string> {
    const { monitor, place } = this.#cell;
    const undone = this.#armed?.undo() ?? 0;
    this.#armed = undefined;
    if (!this.#over && undone === 0) throw new StepFailed(`Nothing changes any more: ${this.#why()}`);
    const limit = place.job.product.limits.start;
    const waited = await monitor.steady(place.patience(limit));
    if (waited !== "reached") throw new StepFailed(`Not steady ${this.#until(waited, limit)}`);
    return monitor.latest.healthy ? "steady and healthy" : "steady: everything is down";
  }

  /** After a boot an upgrade that was cut off may be finished, or taken back. */
  async #reboot(): Promise<string> {
    const { start, upgrade } = this.#cell.place.job.product.limits;
    await this.#cell.reboot();
    return this.#expectHealth(milliseconds(upgrade) > milliseconds(start) ? upgrade : start);
  }

  /** Healthy, and nothing under way: what runs only for a moment after a start is over. */
  async #expectHealth(limit = this.#cell.place.job.product.limits.start): Promise<string> {
    const { monitor, place } = this.#cell;
    this.#over = false;
    const healthy = await monitor.healthy(place.patience(limit));
    if (healthy !== "reached") throw new StepFailed(`Not healthy ${this.#until(healthy, limit)}`);
    const steady = await monitor.steady(place.patience(limit));
    if (steady !== "reached") throw new StepFailed(`Healthy, but not steady ${this.#until(steady, limit)}`);
    this.#over = true;
    return `healthy, version ${monitor.latest.version ?? "unknown"}`;
  }

  #until(waited: Waited, limit: string): string {
    const { crashes } = this.#cell.place.job.product.limits;
    if (waited === "down") return `because nothing runs any more, and nothing is about to: ${this.#why()}`;
    return `${waited === "crashing" ? `and given up after ${crashes} starts in a row without health` : `within ${limit}`}: ${this.#why()}`;
  }

  async #trigger(artifact: JobArtifact): Promise<string> {
    const { place, observer } = this.#cell;
    const { command, accepted } = place.job.product.upgrade;
    const target = { version: artifact.version, artifact };
    const argv = command.map((word) => place.fill(word, target));
    const { started } = place;
    const deadlineMs = place.patience(place.job.product.limits.upgrade);
    const options = { ...place.commandOptions(target, deadlineMs), accepted, started };
    const { code, signal } = await runCommand(argv, options, observer);
    return code !== null && accepted.includes(code) ? "accepted" : `not accepted (${code === null ? signal : `exit code ${code}`})`;
  }

  #target(step: Extract<Step, { kind: "upgrade" }>): JobArtifact {
    const { place, monitor } = this.#cell;
    if (step.role !== "again") return this.#artifact(step.role, step.variant);
    // a rebuild has the version of what it replaces: going on to `to` once more would prove little, but harms nothing
    return this.#artifact(monitor.latest.version === place.job.versions.to ? "next" : "to", step.variant);
  }

  #artifact(role: "from" | "to" | "next", variant: string | undefined): JobArtifact {
    const key = jobArtifactKey(role, variant);
    const artifact = this.#cell.place.job.artifacts[key];
    if (artifact === undefined) throw new Error(`Cannot find the artifact ${key}: the job was made without it`);
    return artifact;
  }

  #why(): string {
    const { monitor, manager, place, processes } = this.#cell;
    const states = place.job.product.services.map(({ unit }) => `${unit} is ${manager.state(unit).state}`);
    const busy = monitor.busy();
    const running = processes.list().length;
    return [
      ...states,
      monitor.latest.healthy ? "healthy" : "not healthy",
      `${running} processes`,
      ...(busy.length > 0 ? [`busy: ${busy.join("; ")}`] : []),
    ].join(", ");
  }
}
