// `upmatrix clean`: removes what killed runs left, and says which it spared because they go on.
import { cleanRun } from "../environment/index.ts";
import { UsageError } from "./errors.ts";

export async function cleanCommand(run: string | undefined, { force = false }: { readonly force?: boolean }): Promise<void> {
  const { removed, spared } = await cleanRun(run, { force });
  for (const line of removed) console.log(`Removed ${line}`);
  const [first] = spared;
  if (run !== undefined && first !== undefined)
    throw new UsageError(
      `Cannot clean the run ${run}: ${first.why}. Wait until it is over or interrupt it with Ctrl-C; with --force what it uses is removed all the same`,
    );
  for (const one of spared)
    console.log(`Spared the run ${one.run}: ${one.why}. Remove what it uses with \`upmatrix clean ${one.run}\` when it is over`);
  if (removed.length === 0 && spared.length === 0) console.log(run === undefined ? "No run left anything" : `The run ${run} left nothing`);
}
