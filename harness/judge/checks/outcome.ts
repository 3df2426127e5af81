// Checks of what happened as a whole: the outcome, each upgrade on the way, their time, and the word of the updating command.
import type { CheckContext } from "../context.ts";
import { type Action, type FleetStep, isMeant } from "../../model/index.ts";
import { memberAt } from "../answers.ts";
import { healthAt } from "../timeline.ts";
import type { OwnUpgrade } from "../upgrades.ts";
import { type Broken, type Check, defineCheck } from "./check.ts";

export const expectedOutcome: Check = defineCheck(
  "expected-outcome",
  "The outcome is one that the scenario allows",
  ({ cell, reading }) => {
    const { expect } = cell.script;
    if (expect.includes(reading.outcome)) return [];
    return [{ path: null, expected: expect.join(" or "), actual: `${reading.outcome}: ${reading.why}`, step: reading.step }];
  },
);

export const upgradesInTurn: Check = defineCheck(
  "upgrades-in-turn",
  "Where only `upgraded` is right, every sound upgrade on the way ends on its release",
  (context) => {
    if (context.cell.script.expect.some((outcome) => outcome !== "upgraded")) return [];
    const sound = context.upgrades.slice(0, -1).filter(({ variant, faults }) => variant === undefined && !faults);
    return sound.flatMap((upgrade): Broken[] => {
      if (context.fleet !== null) return offAt(context, upgrade);
      const answer = endOf(context, upgrade);
      if (answer === undefined || (answer.healthy && answer.version === upgrade.version)) return [];
      const actual = answer.version === null ? "nothing answers" : `${answer.version} runs${answer.healthy ? "" : ", not healthy"}`;
      return [{ path: null, expected: `${upgrade.version} runs`, actual, step: upgrade.span.number }];
    });
  },
);

export const overInTime: Check = defineCheck(
  "over-in-time",
  "Every upgrade, rollback included, is over within the product's limit",
  (context) => {
    if (context.cell.script.settled === "repaired") return []; // what was killed may wait for the reboot
    const { upgrade } = context.product.limits;
    const late = context.upgrades.filter(({ span }) => span.ok === false);
    return late.map(({ span }) => ({ path: null, expected: `over within ${upgrade}`, actual: span.message, step: span.number }));
  },
);

export const updatingCommand: Check = defineCheck("updating-command", "The command that brought a new version about said so", (context) => {
  const { cell, upgrades, nextUpgrade, timeline } = context;
  // whoever kills the updater may kill the command as well
  const cutsOff = (action: Action | FleetStep): boolean =>
    action === "reboot" ||
    (typeof action === "object" && ["kill", "reboot", "network", "companion", "remove"].some((key) => key in action));
  const { steps: all, faults } = cell.script;
  if (faults.some(({ do: action }) => cutsOff(action)) || all.some((step) => step.kind === "fleet" && cutsOff(step.do))) return [];
  // an upgrade to what runs already may be turned down, and nobody sees that from outside
  const delivered = upgrades.filter((upgrade) => upgrade !== context.goal || context.origin.role !== upgrade.role);
  const reached = delivered.filter((upgrade) =>
    upgrade === context.goal ? context.reading.outcome === "upgraded" : arrived(context, upgrade),
  );
  const moved = nextUpgrade !== null && nextUpgrade.reached && nextUpgrade.from !== nextUpgrade.to;
  const steps = [...reached.map(({ span }) => span.number), ...(moved ? [nextUpgrade.span.number] : [])];
  return steps.flatMap((step): Broken[] => {
    const triggers = timeline.commands
      .filter((ran) => ran.step === step && ran.command.accepted !== undefined)
      .map(({ command }) => command);
    const [first] = triggers;
    if (first === undefined || triggers.some(({ accepted }) => accepted === true)) return [];
    const expected = `exit code ${context.product.upgrade.accepted.join(" or ")}, because the upgrade went through`;
    const how = first.code === null ? `ended by ${first.signal ?? "no exit code"}` : `exit code ${first.code}`;
    const said = (first.stderr.trim() || first.stdout.trim()).slice(-MOST_SAID);
    return [{ path: null, expected, actual: said === "" ? how : `${how}: ${said}`, step }];
  });
});

const MOST_SAID = 300;

/** Members that an upgrade was meant for and that do not run its release when it is over; nobody knows when one that was only begun is. */
function offAt({ fleet, timeline }: CheckContext, { span, version, window }: OwnUpgrade): Broken[] {
  const { step } = span;
  if (fleet === null || window === null || step.kind !== "upgrade" || step.until === "accepted") return [];
  return fleet.ever
    .filter((member) => isMeant(step, member))
    .flatMap(({ name, host }): Broken[] => {
      const gone = timeline.hosts.some((seen) => seen.host === host && seen.event === "removed" && seen.t <= window.end);
      const answer = memberAt(timeline, name, window.end);
      if (gone || answer === undefined || (answer.healthy && answer.version === version)) return [];
      const actual = answer.version === null ? "nothing answers" : `${answer.version} runs${answer.healthy ? "" : ", not healthy"}`;
      return [{ path: null, expected: `${name}: ${version} runs`, actual, step: span.number }];
    });
}

function endOf({ timeline }: CheckContext, { window }: OwnUpgrade): ReturnType<typeof healthAt> {
  return window === null ? undefined : healthAt(timeline, window.end);
}

/** Whether an upgrade on the way moved the agent to another version, its own. */
function arrived(context: CheckContext, upgrade: OwnUpgrade): boolean {
  if (upgrade.window === null) return false;
  const before = healthAt(context.timeline, upgrade.window.start)?.version;
  return before !== upgrade.version && endOf(context, upgrade)?.version === upgrade.version;
}
