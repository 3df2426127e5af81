// Container isolation: every cell in a container of its own, removed afterwards. Slower than warm containers, right
// everywhere, and all that is possible where namespaces are refused. Hides how one is started and what it leaves.
import type Docker from "dockerode";
import type { CellChannel, ChannelEvents, ChannelExit } from "../conversation.ts";
import { removeContainer } from "./engine.ts";
import { runExec, startExec } from "./exec.ts";
import { NODE, PROGRAM, SCRIPT, type StartOrder, TREE_SIZE, WORK } from "./protocol.ts";

/** Docker's own tmpfs mounts are noexec unless asked otherwise. */
function treeOptions(size: string): string {
  return `exec,mode=755,size=${size}`;
}

/** The mounts of a cell's container. */
export function treesOf(root: string, workSize: string = TREE_SIZE): Record<string, string> {
  return { [root]: treeOptions(TREE_SIZE), [WORK]: treeOptions(workSize) };
}

/** What a cell in such a container can do to its install tree, tried for real. */
export async function tryTree(container: Docker.Container, root: string): Promise<string[]> {
  const script = `mount -o remount,size=64k ${root} && ! head -c 200000 /dev/zero > ${root}/full 2> /dev/null && mount -o remount,ro ${root} && echo able`;
  const { output } = await runExec(container, ["sh", "-c", script]);
  return output.includes("able") ? ["small-disk", "read-only-mount"] : [];
}

export class SingleContainers {
  readonly #docker: Docker;
  readonly #start: (root: string) => Promise<Docker.Container>;
  readonly #living = new Map<string, () => void>();
  #disposed = false;
  #counter = 0;

  constructor(docker: Docker, start: (root: string) => Promise<Docker.Container>) {
    this.#docker = docker;
    this.#start = start;
  }

  async startCell(order: StartOrder, events: ChannelEvents): Promise<CellChannel> {
    if (this.#disposed) throw new Error("the environment is disposed of");
    const container = await this.#start(order.root);
    const { id } = container;
    const exited = Promise.withResolvers<ChannelExit>();
    const left: string[] = [];
    let removing = false;
    const remove = () => {
      removing = true;
      return removeContainer(this.#docker, id);
    };
    this.#living.set(id, () => exited.resolve({ how: "lost", lost: "The environment was disposed of while the cell ran" }));
    if (this.#disposed) await this.dispose();
    this.#counter += 1;
    const exec = await startExec(container, {
      argv: ["sh", SCRIPT, "contained", NODE, PROGRAM],
      environment: { ROOT: order.root, WORK, SIZE: TREE_SIZE, HOLD: order.hold ? "1" : "", UPMATRIX_CELL: `cell.${this.#counter}` },
      line: (text) => {
        if (text.startsWith("#exit ")) exited.resolve({ how: `exit code ${text.slice(6)}` });
        else if (text.startsWith("#left ")) left.push(text.slice(6).trim());
        else events.line(text);
      },
      error: (text) => events.error(text),
    });
    const lost = `The container ${id.slice(0, 12)} ended while the cell ran. Look at \`docker info\` and at the memory of the engine, then run the cell again`;
    void exec.closed.then(() => exited.resolve(removing ? { how: "killed" } : { how: "lost", lost }));
    return {
      send: (line) => exec.send(`${line}\n`),
      kill: () => void remove().catch(() => undefined), // `closed` tells whether it worked
      enter: ["docker", "exec", "-it", id.slice(0, 12), "sh"],
      remove: `docker rm -f ${id.slice(0, 12)}`,
      exited: exited.promise,
      close: async (keep) => {
        this.#living.delete(id);
        if (keep) return (void exec.destroy(), []);
        if (!order.hold) await exec.closed;
        await remove();
        return left.map((text) => `process: ${text}`);
      },
    };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const ids = [...this.#living];
    this.#living.clear();
    for (const [, tell] of ids) tell();
    await Promise.all(ids.map(([id]) => removeContainer(this.#docker, id)));
  }
}
