// The same cells the naive way: one after another, a container each by testcontainers, artifacts copied in, one exec a step.
import Docker from "dockerode";
import { GenericContainer, type StartedTestContainer } from "testcontainers";
import type { Cell } from "../model/index.ts";
import { releasesOf, TOOLS, toolText } from "./bare-way.ts";
import { type Ground, platform } from "./ground.ts";
import { ALL_STEPS, cellScript } from "./shell/cell-script.ts";
import { filler } from "./shell/fill.ts";
import { looksOf } from "./shell/looks.ts";

const BENCH = "/bench";
const NODE = "/upmatrix/bin/node";
const PORT = "8080";
const PLACES = {
  root: "/cell/root",
  work: "/cell/work",
  node: NODE,
  tools: BENCH,
  looks: `${BENCH}/looks`,
  cell: "naive",
  platform: platform(),
};

interface ToolFile {
  readonly content: string;
  readonly target: string;
  readonly mode: number;
}

export class NaiveWay {
  readonly #ground: Ground;
  readonly #image: string;
  readonly #tools: readonly ToolFile[];

  static async open(ground: Ground): Promise<NaiveWay> {
    const tools = await Promise.all(
      TOOLS.map(async ([name, file]) => ({ content: await toolText(file), target: `${BENCH}/${name}`, mode: 0o755 })),
    );
    return new NaiveWay(ground, await runtimeImage(ground.run), tools);
  }

  private constructor(ground: Ground, image: string, tools: readonly ToolFile[]) {
    this.#ground = ground;
    this.#image = image;
    this.#tools = tools;
  }

  /** Runs all cells one after another, as a test file that nobody has thought about does. Throws when one does not end on its versions. */
  async runCells(cells: readonly Cell[]): Promise<number> {
    const began = performance.now();
    for (const cell of cells) await this.#runCell(cell);
    return performance.now() - began;
  }

  async #runCell(cell: Cell): Promise<void> {
    const container = await this.#start(cell);
    try {
      for (const step of ALL_STEPS) {
        this.#ground.signal.throwIfAborted();
        const { exitCode, output } = await container.exec(["sh", `${BENCH}/cell.sh`, step]);
        if (exitCode !== 0)
          throw new Error(`Cannot compare: ${cell.id} failed in a container of its own, at ${step}:\n${output.slice(-2000)}`);
      }
    } finally {
      await container.stop();
    }
  }

  #start(cell: Cell): Promise<StartedTestContainer> {
    const product = this.#ground.project.products[cell.product];
    if (product === undefined) throw new Error(`Cannot run ${cell.id}: the project has no product ${cell.product}`);
    const releases = this.#ground.releases(cell);
    const served = releasesOf(cell, releases, ({ key, ref }) => ({
      directory: `/site/${key}/${ref.version}`,
      url: `http://127.0.0.1:${PORT}/${key}`,
    }));
    const root = product.root ?? PLACES.root;
    const fill = filler({ ...PLACES, root, version: "" }, PLACES.work);
    const look = { root, cell: PLACES.cell, state: `${PLACES.work}/state` };
    const artifacts = new Map(
      Object.values(releases).map(({ key, ref, directory }) => [key, { source: directory, target: `/site/${key}/${ref.version}` }]),
    );
    return new GenericContainer(this.#image)
      .withNetworkMode("none")
      .withUser("0:0")
      .withLabels({ [RUN_LABEL]: this.#ground.run })
      .withEntrypoint([NODE])
      .withCommand([`${BENCH}/static-server.mjs`, "/site", PORT])
      .withCopyDirectoriesToContainer([...artifacts.values()])
      .withCopyContentToContainer([
        ...this.#tools,
        { content: looksOf(product, look, fill), target: `${BENCH}/looks` },
        { content: cellScript(product, served, { ...PLACES, root }), target: `${BENCH}/cell.sh` },
      ])
      .start();
  }
}

/** So that `upmatrix clean` finds what a killed benchmark left. */
const RUN_LABEL = "upmatrix.run";

/** The image of the harness's own containers: the naive way gets the same, and makes no other. */
async function runtimeImage(run: string): Promise<string> {
  const containers = await new Docker().listContainers({ filters: { label: [`${RUN_LABEL}=${run}`] } });
  const [image] = containers.map(({ Image }) => Image);
  if (image === undefined) throw new Error(`Cannot find the runtime image: no container of ${run} runs`);
  return image;
}
