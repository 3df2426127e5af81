// `upmatrix clean`: removes what killed runs left.
import { cleanRun } from "../environment/index.ts";

export async function cleanCommand(run: string | undefined): Promise<void> {
  const removed = await cleanRun(run);
  for (const line of removed) console.log(`Removed ${line}`);
  if (removed.length === 0) console.log(run === undefined ? "No run left anything" : `The run ${run} left nothing`);
}
