// The door of the faults: arms a scenario's faults, lets each fire once, and takes lasting ones back.
import { type Fault, type FaultEvent, milliseconds } from "../model/index.ts";
import { carryOut } from "./actions.ts";
import type { FaultTarget, OperationTrigger } from "./target.ts";
import { arm } from "./triggers.ts";

export { ClockFile } from "./clock/control.ts";
export type { FaultTarget, OperationAction, OperationTrigger } from "./target.ts";

export interface ArmedFaults {
  /** Resolves when faults that fire as soon as they are armed are in force. */
  readonly ready: Promise<void>;
  /** Nothing fires any more; waits for what is firing just now. Faults in force stay in force. */
  disarm(): Promise<void>;
  /** Takes back what is in force and not meant to last; returns how many that were. */
  undo(): Promise<number>;
}

/** @param report called with the index of the fault, what happened to it, and the evidence */
export function armFaults(
  faults: readonly Fault[],
  target: FaultTarget,
  report: (fault: number, event: FaultEvent, evidence: string) => void,
): ArmedFaults {
  const firing = new Set<Promise<void>>();
  const undos: {
    readonly fault: number;
    readonly undo: () => string | Promise<string>;
    readonly when: Fault["undo"];
    timer?: NodeJS.Timeout;
  }[] = [];
  const takeBack = async (entry: (typeof undos)[number]): Promise<void> => {
    clearTimeout(entry.timer);
    undos.splice(undos.indexOf(entry), 1);
    try {
      report(entry.fault, "undone", await entry.undo());
    } catch (error) {
      report(entry.fault, "not-undone", error instanceof Error ? error.message : String(error));
    }
  };
  const fire = async (fault: number, { do: action, undo }: Fault, why: string): Promise<void> => {
    const fired = await carryOut(action, target, (evidence) => report(fault, "fired", `${why}; ${evidence}`));
    report(fault, fired.event === "waiting" ? "armed" : fired.event, `${why}; ${fired.evidence}`);
    if (fired.undo === undefined) return;
    const entry: (typeof undos)[number] = { fault, undo: fired.undo, when: undo };
    undos.push(entry);
    if (undo !== "settled" && undo !== "never") entry.timer = setTimeout(() => void takeBack(entry), milliseconds(undo));
  };
  const disarms = faults.map((fault, index) => {
    if (fault.when !== "start") report(index, "armed", JSON.stringify(fault.when));
    if (typeof fault.when === "object" && "operation" in fault.when) {
      const arming = interrupt(fault.when, fault.do, target, (evidence) => {
        report(index, "fired", evidence);
        if (lasts(fault.do)) undos.push({ fault: index, undo: () => target.letOperationsPass(), when: fault.undo });
      }).catch((error: unknown) => void report(index, "impossible", error instanceof Error ? error.message : String(error)));
      firing.add(arming.then(() => undefined));
      return () => arming.then((disarm) => disarm?.());
    }
    return arm(fault.when, target, (why) => {
      const work: Promise<void> = fire(index, fault, why)
        .catch((error: unknown) => report(index, "impossible", error instanceof Error ? error.message : String(error)))
        .finally(() => firing.delete(work));
      firing.add(work);
      return work;
    });
  });
  return {
    ready: Promise.all(firing).then(() => undefined),
    disarm: async () => {
      await Promise.all(disarms.map((disarm) => disarm()));
      await Promise.all(firing);
    },
    undo: async () => {
      const taken = undos.filter(({ when }) => when === "settled");
      for (const entry of taken) await takeBack(entry);
      return taken.length;
    },
  };
}

/** Only an error that goes on and on has to be taken back. */
function lasts(action: Fault["do"]): boolean {
  return typeof action === "object" && "fail" in action && action.sticky;
}

function interrupt(
  when: OperationTrigger,
  action: Fault["do"],
  target: FaultTarget,
  fired: (evidence: string) => void,
): Promise<() => Promise<void>> {
  if (typeof action === "object" && ("kill" in action || "fail" in action)) return target.interrupt(when, action, fired);
  throw new Error(`Cannot do ${JSON.stringify(action)} at an operation: the schema forbids it`);
}
