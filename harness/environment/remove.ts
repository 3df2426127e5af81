// Removes the folder of a cell whose processes have been ended.
import { rm } from "node:fs/promises";

/**
 * Linux says when a process has let go of its files (`endMarked` waits for it), so there what cannot be removed is an error.
 * Windows lets go of a program's files some time after its process has ended, and macOS shows no threads: neither tells anybody
 * when, so there it is tried for some seconds.
 */
const PATIENCE = process.platform === "linux" ? {} : { maxRetries: 20, retryDelay: 100 };

/** Removes a file or a folder, if it is there. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, ...PATIENCE });
}
