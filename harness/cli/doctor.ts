// `upmatrix doctor`: what this machine can do, one line a capability.
import { doctor } from "../environment/index.ts";

export async function doctorCommand(): Promise<void> {
  const findings = await doctor();
  const width = Math.max(...findings.map(({ capability }) => capability.length));
  for (const { capability, ok, detail } of findings) console.log(`${ok ? "yes" : "no "}  ${capability.padEnd(width)}  ${detail}`);
}
