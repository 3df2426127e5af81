// The power of one machine, or of all: who is killed at once, and who must not start anything meanwhile.
import type { ProcessEntry } from "../../model/index.ts";

/** What would start something again when its processes die. */
export interface Powered {
  /** From now on nothing is started, whoever dies. */
  unplug(): void;
  /** Waits until it was noticed that all are dead. */
  forget(): Promise<void>;
}

/** Everybody dies at once, nothing is restarted. Returns what was killed. */
export async function cutPower(powered: readonly Powered[], killAll: () => Promise<ProcessEntry[]>): Promise<string[]> {
  for (const one of powered) one.unplug();
  const killed = await killAll();
  await Promise.all(powered.map((one) => one.forget()));
  return killed.map(({ pid, command }) => `${pid} ${command}`);
}
