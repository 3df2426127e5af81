// Checks of the active pointer: it leads to a whole, runnable version, and that is the version which answers.
import { decisiveSnapshot, type Product, versionsIn } from "../../model/index.ts";
import type { CheckContext } from "../context.ts";
import type { Seen } from "../timeline.ts";
import { entriesOf } from "../tree-diff.ts";
import { type Broken, type Check, defineCheck, firstSeen } from "./check.ts";

export const activePointer: Check = defineCheck(
  "active-pointer",
  "The active pointer leads to something that is there and can be run",
  (context) => firstSeen(context.alive.flatMap((seen) => pointerProblem(context, seen))),
);

export const versionReported: Check = defineCheck(
  "version-reported",
  "The version that answers is the one that the pointer selects",
  ({ alive, product }) =>
    firstSeen(
      alive.flatMap(({ snapshot, step }): Broken[] => {
        const { version, active } = snapshot;
        if (version === null || active.version === null || agree(product, version, active.version)) return [];
        return [{ path: product.active?.path ?? null, expected: `${version}, which answers`, actual: `selects ${active.version}`, step }];
      }),
    ),
);

/** Where each service has a version of its own, the pointer is one's, and others may run something else. */
function agree({ services }: Product, answering: string, selected: string): boolean {
  const [those, these] = [versionsIn(answering), versionsIn(selected)];
  const apart = services.some((service) => service.version !== undefined);
  return [...these].every((one) => those.has(one)) && (apart || those.size === these.size);
}

function pointerProblem({ product, cell }: CheckContext, { snapshot, label, step }: Seen): Broken[] {
  const { active, tree } = snapshot;
  const broken = (expected: string, actual: string): Broken[] => [{ path: product.active?.path ?? null, expected, actual, step }];
  if (!active.exists)
    return broken(
      "leads to a version that is there",
      active.target === null ? active.detail : `leads to ${active.target}: ${active.detail}`,
    );
  const inside = active.target !== null && active.target !== "" && !active.target.startsWith("..");
  if (inside && active.target !== null && !entriesOf(tree).has(active.target))
    return broken("leads to something in the tree", `leads to ${active.target}`);
  const asked = product.active?.command !== undefined && label === decisiveSnapshot(cell.script);
  if (asked && active.version === null) return broken("what it selects can be run and tells its version", active.detail);
  return [];
}
