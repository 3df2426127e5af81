// Removes what killed runs left behind, here and on the engine: everything a run starts carries the run's id. Hides where
// things can be left.
import { readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type Docker from "dockerode";
import { connect, removeContainer, RUN_LABEL } from "./docker/engine.ts";
import { removeVolume } from "./docker/volume.ts";
import { endMarked } from "./host/marked.ts";
import { EnvironmentError, reasonOf } from "./types.ts";

/** Removes what a run left, or what any run left; returns a line for each thing. Must not be called while that run goes on. */
export async function cleanRun(run: string | undefined): Promise<string[]> {
  return [...(await cleanHost(run)), ...(await cleanEngine(run))];
}

async function cleanHost(run: string | undefined): Promise<string[]> {
  const own = (name: string) => isOf(name, run);
  const { killed, immortal } = await endMarked(own);
  const base = await realpath(tmpdir());
  const folders = (await readdir(base)).filter(own).map((name) => path.join(base, name));
  for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  const processes = killed.filter(({ pid }) => !immortal.some((other) => other.pid === pid));
  return [...processes.map(({ pid, command }) => `process ${pid}: ${command}`), ...folders.map((folder) => `folder ${folder}`)];
}

/** Whether a marker, which is also a folder's name, is of the run: `upmatrix-<run>-<pid>.<number>`. */
function isOf(name: string, run: string | undefined): boolean {
  const [, of] = /^upmatrix-(.+)-\d+\.\d+$/.exec(name) ?? [];
  return of !== undefined && (run === undefined || of === run);
}

async function cleanEngine(run: string | undefined): Promise<string[]> {
  const engine = await connect().catch((error: unknown) => {
    if (error instanceof EnvironmentError) return undefined; // no engine, so nothing on it
    throw error;
  });
  if (engine === undefined) return [];
  const filters = { label: [run === undefined ? RUN_LABEL : `${RUN_LABEL}=${run}`] };
  return [
    ...(await cleanContainers(engine.docker, filters)),
    ...(await cleanVolumes(engine.docker, filters)),
    ...(await cleanNetworks(engine.docker, filters)),
  ];
}

interface Filters {
  readonly label: string[];
}

async function cleanContainers(docker: Docker, filters: Filters): Promise<string[]> {
  const containers = await docker.listContainers({ all: true, filters: { label: filters.label } });
  return removeAll(
    containers,
    ({ Id }) => `container ${Id.slice(0, 12)}`,
    ({ Id }) => removeContainer(docker, Id),
  );
}

async function cleanVolumes(docker: Docker, filters: Filters): Promise<string[]> {
  const { Volumes } = await docker.listVolumes({ filters: { label: filters.label } });
  return removeAll(
    Volumes ?? [],
    ({ Name }) => `volume ${Name}`,
    ({ Name }) => removeVolume(docker, Name),
  );
}

async function cleanNetworks(docker: Docker, filters: Filters): Promise<string[]> {
  const networks = await docker.listNetworks({ filters: { label: filters.label } });
  return removeAll(
    networks,
    ({ Name }) => `network ${Name}`,
    async ({ Id }) => void (await docker.getNetwork(Id).remove()),
  );
}

async function removeAll<T>(things: readonly T[], name: (thing: T) => string, remove: (thing: T) => Promise<void>): Promise<string[]> {
  const removed: string[] = [];
  for (const thing of things) {
    try {
      await remove(thing);
      removed.push(name(thing));
    } catch (error) {
      throw new EnvironmentError({
        what: `Cannot remove the ${name(thing)}`,
        why: reasonOf(error),
        whatToDo: "Remove it with docker, then run `upmatrix clean` again",
      });
    }
  }
  return removed;
}
