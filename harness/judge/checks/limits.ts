// Checks of what an upgrade may cost: disk and downtime.
import { milliseconds, type Script, type Tree } from "../../model/index.ts";
import { downtimeOf } from "../upgrades.ts";
import { type Broken, type Check, defineCheck } from "./check.ts";

export const diskBounded: Check = defineCheck(
  "disk-bounded",
  "The tree takes no more disk than the product's limit",
  ({ settled, product, before, fresh }) => {
    const reference = Math.max(before.diskBytes, fresh === null ? 0 : bytesOf(fresh));
    const most = product.limits.disk * reference;
    const over = settled.find(({ snapshot }) => snapshot.diskBytes > most);
    if (over === undefined) return [];
    const expected = `at most ${Math.floor(most)} bytes, ${product.limits.disk} × an installation`;
    return [{ path: null, expected, actual: `${over.snapshot.diskBytes} bytes`, step: over.step }];
  },
);

export const downtime: Check = defineCheck(
  "downtime",
  "A healthy agent answers but for the time that is allowed",
  ({ cell, product, timeline, upgrades }): Broken[] => {
    const { downtime: allowed } = cell.script;
    const most =
      (typeof allowed === "string" ? allowed : allowed?.longest) ?? (isClean(cell.script) ? product.limits.downtime : undefined);
    const longest = downtimeOf(timeline, upgrades);
    if (most === undefined || longest === null || longest.ms <= milliseconds(most)) return [];
    return [{ path: null, expected: `at most ${most} without a healthy agent`, actual: `${longest.ms} ms`, step: longest.step }];
  },
);

/** The product's own limit is for upgrades in which nothing goes wrong. */
function isClean({ faults, steps }: Script): boolean {
  return faults.length === 0 && steps.every((step) => !("variant" in step) || step.variant === undefined);
}

function bytesOf(tree: Tree): number {
  return tree.reduce((sum, { size }) => sum + (size ?? 0), 0);
}
