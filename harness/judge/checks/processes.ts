// Check of what runs: exactly as many processes of each kind as the product declares, and no updater.
import type { ProcessEntry } from "../../model/index.ts";
import { processPatterns } from "../patterns.ts";
import { type Broken, type Check, defineCheck, firstSeen } from "./check.ts";

export const processes: Check = defineCheck(
  "processes",
  "Each kind of process runs as often as it should, and no updater is left",
  ({ product, settled, fleet }) => {
    const { kinds, updaters } = processPatterns(product);
    const companions = new Set<string | undefined>(product.companions.map(({ name }) => name));
    // a product counts what runs on one machine
    const hosts = fleet === null || fleet.hosts.length === 0 ? [undefined] : fleet.hosts;
    const findings = settled.flatMap(({ snapshot, step }): Broken[] => {
      const wrong = hosts.flatMap((host) => {
        const own = snapshot.processes.filter(({ on }) => (host === undefined ? !companions.has(on) : on === host));
        return kinds.flatMap((kind) => miscounted(kind, host, own).map((broken) => ({ ...broken, step })));
      });
      const left = snapshot.processes.filter(({ command }) => updaters.some((expression) => expression.test(command)));
      return [
        ...wrong,
        ...left.map(({ pid, command }) => ({ path: null, expected: "no updater left", actual: `${pid} ${command}`, step })),
      ];
    });
    return firstSeen(findings);
  },
);

function miscounted(
  { name, count, expression }: ReturnType<typeof processPatterns>["kinds"][number],
  host: string | undefined,
  own: readonly ProcessEntry[],
): Omit<Broken, "step">[] {
  const found = own.filter(({ command }) => expression.test(command));
  if (found.length === count) return [];
  const list = found.map(({ pid, command }) => `${pid} ${command}`).join("; ");
  const where = host === undefined ? "" : ` on ${host}`;
  return [{ path: null, expected: `${count} × ${name}${where}`, actual: found.length === 0 ? "none" : `${found.length}: ${list}` }];
}
