// When faults fire. Every trigger observes; one function a trigger. A new trigger is a variant in the model's schema
// and a function here. Where the platform has no event to wait for, it is asked every millisecond.
import type { Trigger } from "../model/index.ts";
import type { FaultTarget } from "./target.ts";

export type Fire = (evidence: string) => void | Promise<void>;

const ASK_EVERY_MS = 1;

/** Calls `fire` once, when it is time; returns what disarms it. */
export function arm(trigger: Trigger, target: FaultTarget, fire: Fire): () => void {
  if (trigger === "start") {
    void fire("the upgrade step began");
    return () => undefined;
  }
  if ("file" in trigger) return onFile(trigger, target, fire);
  if ("log" in trigger) return onLog(trigger.log, target, fire);
  if ("process" in trigger) return onProcess(trigger.process, target, fire);
  if ("service" in trigger) return onServiceStart(trigger, target, fire);
  if ("request" in trigger) return target.watchRequests(trigger.request, trigger.bytes, fire);
  if ("answers" in trigger) return onAnswer(trigger.answers, target, fire);
  if ("operation" in trigger) throw new Error("Cannot arm an operation here: the recorder fires at operations itself");
  throw new Error(`Cannot arm the point ${JSON.stringify(trigger.point)}: planning replaces points by the product's own triggers`);
}

function onFile(trigger: Extract<Trigger, { file: string }>, target: FaultTarget, fire: Fire): () => void {
  const look = (): Map<string, string | undefined> => new Map(target.paths(trigger.file).map((found) => [found, target.identity(found)]));
  const before = look();
  return every(() => {
    const now = look();
    const [first, ...others] = trigger.event === "disappears" ? [before, now] : [now, before];
    for (const [found, identity] of first) {
      const other = others[0];
      if (other === undefined) continue;
      const happened = trigger.event === "changes" ? other.has(found) && other.get(found) !== identity : !other.has(found);
      if (happened)
        return fireOnce(
          fire,
          `${found} ${trigger.event === "changes" ? "changed" : trigger.event === "appears" ? "appeared" : "disappeared"}`,
        );
    }
    return false;
  });
}

function onLog(pattern: string, target: FaultTarget, fire: Fire): () => void {
  const expression = new RegExp(pattern);
  const key = {};
  target.logged(key); // what was logged before does not count
  let rest = "";
  return every(() => {
    const lines = (rest + target.logged(key)).split("\n");
    rest = lines.pop() ?? "";
    const line = lines.find((candidate) => expression.test(candidate));
    return line !== undefined && fireOnce(fire, `a log says ${JSON.stringify(line)}`);
  });
}

function onProcess(pattern: string, target: FaultTarget, fire: Fire): () => void {
  const expression = new RegExp(pattern);
  const before = new Set(target.processes().map((entry) => entry.pid));
  return every(() => {
    const started = target.processes().find((entry) => !before.has(entry.pid) && expression.test(entry.command));
    return started !== undefined && fireOnce(fire, `process ${started.pid} started: ${started.command}`);
  });
}

function onServiceStart(trigger: Extract<Trigger, { service: string }>, target: FaultTarget, fire: Fire): () => void {
  let starts = 0;
  const stop = target.onServiceStart(trigger.service, (pid) => {
    if (++starts !== trigger.starts) return;
    stop();
    void fire(`service ${trigger.service} was started for the ${trigger.starts}. time as ${pid}`);
  });
  return stop;
}

function onAnswer(role: "from" | "to" | "next", target: FaultTarget, fire: Fire): () => void {
  const stop = target.onAnswer(role, (version) => {
    stop();
    void fire(`the product answers as ${version}`);
  });
  return stop;
}

function fireOnce(fire: Fire, evidence: string): true {
  void fire(evidence);
  return true;
}

/** Asks until the answer is yes or it is disarmed. */
function every(happened: () => boolean): () => void {
  const timer = setInterval(() => {
    if (happened()) clearInterval(timer);
  }, ASK_EVERY_MS);
  return () => clearInterval(timer);
}
