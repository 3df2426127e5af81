// Checks of what an upgrade may cost: disk, downtime, and two versions at once.
import { milliseconds, type Product, type Script, type Tree } from "../../model/index.ts";
import { answerLines, downtimes, overlapOf } from "../answers.ts";
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
  "A healthy agent answers but for the time that is allowed, on each host and of each service",
  ({ cell, product, timeline, upgrades, fleet }): Broken[] => {
    const allowed = limitsOf(cell.script, product);
    return downtimes(timeline, fleet, upgrades).flatMap(({ member, ms, totalMs, step }): Broken[] => {
      const who = member === null ? "" : `${member}: `;
      const over = (most: string | undefined, is: number, all: string): Broken[] =>
        most === undefined || is <= milliseconds(most)
          ? []
          : [{ path: null, expected: `at most ${most} without a healthy agent${all}`, actual: `${who}${is} ms`, step }];
      return [...over(allowed.longest, ms, ""), ...over(allowed.total, totalMs, ", all such times together")];
    });
  },
);

export const overlap: Check = defineCheck(
  "overlap",
  "Two versions of one host or service answer in turn for no longer than is allowed",
  ({ cell, timeline, upgrades, fleet }): Broken[] => {
    const most = cell.script.overlap;
    if (most === undefined) return [];
    return answerLines(timeline, fleet).flatMap((line) =>
      upgrades.flatMap(({ window, span }): Broken[] => {
        const found = window === null ? null : overlapOf(line, window);
        if (found === null || found.ms <= milliseconds(most)) return [];
        const who = line.member === null ? "" : `${line.member}: `;
        const actual = `${who}${found.versions.join(" and ")} for ${found.ms} ms`;
        return [{ path: null, expected: `two versions answer for ${most} at most`, actual, step: span.number }];
      }),
    );
  },
);

/** The product's own limit is for upgrades in which nothing goes wrong. */
function limitsOf(script: Script, { limits }: Product): { readonly longest?: string | undefined; readonly total?: string | undefined } {
  const own = isClean(script) ? limits.downtime : undefined;
  if (typeof script.downtime === "string") return { longest: script.downtime };
  return { longest: script.downtime?.longest ?? own, total: script.downtime?.total };
}

function isClean({ faults, steps }: Script): boolean {
  return faults.length === 0 && steps.every((step) => step.kind !== "fleet" && (!("variant" in step) || step.variant === undefined));
}

function bytesOf(tree: Tree): number {
  return tree.reduce((sum, { size }) => sum + (size ?? 0), 0);
}
