// Faults in English, as plan and report print them.
import { fleetWords } from "../model/index.ts";
import type { Action, ConditionName, Conditions, Fault, ServerMisbehaviour, Trigger } from "../model/index.ts";

/** `When data/.marker appears, kill the updater with SIGKILL`: trigger, action and, for what lasts, when it is taken back. */
export function describeFault(fault: Fault): string {
  return `${describeTrigger(fault.when)}, ${describeAction(fault.do)}${lasts(fault.do) ? `; ${describeUndo(fault.undo)}` : ""}`;
}

/** A trigger as the beginning of a sentence. */
export function describeTrigger(trigger: Trigger): string {
  if (trigger === "start") return "Before the upgrade is triggered";
  if ("file" in trigger) return `When ${trigger.file} ${trigger.event}`;
  if ("log" in trigger) return `When a log line matches /${trigger.log}/`;
  if ("process" in trigger) return `When a process starts that matches /${trigger.process}/`;
  if ("service" in trigger)
    return `When the service ${trigger.service} starts${trigger.starts === 1 ? "" : ` for the ${ordinal(trigger.starts)} time`}`;
  if ("request" in trigger)
    return trigger.bytes === 0 ? `When ${trigger.request} is requested` : `When ${trigger.bytes} bytes of ${trigger.request} were sent`;
  if ("operation" in trigger) return describeOperation(trigger);
  if ("answers" in trigger) return `When the running product answers as the release \`${trigger.answers}\``;
  if ("point" in trigger) return `At the point ${trigger.point}`;
  return trigger satisfies never;
}

function describeOperation({ operation, path, nth, moment }: Extract<Trigger, { operation: unknown }>): string {
  const what = `the ${nth === 1 ? "" : `${ordinal(nth)} `}${operation === "any" ? "operation" : operation} of ${path}`;
  return { before: `Before ${what}`, after: `At ${what}`, torn: `In the middle of ${what}` }[moment];
}

/** An action as the end of a sentence. */
export function describeAction(action: Action): string {
  if (action === "reboot") return "reboot";
  if (action === "read-only") return "mount the install tree read-only";
  if (action === "out-of-memory") return "fill the memory until the kernel kills a process of the product";
  if (action === "trigger-again") return "trigger the same upgrade a second time";
  if ("kill" in action) return describeKill(action);
  if ("fail" in action) return `let it fail with ${action.fail}${action.sticky ? ", and from then on all that takes space" : ""}`;
  if ("serve" in action) return describeServing(action.serve, action.misbehave);
  if ("limitDisk" in action) return describeDisk(action.limitDisk);
  if ("limitInodes" in action) return `leave room for only ${action.limitInodes} more files on the disk`;
  if ("serviceManager" in action) return MANAGER_SENTENCE[action.serviceManager];
  if ("damage" in action) return `${DAMAGE_WORD[action.how]} ${action.damage}`;
  if ("hide" in action) return `take ${action.hide.join(", ")} from the search path`;
  if ("clock" in action) return `set the wall clock ${action.clock.startsWith("-") ? "back" : "forwards"} by ${action.clock.slice(1)}`;
  if ("reboot" in action || "network" in action || "companion" in action) return fleetWords(action);
  if ("reinstall" in action) return `uninstall the product and install the release \`${action.reinstall}\` afresh`;
  return action satisfies never;
}

const MANAGER_SENTENCE = {
  freeze: "freeze the service manager",
  crash: "crash the service manager, until the next reboot",
  "re-execute": "let the service manager re-execute itself",
};
const DAMAGE_WORD = { corrupt: "change a byte in the middle of", truncate: "cut in half", empty: "empty" };

function describeKill({ kill, signal, on }: Extract<Action, { kill: unknown }>): string {
  const what = kill === "all" ? "every process of the product" : kill === "caller" ? "the process that does it" : `the ${kill}`;
  const whom = on === undefined ? what : `${what} on ${on}`;
  return signal === "SIGSTOP" ? `freeze ${whom} (SIGSTOP)` : `kill ${whom} with ${signal}`;
}

function describeServing(files: string, how: ServerMisbehaviour): string {
  if ("status" in how) return `answer ${files} with status ${how.status}${times(how.times)}`;
  if ("stall" in how) return `stall ${files} for ever after ${percent(how.stall)} of it${times(how.times)}`;
  if ("flip" in how) return `flip one bit of ${files} after ${percent(how.flip)} of it`;
  if ("truncate" in how) return `end ${files} after ${percent(how.truncate)} of it, as if it were whole`;
  if ("reset" in how) return `reset the connection after ${percent(how.reset)} of ${files}${times(how.times)}`;
  if ("slow" in how) return `take ${how.slow} to send ${files}`;
  if ("length" in how) return `say that ${files} has ${how.length} × its length`;
  if ("redirect" in how) return `redirect ${files} to itself for ever`;
  if ("sign" in how) return `sign ${files} with a key that nobody trusts`;
  if ("substitute" in how) return `serve ${files} of the release \`${how.substitute}\` under the asked name`;
  return how satisfies never;
}

function describeDisk(free: Extract<Action, { limitDisk: unknown }>["limitDisk"]): string {
  const parts = [
    term(free.archive, "the archive"),
    term(free.unpacked, "its unpacked files"),
    term(free.installed, "the installed tree"),
    free.bytes ?? "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? "leave no space free on the disk" : `leave free on the disk only ${parts.join(" + ")}`;
}

function term(factor: number, what: string): string {
  if (factor === 0) return "";
  return factor === 1 ? `the size of ${what}` : `${factor} × the size of ${what}`;
}

/** A condition as a sentence. */
export function describeCondition(name: ConditionName, set: Conditions = {}): string {
  switch (name) {
    case "umask":
      return `files are made with the mask ${set.umask}`;
    case "user":
      return "the product runs as a user without rights";
    case "folder":
      return `it is installed in the folder ${set.folder}`;
    case "descriptors":
      return `a process may have ${set.descriptors} open files`;
    case "processes":
      return `${set.processes} other processes run`;
    case "time":
      return set.time === "published"
        ? "all waits are as published, and time flies while nobody works"
        : `time goes ${set.time?.speed} times as fast`;
    default:
      return name satisfies never;
  }
}

function lasts(action: Action): boolean {
  if (typeof action === "string") return action === "read-only";
  if ("kill" in action) return action.signal === "SIGSTOP";
  if ("fail" in action) return action.sticky;
  if ("network" in action) return action.network !== "heal";
  if ("companion" in action) return action.do === "stop" || action.do === "kill";
  if ("serviceManager" in action) return action.serviceManager === "freeze";
  return ["serve", "limitDisk", "limitInodes", "hide", "clock"].some((key) => key in action);
}

function describeUndo(undo: Fault["undo"]): string {
  if (undo === "never") return "it is never taken back";
  return undo === "settled" ? "it is taken back once the upgrade is over" : `it is taken back after ${undo}`;
}

function times(count: number): string {
  return count === 1 ? ", once" : `, ${count} times`;
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 1000) / 10} %`;
}

function ordinal(count: number): string {
  const form = new Intl.PluralRules("en", { type: "ordinal" }).select(count);
  const endings: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };
  return `${count}${endings[form] ?? "th"}`;
}
