// The environment `docker`: Linux containers on any engine that answers. Chooses the isolation that the engine really allows
// and says what cells can do in it. Hides images, volumes, containers.
import { availableParallelism } from "node:os";
import type { CellEnd, CellJob, EnvironmentFacts, Matrix } from "../../model/index.ts";
import type { Bundle } from "../bundle.ts";
import { converse, type Patience, type StartCell } from "../conversation.ts";
import { type ArtifactFiles, type CellRequest, type Environment, EnvironmentError, reasonOf } from "../types.ts";
import { startContainer } from "./container.ts";
import { connect, type Engine, removeContainer } from "./engine.ts";
import { ensureRuntimeImage, type RuntimeImage } from "./image.ts";
import { WarmPool } from "./pool.ts";
import { ROOT, type StartOrder, WORK } from "./protocol.ts";
import { SingleContainers, treesOf, tryTree } from "./single.ts";
import { Turns } from "./turns.ts";
import { ArtifactVolume, artifactFolder } from "./volume.ts";
import { WarmContainer } from "./warm.ts";

export interface DockerOptions {
  readonly run: string;
  readonly matrix: Matrix;
  readonly slots?: number | undefined;
  readonly cache: string;
  readonly cell: Bundle;
  readonly patience: Patience;
  readonly log: (line: string) => void;
  /** Ends opening when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Cells that one warm container runs at once: its warden is one process, and a leak costs at most this many cells' warmth. */
const CELLS_PER_CONTAINER = 10;
const ALWAYS = [
  "reboot",
  "signals",
  "absolute-root",
  "isolated-network",
  "root-user",
  "own-processes",
  "posix",
  "other-user",
  "builtin-services",
];
/** What the engine may refuse. */
const TRIED = ["small-disk", "read-only-mount"];
/** Enough for a product of several processes, and filled within a second. */
const SMALL_MEMORY_BYTES = 768 * 1024 ** 2;

/** How cells are started, and what that is good for. */
interface Isolation {
  readonly description: string;
  readonly capabilities: readonly string[];
  start(order: StartOrder): StartCell;
  dispose(): Promise<void>;
}

/** Everything that makes containers of a run. */
interface Site {
  readonly engine: Engine;
  readonly options: DockerOptions;
  readonly image: RuntimeImage;
  readonly volume: ArtifactVolume;
  readonly memoryBytes: number | undefined;
}

export async function openDocker(options: DockerOptions): Promise<Environment> {
  const settings = options.matrix.environments.docker;
  const memoryBytes = settings?.memory === undefined ? undefined : memoryOf(settings.memory);
  const engine = await connect();
  const image = await ensureRuntimeImage({
    engine,
    run: options.run,
    image: settings?.image,
    cell: options.cell,
    cache: options.cache,
    log: options.log,
    signal: options.signal,
  });
  const volume = await ArtifactVolume.create(engine.docker, image.name, options.run);
  try {
    const site: Site = { engine, options, image, volume, memoryBytes };
    const isolation = settings?.isolation === "container" ? await singleContainers(site, undefined) : await warmContainers(site);
    return new DockerEnvironment(site, isolation);
  } catch (error) {
    await volume.dispose(false).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
}

/** What planning may count on, without starting anything; opening then tries it for real. Throws when no engine answers. */
export async function probeDocker(matrix: Matrix): Promise<EnvironmentFacts> {
  const engine = await connect();
  const isolation = matrix.environments.docker?.isolation ?? "namespace";
  return factsOf(engine, `${engine.description}; isolation: ${isolation}`, TRIED);
}

function factsOf({ limitsMemory }: Engine, description: string, tried: readonly string[]): EnvironmentFacts {
  const capabilities = [...ALWAYS, ...tried, ...(limitsMemory ? ["small-memory"] : [])];
  return { name: "docker", platform: "linux", description, capabilities };
}

class DockerEnvironment implements Environment {
  readonly facts: EnvironmentFacts;
  readonly slots: number;
  readonly #site: Site;
  readonly #isolation: Isolation;
  readonly #small: SingleContainers;
  readonly #turns: Turns;
  #keeps = false;

  constructor(site: Site, isolation: Isolation) {
    const { engine, image, options } = site;
    this.#site = site;
    this.#isolation = isolation;
    this.#small = smallContainers(site, isolation);
    this.#turns = new Turns(options.slots ?? options.matrix.limits.parallel, Math.min(engine.processors, availableParallelism()));
    this.slots = this.#turns.slots;
    this.facts = factsOf(engine, `${engine.description}; ${image.base}; ${isolation.description}`, isolation.capabilities);
  }

  prepare(artifacts: readonly ArtifactFiles[]): Promise<void> {
    return this.#site.volume.prepare(artifacts);
  }

  artifactDirectory(key: string): string {
    return artifactFolder(key);
  }

  run(request: CellRequest): Promise<CellEnd> {
    const root = request.job.product.root ?? ROOT;
    const job: CellJob = { ...request.job, root, work: WORK, capabilities: this.facts.capabilities };
    const hold = request.keep === true || request.shell === true;
    if (request.keep === true) this.#keeps = true;
    const order: StartOrder = { root, hold };
    const startCell: StartCell = wantsSmallMemory(job) ? (events) => this.#small.startCell(order, events) : this.#isolation.start(order);
    return this.#turns.take(job.product, () => converse(startCell, job, request, this.#site.options.patience));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const cells = await Promise.all([settled(this.#isolation.dispose()), settled(this.#small.dispose())]);
    const results = [...cells, await settled(this.#site.volume.dispose(this.#keeps))];
    const failed = results.find((result) => result !== undefined);
    if (failed !== undefined) throw failed;
  }
}

async function warmContainers(site: Site): Promise<Isolation> {
  const open = async () => {
    const container = await start(site, "warm", {});
    return WarmContainer.open(site.engine.docker, container).catch(async (error: unknown) => {
      await removeContainer(site.engine.docker, container.id);
      throw error;
    });
  };
  const first = await open().catch((error: unknown) => reasonOf(error));
  if (typeof first === "string") return singleContainers(site, first);
  const trial = await first.trial;
  if (trial.refused !== null) {
    await first.dispose();
    return singleContainers(site, trial.refused);
  }
  const pool = new WarmPool(open, CELLS_PER_CONTAINER, first);
  return {
    description: "warm containers, fresh namespaces and a fresh root for every cell",
    capabilities: trial.capabilities,
    start: (order) => (events) => pool.startCell(order, events),
    dispose: () => pool.dispose(),
  };
}

/** `refused`: why warm containers are impossible, when that is the reason. */
async function singleContainers(site: Site, refused: string | undefined): Promise<Isolation> {
  const { docker } = site.engine;
  if (refused !== undefined) site.options.log(`Namespaces are refused, so every cell gets a container of its own: ${refused}`);
  const rights = await start(site, "mounts", treesOf(ROOT)).then(
    async (container) => ({ capabilities: await tryTree(container, ROOT).finally(() => removeContainer(docker, container.id)) }),
    (error: unknown) => ({ refused: reasonOf(error) }),
  );
  const mounts = "capabilities" in rights && rights.capabilities.length > 0;
  const cells = new SingleContainers(docker, (root) => start(site, mounts ? "mounts" : "plain", treesOf(root)));
  return {
    description: `a container for every cell${refused === undefined ? "" : ` (namespaces are refused: ${refused})`}`,
    capabilities: mounts ? rights.capabilities : [],
    start: (order) => (events) => cells.startCell(order, events),
    dispose: () => cells.dispose(),
  };
}

/** What fills the memory must find it limited for its own cell alone: other cells of a warm container would be killed for it. */
function wantsSmallMemory({ script }: CellJob): boolean {
  return script.faults.some(({ do: action }) => action === "out-of-memory");
}

/** The scratch folder, which lies in memory, is as big as all memory: it must be possible to fill that. */
function smallContainers(site: Site, { capabilities }: Isolation): SingleContainers {
  const memoryBytes = site.memoryBytes ?? SMALL_MEMORY_BYTES;
  const rights = capabilities.length > 0 ? "mounts" : "plain";
  return new SingleContainers(site.engine.docker, (root) => start({ ...site, memoryBytes }, rights, treesOf(root, String(memoryBytes))));
}

function start({ engine, image, options, volume, memoryBytes }: Site, rights: "warm" | "mounts" | "plain", trees: Record<string, string>) {
  return startContainer({ engine, image: image.name, run: options.run, volume: volume.name, memoryBytes, rights, trees });
}

function memoryOf(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([kmg]?)i?b?$/i.exec(text) ?? [];
  const factor = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(unit ?? "").toLowerCase()];
  if (amount !== undefined && factor !== undefined) return Math.floor(Number(amount) * factor);
  throw new EnvironmentError({
    what: `Cannot read environments.docker.memory: ${JSON.stringify(text)}`,
    why: "it is not a size",
    whatToDo: "Write a size such as 512m or 2g",
  });
}

async function settled(work: Promise<void>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
