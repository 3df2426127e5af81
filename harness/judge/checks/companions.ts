// Check of the control plane: its processes end only when somebody ends them.
import type { Action } from "../../model/index.ts";
import { type Broken, type Check, defineCheck, firstSeen } from "./check.ts";

export const companionsRun: Check = defineCheck(
  "companions-run",
  "No process of the control plane has ended by itself",
  ({ settled, product, timeline, cell }) => {
    if (cell.script.faults.some(({ do: action }) => mayEndAnything(action))) return [];
    return firstSeen(
      settled.flatMap(({ step }) =>
        product.companions.flatMap(({ name }): Broken[] => {
          const moment = timeline.steps[(step ?? 0) - 1]?.endedAt ?? timeline.lastAt;
          const last = timeline.services.findLast(({ service, t }) => service === name && t <= moment);
          if (last === undefined || last.event === "started" || last.event === "stopped") return [];
          const how =
            typeof last.signal === "string" ? ` by ${last.signal}` : typeof last.code === "number" ? ` with code ${last.code}` : "";
          const detail = last.detail === undefined || last.detail === "" ? "" : `: ${last.detail}`;
          return [{ path: null, expected: `${name} runs`, actual: `${last.event}${how}${detail}`, step }];
        }),
      ),
    );
  },
);

/** Faults that strike whoever is at work, or take from everybody what it needs: companions are restarted by nobody. */
function mayEndAnything(action: Action): boolean {
  if (typeof action === "string") return action === "out-of-memory" || action === "read-only";
  return ["kill", "fail", "limitDisk", "limitInodes"].some((key) => key in action);
}
