// Named points of a product: which trigger a name stands for.
import type { Product, Trigger } from "../model/index.ts";

/** A trigger without a name left in it, or the name that the product does not have. */
export type ResolvedTrigger = { readonly trigger: Trigger } | { readonly unknown: string };

/** Follows `{point: name}` to the product's own trigger. A name that leads back to itself counts as unknown; loading reports it. */
export function resolveTrigger(trigger: Trigger, product: Pick<Product, "points" | "rollbackPoints">): ResolvedTrigger {
  const seen = new Set<string>();
  let current: Trigger | undefined = trigger;
  while (typeof current === "object" && "point" in current) {
    const point: string = current.point;
    current = seen.has(point) ? undefined : (product.points[point] ?? product.rollbackPoints[point]);
    seen.add(point);
    if (current === undefined) return { unknown: point };
  }
  return { trigger: current };
}
