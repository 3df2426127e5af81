// How the harness and the warden in a warm container talk: lines over one stream, a verb, a cell's number, and the rest.
// The rest is handed on as it is, so that big observations are not encoded twice.

/** To the warden. `start` carries a `StartOrder` as JSON; `in` one line of the cell's input. */
export type Order = "start" | "in" | "kill";
/** From the warden. `ready` carries a `Trial`, `error` a string, `end` an `Aftermath`, as JSON. */
export type Report = "ready" | "pid" | "out" | "error" | "exit" | "end";

export interface StartOrder {
  /** The install tree's path. */
  readonly root: string;
  /** Keep the cell's namespaces after its program ended, until it is killed. */
  readonly hold: boolean;
}

/** What a cell of the container can do, tried for real; `refused` when there can be no cell at all. */
export interface Trial {
  readonly refused: string | null;
  readonly capabilities: readonly string[];
}

export interface Aftermath {
  /** Processes that the cell left behind; they died with its namespaces. */
  readonly left: readonly string[];
  /** What is not as it was in the container: it must not be used again. */
  readonly leaks: readonly string[];
}

export function encode(verb: Order | Report, cell: number, rest: string): string {
  return `${verb} ${cell} ${rest}\n`;
}

export function decode(line: string): { verb: string; cell: number; rest: string } {
  const first = line.indexOf(" ");
  const second = line.indexOf(" ", first + 1);
  return { verb: line.slice(0, first), cell: Number(line.slice(first + 1, second)), rest: line.slice(second + 1) };
}

export const ROOT = "/cell/root";
export const WORK = "/cell/work";
export const ARTIFACTS = "/upmatrix/artifacts";
export const NODE = "/upmatrix/bin/node";
export const PROGRAM = "/upmatrix/cell/start.cjs";
/** Run once, when the image is made. */
export const COMPILE = "/upmatrix/cell/compile.cjs";
export const SCRIPT = "/upmatrix/cell.sh";
/** Far more than a cell needs; pages are only taken when they are written. */
export const TREE_SIZE = "1g";

/**
 * The first process of our containers: reaps what is handed down to it, and ends when told by a process inside, which is how
 * everything ends when the harness dies. Programs that tell it so look first whether it is this one, and never signal another.
 */
export const WAIT = `upmatrix=container; trap 'exit 0' TERM; while :; do sleep 86400 & wait $!; done`;
export const WAIT_SIGN = "upmatrix=container;";
