// The claim of a living run on its folders and processes on this machine: a file beside the folders that names its owner. It
// is there before the first of them and goes after the last.
import { readFileSync } from "node:fs";
import { realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { thisOwner } from "./owner.ts";

/** Claims of this process by their file: several environments may work for one run. */
const held = new Map<string, number>();

/** Claims what this process makes for the run, until disposed of. */
export async function claimRun(run: string): Promise<AsyncDisposable> {
  const file = path.join(await realpath(tmpdir()), `upmatrix-${run}-${process.pid}.owner`);
  held.set(file, (held.get(file) ?? 0) + 1);
  await writeFile(file, thisOwner());
  return {
    async [Symbol.asyncDispose]() {
      const left = (held.get(file) ?? 1) - 1;
      if (left > 0) return void held.set(file, left);
      held.delete(file);
      await rm(file, { force: true });
    },
  };
}

/** The run and the owner of a thing by its name, which is a marker, a folder or a claim: `upmatrix-<run>-<pid>.<number|owner>`. */
export function claimOf(name: string, folder: string): { readonly run: string; readonly owner: string | undefined } | undefined {
  const [, stem, run] = /^(upmatrix-(.+)-\d+)\.(?:\d+|owner)$/.exec(name) ?? [];
  if (stem === undefined || run === undefined) return undefined;
  try {
    return { run, owner: readFileSync(path.join(folder, `${stem}.owner`), "utf8") };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { run, owner: undefined }; // node:fs throws only such errors
    throw error;
  }
}
