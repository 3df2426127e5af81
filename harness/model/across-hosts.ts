// A product with several hosts describes one of them; what looks at the whole tree sees a folder for each.
import type { Fault, Trigger } from "./fault.ts";
import type { BusySign, Product } from "./product.ts";

/** The product with its globs below the folder of any host. What is asked of one host at a time stays as it is. */
export function acrossHosts(product: Product): Product {
  if (product.hosts === undefined) return product;
  const globs = (some: readonly string[]): string[] => some.map(belowAnyHost);
  const { layout, logs } = product;
  return {
    ...product,
    layout: {
      preserved: globs(layout.preserved),
      volatile: globs(layout.volatile),
      contents: globs(layout.contents),
      allowed: globs(layout.allowed),
    },
    logs: { agent: globs(logs.agent), updater: globs(logs.updater) },
    state: globs(product.state),
    temporary: globs(product.temporary),
    user: product.user.map((one) => ({ ...one, file: belowAnyHost(one.file) })),
    services: product.services.map((one) => ({ ...one, tree: globs(one.tree) })),
    upgrade: { ...product.upgrade, busy: product.upgrade.busy.map(busyOnAnyHost) },
    points: triggersOnAnyHost(product.points),
    rollbackPoints: triggersOnAnyHost(product.rollbackPoints),
  };
}

/** A scenario's fault, for a product with several hosts. */
export function faultAcrossHosts(fault: Fault): Fault {
  const { do: action } = fault;
  const damages = typeof action === "object" && "damage" in action;
  return {
    ...fault,
    when: triggerOnAnyHost(fault.when),
    do: damages ? { ...action, damage: belowAnyHost(action.damage) } : action,
  };
}

/** A glob of one host's install tree as one of the tree that holds all of them. */
export function belowAnyHost(glob: string): string {
  return `*/${glob}`;
}

function triggersOnAnyHost(triggers: Readonly<Record<string, Trigger>>): Record<string, Trigger> {
  return Object.fromEntries(Object.entries(triggers).map(([name, trigger]) => [name, triggerOnAnyHost(trigger)]));
}

function triggerOnAnyHost(trigger: Trigger): Trigger {
  if (typeof trigger === "string") return trigger;
  if ("file" in trigger) return { ...trigger, file: belowAnyHost(trigger.file) };
  if ("operation" in trigger && !trigger.path.startsWith("/")) return { ...trigger, path: belowAnyHost(trigger.path) };
  return trigger;
}

function busyOnAnyHost(sign: BusySign): BusySign {
  return "file" in sign ? { ...sign, file: belowAnyHost(sign.file) } : sign;
}
