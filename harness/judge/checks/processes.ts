// Check of what runs: exactly as many processes of each kind as the product declares, and no updater.
import { processPatterns } from "../patterns.ts";
import { type Broken, type Check, defineCheck, firstSeen } from "./check.ts";

export const processes: Check = defineCheck(
  "processes",
  "Each kind of process runs as often as it should, and no updater is left",
  ({ product, settled }) => {
    const { kinds, updaters } = processPatterns(product);
    const findings = settled.flatMap(({ snapshot, step }): Broken[] => {
      const wrong = kinds.flatMap(({ name, count, expression }): Broken[] => {
        const found = snapshot.processes.filter(({ command }) => expression.test(command));
        if (found.length === count) return [];
        const list = found.map(({ pid, command }) => `${pid} ${command}`).join("; ");
        return [{ path: null, expected: `${count} × ${name}`, actual: found.length === 0 ? "none" : `${found.length}: ${list}`, step }];
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
