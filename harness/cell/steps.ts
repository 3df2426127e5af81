// Carries out the steps of a cell, one function a step. A step returns what it has to say, or throws StepFailed.
import { appendFileSync } from "node:fs";
import path from "node:path";
import { armFaults, type ArmedFaults } from "../faults/index.ts";
import { type CellJob, decisiveSnapshot, type JobArtifact, jobArtifactKey, longer, type Step } from "../model/index.ts";
import { type Cell, watchedFolders } from "./cell.ts";
import { runCommand } from "./command.ts";
import { matchingPaths } from "./glob.ts";
import { faultTarget } from "./fault-target.ts";
import { takeFleetStep } from "./fleet-steps.ts";
import { installEverything, reinstallEverywhere, startServices, stopServices } from "./installing.ts";
import type { Waited } from "./monitor.ts";
import { Recording } from "./recording.ts";
import { takeSnapshot } from "./snapshot.ts";
import { StepFailed } from "./step-failed.ts";

export class Steps {
  readonly #cell: Cell;
  readonly #armed: ArmedFaults[] = [];
  #recording: Recording | undefined;
  /** Whether what was last begun came to its end. */
  #over = true;
  /** An upgrade goes on while further steps are taken. */
  #unsettled = false;
  /** What was published last. */
  #latest: JobArtifact | undefined;

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
      case "fleet":
        return takeFleetStep(step.do, this.#cell, {
          baseline: () => this.#artifact("from", this.#cell.place.job.script.baseline),
          of: (role) => this.#artifact(role, undefined),
          latest: () => this.#latest ?? this.#artifact("to", undefined),
        });
      case "settle":
        return this.#settle();
      case "reboot":
        return this.#reboot();
      default:
        return step satisfies never;
    }
  }

  async #install(step: Extract<Step, { kind: "install" }>): Promise<string> {
    const artifact = this.#artifact(step.role, step.variant);
    await installEverything(this.#cell, artifact);
    return `${artifact.name} installed`;
  }

  async #start(): Promise<string> {
    await Promise.all(this.#cell.fleet.hosts.map((host) => startServices(host)));
    return this.#expectHealth();
  }

  async #stop(): Promise<string> {
    await Promise.all(this.#cell.fleet.hosts.map((host) => stopServices(host)));
    return "stopped";
  }

  #edit(): string {
    const { root, job } = this.#cell.place;
    const { user, hosts } = job.product;
    // several hosts have a file of that name each; on the only one it may not be there yet
    const edits = user.flatMap(({ file, append }) =>
      (hosts === undefined ? [file] : matchingPaths(root, file)).map((one) => ({ file: one, append })),
    );
    for (const { file, append } of edits) appendFileSync(path.join(root, file), append);
    return `${edits.length} files edited`;
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
    this.#latest = artifact;
    server.publish(artifact);
    if (step.role !== "again") monitor.watchClosely(claimsTimes(place.job.script));
    const again: Promise<string>[] = [];
    const triggerAgain = (): string => {
      again.push(this.#trigger(artifact, step));
      return `the upgrade to ${artifact.version} was triggered once more`;
    };
    if (step.faults) await this.#arm(artifact, triggerAgain);
    const struck = this.#struckDown();
    const said = await this.#trigger(artifact, step);
    await Promise.all(again);
    if (step.until === "accepted") {
      this.#unsettled = true;
      return `${said}; it goes on`;
    }
    const limit = place.job.product.limits.upgrade;
    const waited = await Promise.race([monitor.steady(place.ground.patience(limit)), struck]);
    await this.#disarm();
    if (waited === "struck") return this.#record("killed");
    this.#over = waited === "reached";
    if (this.#over) return `${said}; over: version ${monitor.latest.version ?? "unknown"}`;
    throw new StepFailed(`${said}; not over ${this.#until(waited, limit)}`);
  }

  /** Arms the scenario's faults, and begins to record where the script is a sweep's. */
  async #arm(artifact: JobArtifact, triggerAgain: () => string): Promise<void> {
    const { place, recorder, observer } = this.#cell;
    const { faults, sweep } = place.job.script;
    if (faults.length > 0) {
      const reinstall = (role: "from" | "to"): Promise<string> => reinstallEverywhere(this.#cell, this.#artifact(role, undefined));
      const target = faultTarget(this.#cell, artifact, { triggerAgain, reinstall, artifactOf: (role) => this.#artifact(role, undefined) });
      const armed = armFaults(faults, target, (fault, event, evidence) => observer.see({ kind: "fault", fault, event, evidence }));
      this.#armed.push(armed);
      await armed.ready;
    }
    if (sweep !== undefined && recorder !== undefined) this.#recording = await Recording.begin(recorder, watchedFolders(place), observer);
  }

  async #disarm(): Promise<void> {
    for (const armed of this.#armed) await armed.disarm();
  }

  /** Where an operation is recorded and everything killed at it, whoever starts meanwhile waits for the recorder, and dies too. */
  #struckDown(): Promise<"struck"> {
    const { place, listenForInjections, fleet } = this.#cell;
    if (this.#recording === undefined || place.job.script.faults.length === 0) return new Promise(() => undefined);
    return new Promise((resolve) => listenForInjections(() => void fleet.powerOff().then(() => resolve("struck"))));
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
    const settled = await this.#settled().catch((error: unknown) => error);
    this.#cell.monitor.watchClosely(false);
    if (this.#recording === undefined && typeof settled === "string") return settled;
    const recorded = await this.#record("over");
    if (typeof settled !== "string") throw settled;
    return `${settled}; ${recorded}`;
  }

  async #settled(): Promise<string> {
    const { monitor, place } = this.#cell;
    const { start, upgrade } = place.job.product.limits;
    await this.#disarm();
    let undone = 0;
    for (const armed of this.#armed.splice(0)) undone += await armed.undo();
    if (!this.#over && undone === 0) throw new StepFailed(`Nothing changes any more: ${this.#why()}`);
    const limit = this.#unsettled ? longer(start, upgrade) : start;
    this.#unsettled = false;
    const waited = await monitor.steady(place.ground.patience(limit));
    if (waited !== "reached") throw new StepFailed(`Not steady ${this.#until(waited, limit)}`);
    return monitor.latest.healthy ? "steady and healthy" : `steady: ${this.#whoIsDown()}`;
  }

  /** After a boot an upgrade that was cut off may be finished, or taken back. */
  async #reboot(): Promise<string> {
    const { start, upgrade } = this.#cell.place.job.product.limits;
    await this.#cell.reboot();
    return this.#expectHealth(longer(start, upgrade));
  }

  /** Healthy, and nothing under way: what runs only for a moment after a start is over. */
  async #expectHealth(limit = this.#cell.place.job.product.limits.start): Promise<string> {
    const { monitor, place } = this.#cell;
    this.#over = false;
    const healthy = await monitor.healthy(place.ground.patience(limit));
    if (healthy !== "reached") throw new StepFailed(`Not healthy ${this.#until(healthy, limit)}`);
    const steady = await monitor.steady(place.ground.patience(limit));
    if (steady !== "reached") throw new StepFailed(`Healthy, but not steady ${this.#until(steady, limit)}`);
    this.#over = true;
    return `healthy, version ${monitor.latest.version ?? "unknown"}`;
  }

  #until(waited: Waited, limit: string): string {
    const { crashes } = this.#cell.place.job.product.limits;
    if (waited === "down") return `because nothing runs any more, and nothing is about to: ${this.#why()}`;
    return `${waited === "crashing" ? `and given up after ${crashes} starts in a row without health` : `within ${limit}`}: ${this.#why()}`;
  }

  /** On each host that is meant, one after another, or once for all. */
  async #trigger(
    artifact: JobArtifact,
    { hosts, services }: Pick<Extract<Step, { kind: "upgrade" }>, "hosts" | "services">,
  ): Promise<string> {
    const { place, fleet, observer } = this.#cell;
    const { command, accepted, on } = place.job.product.upgrade;
    const target = { version: artifact.version, artifact, hosts, services };
    const { started } = place.ground;
    const deadlineMs = place.ground.patience(place.job.product.limits.upgrade);
    const meant = on === "operator" ? [place] : fleet.hosts.filter(({ name }) => hosts?.includes(name) ?? true).map((host) => host.place);
    const refused: string[] = [];
    for (const at of meant) {
      const argv = command.map((word) => at.fill(word, target));
      const { code, signal } = await runCommand(argv, { ...at.commandOptions(target, deadlineMs), accepted, started }, observer);
      if (code === null || !accepted.includes(code))
        refused.push(`${at.name === "" ? "" : `${at.name}: `}${code === null ? signal : `exit code ${code}`}`);
    }
    return refused.length === 0 ? "accepted" : `not accepted (${refused.join(", ")})`;
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
    const { monitor, fleet } = this.#cell;
    const states = fleet.hosts.flatMap(({ place, manager }) =>
      place.job.product.services.map(({ unit }) => `${place.label(unit)} is ${manager.describe(unit)}`),
    );
    const busy = monitor.busy();
    return [
      ...states,
      monitor.latest.healthy ? "healthy" : "not healthy",
      `${fleet.agents().length} processes`,
      ...(busy.length > 0 ? [`busy: ${busy.join("; ")}`] : []),
    ].join(", ");
  }

  #whoIsDown(): string {
    const { members } = this.#cell.monitor.latest;
    const down = members.filter(({ healthy }) => !healthy).map(({ name }) => name);
    return down.length < members.length ? `${down.join(", ")} ${down.length === 1 ? "is" : "are"} down` : "everything is down";
  }
}

/** Whether it is said how long something may be down, or how much at once: then it is looked at more often. */
function claimsTimes({ downtime, overlap, concurrency }: CellJob["script"]): boolean {
  return downtime !== undefined || overlap !== undefined || concurrency !== undefined;
}
