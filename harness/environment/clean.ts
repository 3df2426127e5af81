// Removes what killed runs left behind, here and on the engine, and spares what a living one uses: everything a run starts
// carries the run's id and its owner. Hides where things can be left.
import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type Docker from "dockerode";
import { connect, OWNER_LABEL, removeContainer, RUN_LABEL } from "./docker/engine.ts";
import { removeVolume } from "./docker/volume.ts";
import { claimOf } from "./claim.ts";
import { endMarked } from "./host/marked.ts";
import { ownerState } from "./owner.ts";
import { removeFolder } from "./remove.ts";
import { EnvironmentError, reasonOf } from "./types.ts";

export interface Cleaned {
  /** A line for each thing. */
  readonly removed: readonly string[];
  /** Runs that were left alone, and why. */
  readonly spared: readonly { readonly run: string; readonly why: string }[];
}

/** Removes what a run left, or what any run left. A living run is spared; with `force` nothing is. */
export async function cleanRun(run: string | undefined, { force }: { readonly force: boolean }): Promise<Cleaned> {
  const mercy = new Mercy(run, force);
  const removed = [...(await cleanHost(mercy)), ...(await cleanEngine(mercy))];
  return { removed, spared: mercy.spared };
}

/** Decides for one thing after the other. A run claims its things before it makes them, so what is seen can be judged. */
class Mercy {
  readonly run: string | undefined;
  readonly #force: boolean;
  readonly #spared = new Map<string, string>();

  constructor(run: string | undefined, force: boolean) {
    this.run = run;
    this.#force = force;
  }

  get spared(): Cleaned["spared"] {
    return [...this.#spared].map(([run, why]) => ({ run, why }));
  }

  /** Whether a thing may go. What is not asked for is none of our business. */
  condemns(thing: { readonly run: string; readonly owner: string | undefined } | undefined): boolean {
    if (thing === undefined || (this.run !== undefined && this.run !== thing.run)) return false;
    const why = this.#force ? undefined : this.#reasonToSpare(thing.owner);
    if (why !== undefined) this.#spared.set(thing.run, why);
    return why === undefined;
  }

  #reasonToSpare(owner: string | undefined): string | undefined {
    const state = ownerState(owner);
    if (state.kind === "alive") return `process ${state.pid} is still at work on it`;
    // whoever names a run knows whether it is over
    if (state.kind === "dead" || this.run !== undefined) return undefined;
    return `it was started on another machine, ${state.machine}, and may be going on there`;
  }
}

async function cleanHost(mercy: Mercy): Promise<string[]> {
  const base = await realpath(tmpdir());
  const own = (name: string) => mercy.condemns(claimOf(name, base));
  // a process whose folder is not here is of a run that has another temporary folder, and its claim lies there too
  const near = (marker: string) => mercy.run !== undefined || existsSync(path.join(base, marker));
  const { killed, immortal } = await endMarked((marker) => near(marker) && own(marker));
  const names = (await readdir(base)).filter(own);
  // a claim goes last: without it nobody could tell whose the folders are
  for (const name of names.toSorted((one, other) => Number(isClaim(one)) - Number(isClaim(other))))
    await removeFolder(path.join(base, name));
  const folders = names.filter((name) => !isClaim(name)).map((name) => path.join(base, name));
  const processes = killed.filter(({ pid }) => !immortal.some((other) => other.pid === pid));
  return [...processes.map(({ pid, command }) => `process ${pid}: ${command}`), ...folders.map((folder) => `folder ${folder}`)];
}

function isClaim(name: string): boolean {
  return name.endsWith(".owner");
}

async function cleanEngine(mercy: Mercy): Promise<string[]> {
  const engine = await connect().catch((error: unknown) => {
    if (error instanceof EnvironmentError) return undefined; // no engine, so nothing on it
    throw error;
  });
  if (engine === undefined) return [];
  const { docker } = engine;
  const filters = { label: [mercy.run === undefined ? RUN_LABEL : `${RUN_LABEL}=${mercy.run}`] };
  const containers = await docker.listContainers({ all: true, filters });
  const ended = await removeAll(condemned(mercy, containers), {
    name: ({ Id }) => `container ${Id.slice(0, 12)}`,
    remove: ({ Id }) => removeContainer(docker, Id),
  });
  const { Volumes } = await docker.listVolumes({ filters });
  const emptied = await removeAll(condemned(mercy, Volumes ?? []), {
    name: ({ Name }) => `volume ${Name}`,
    remove: ({ Name }) => removeVolume(docker, Name),
  });
  const networks = condemned<Docker.NetworkInspectInfo>(mercy, await docker.listNetworks({ filters }));
  const cut = await removeAll(networks, {
    name: ({ Name }) => `network ${Name}`,
    remove: async ({ Id }) => void (await docker.getNetwork(Id).remove()),
  });
  return [...ended, ...emptied, ...cut];
}

function condemned<T extends { readonly Labels?: Readonly<Record<string, string>> | null | undefined }>(
  mercy: Mercy,
  things: readonly T[],
): T[] {
  return things.filter(({ Labels }) => {
    const run = Labels?.[RUN_LABEL];
    return run !== undefined && mercy.condemns({ run, owner: Labels?.[OWNER_LABEL] });
  });
}

interface Removal<T> {
  name(thing: T): string;
  remove(thing: T): Promise<void>;
}

async function removeAll<T>(things: readonly T[], { name, remove }: Removal<T>): Promise<string[]> {
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
