// What faults do, one function an action. A new action is a variant in the model's schema and a function here.
import { type Action, bytes, type CompanionStep, type NetworkStep, shiftMilliseconds } from "../model/index.ts";
import type { Fired, FaultTarget } from "./target.ts";

/** Carries out the action. `hit` is for actions whose proof comes later, such as a request that is answered badly. */
export async function carryOut(action: Action, target: FaultTarget, hit: (evidence: string) => void): Promise<Fired> {
  if (action === "reboot") return reboot(target);
  if (action === "read-only") return readOnly(target);
  if (action === "trigger-again") return { event: "fired", evidence: target.triggerAgain() };
  if (action === "out-of-memory") return outOfMemory(target);
  if ("fail" in action) throw new Error("Cannot let an operation fail here: the recorder does that at its own trigger");
  if ("kill" in action) return kill(action, target);
  if ("serve" in action) return serve(action, target, hit);
  if ("limitDisk" in action) return limitDisk(action, target);
  if ("limitInodes" in action) return limitInodes(action.limitInodes, target);
  if ("serviceManager" in action) return disturbManager(action.serviceManager, target);
  if ("damage" in action) return damage(action, target);
  if ("hide" in action) return hide(action.hide, target);
  if ("clock" in action) return jumpClock(action.clock, target);
  if ("reinstall" in action) return { event: "fired", evidence: await target.reinstall(action.reinstall) };
  if ("reboot" in action) return reboot(target, action.reboot);
  if ("network" in action) return changeNetwork(action, target);
  if ("companion" in action) return changeCompanion(action, target);
  return action satisfies never;
}

/** Everyone is stopped before anyone is killed: otherwise the first death could be acted upon. */
async function kill(action: Extract<Action, { kill: unknown }>, target: FaultTarget): Promise<Fired> {
  if (action.kill === "all" && action.signal === "SIGKILL") return killed(action.signal, await target.killAll(action.on));
  if (action.kill === "caller") throw new Error("Cannot tell the caller of an operation here: the recorder does that at its own trigger");
  const victims = target.aimedAt(action.kill, action.on);
  if (action.signal === "SIGKILL" && process.platform !== "win32") for (const { pid } of victims) target.signal(pid, "SIGSTOP");
  const reached = victims.filter(({ pid }) => target.signal(pid, action.signal));
  const fired = killed(action.signal, reached);
  return action.signal === "SIGSTOP" && reached.length > 0 ? { ...fired, undo: () => goOn(reached, target) } : fired;
}

/** The number may belong to another process by now, to which SIGCONT does nothing. */
function goOn(stopped: readonly { readonly pid: number }[], target: FaultTarget): string {
  const living = stopped.filter(({ pid }) => target.signal(pid, "SIGCONT"));
  return living.length === 0 ? "none of those that were stopped is left" : `SIGCONT to ${living.map(({ pid }) => pid).join(", ")}`;
}

function killed(signal: string, victims: readonly { readonly pid: number; readonly command: string }[]): Fired {
  if (victims.length === 0) return { event: "impossible", evidence: `${signal}: no such process was running` };
  return { event: "fired", evidence: `${signal} to ${victims.map(({ pid, command }) => `${pid} (${command})`).join(", ")}` };
}

async function reboot(target: FaultTarget, host?: string): Promise<Fired> {
  const victims = await target.reboot(host);
  return {
    event: "fired",
    evidence: `${host === undefined ? "" : `${host} `}rebooted; killed ${victims.length === 0 ? "nothing" : victims.join(", ")}`,
  };
}

function changeNetwork(action: NetworkStep, target: FaultTarget): Fired {
  const evidence = target.changeNetwork(action);
  if (evidence === undefined) return { event: "impossible", evidence: `there is no line between ${action.between.join(" and ")}` };
  if (action.network === "heal") return { event: "fired", evidence };
  return {
    event: "fired",
    evidence,
    undo: () => target.changeNetwork({ network: "heal", between: action.between }) ?? "one of the machines is gone",
  };
}

/** Nobody restarts a companion: what was ended is started again when it is taken back. */
async function changeCompanion(action: CompanionStep, target: FaultTarget): Promise<Fired> {
  const evidence = await target.changeCompanion(action);
  if (action.do !== "stop" && action.do !== "kill") return { event: "fired", evidence };
  return { event: "fired", evidence, undo: () => target.changeCompanion({ ...action, do: "start" }) };
}

function serve(action: Extract<Action, { serve: unknown }>, target: FaultTarget, hit: (evidence: string) => void): Fired {
  const stop = target.misbehave(action.serve, action.misbehave, hit);
  return {
    event: "waiting",
    evidence: `${action.serve} will be answered with ${JSON.stringify(action.misbehave)}`,
    undo: () => {
      stop();
      return "the server answers well again";
    },
  };
}

/** A real small file system: the install tree's own tmpfs is shrunk to what is used plus what may stay free. */
function limitDisk(action: Extract<Action, { limitDisk: unknown }>, target: FaultTarget): Fired {
  const { archive, unpacked, installed } = target.sizes();
  const free =
    archive * action.limitDisk.archive +
    unpacked * action.limitDisk.unpacked +
    installed * action.limitDisk.installed +
    exactly(action.limitDisk.bytes);
  const { totalBytes, usedBytes } = target.disk();
  const size = Math.max(PAGE_BYTES, Math.ceil((usedBytes + free) / PAGE_BYTES) * PAGE_BYTES);
  const problem = target.remount(`size=${size}`);
  if (problem !== undefined) return { event: "impossible", evidence: `the disk cannot be made smaller: ${problem}` };
  return {
    event: "fired",
    evidence: `the disk was cut from ${totalBytes} to ${size} bytes, ${size - usedBytes} free`,
    undo: () => remounted(target.remount(`size=${totalBytes}`), `the disk has ${totalBytes} bytes again`),
  };
}

const PAGE_BYTES = 4096;

function exactly(text: string | undefined): number {
  return text === undefined ? 0 : bytes(text);
}

/** Every file, folder and link takes one. */
function limitInodes(free: number, target: FaultTarget): Fired {
  const { total, used } = target.inodes();
  const problem = target.remount(`nr_inodes=${used + free}`);
  if (problem !== undefined) return { event: "impossible", evidence: `the number of files cannot be limited: ${problem}` };
  return {
    event: "fired",
    evidence: `the disk was cut from ${total} to ${used + free} inodes, ${free} free`,
    undo: () => remounted(target.remount(`nr_inodes=${total}`), `the disk has ${total} inodes again`),
  };
}

function readOnly(target: FaultTarget): Fired {
  const problem = target.remount("ro");
  if (problem !== undefined) return { event: "impossible", evidence: `the install tree cannot be made read-only: ${problem}` };
  return {
    event: "fired",
    evidence: "the install tree was remounted read-only",
    undo: () => remounted(target.remount("rw"), "the install tree is writable again"),
  };
}

/** The kernel's own count is the proof. Nothing is left to be taken back: the memory is free again. */
async function outOfMemory(target: FaultTarget): Promise<Fired> {
  const done = await target.exhaustMemory();
  if ("problem" in done) return { event: "impossible", evidence: `out of memory: ${done.problem}` };
  const { taken, kills, gone } = done;
  const who = gone.map(({ pid, command }) => `${pid} (${command})`).join(", ");
  return {
    event: "fired",
    evidence: `out of memory: ${taken} taken, then the kernel killed (oom_kill ${kills.before} → ${kills.after}); gone: ${who}`,
  };
}

function disturbManager(how: "freeze" | "crash" | "re-execute", target: FaultTarget): Fired {
  const evidence = target.disturbManager(how);
  return how === "freeze" ? { event: "fired", evidence, undo: () => target.disturbManager("thaw") } : { event: "fired", evidence };
}

function damage({ damage: glob, how }: Extract<Action, { damage: unknown }>, target: FaultTarget): Fired {
  const done = target.damage(glob, how);
  if (done.length === 0) return { event: "moot", evidence: `this release has no ${glob} at this moment` };
  return { event: "fired", evidence: done.join("; ") };
}

/** What is still found afterwards was not hidden; what was never there proves nothing. */
function hide(tools: readonly string[], target: FaultTarget): Fired {
  const { taken, left, undo } = target.hide(tools);
  const takeBack = (): string => {
    undo();
    return `the search path has ${taken.length} tools more again`;
  };
  if (taken.length > 0 && left.length === 0)
    return { event: "fired", evidence: `no longer on the search path: ${taken.join(", ")}`, undo: takeBack };
  undo();
  const why = left.length > 0 ? `still found: ${left.join(", ")}` : `none of ${tools.join(", ")} was on the search path`;
  return { event: "impossible", evidence: why };
}

/** Proven by those who follow: a program that does not ask the C library keeps the machine's time. */
function jumpClock(by: string, target: FaultTarget): Fired {
  const ms = shiftMilliseconds(by);
  const { followers, deaf } = target.jumpClock(ms);
  if (followers.length === 0)
    return { event: "impossible", evidence: `no process of the product follows the clock: ${deaf.join(", ") || "none runs"}` };
  const others = deaf.length === 0 ? "" : `; not followed by ${deaf.join(", ")}`;
  return {
    event: "fired",
    evidence: `the wall clock was set by ${by}, followed by ${followers.join(", ")}${others}`,
    undo: () => {
      target.jumpClock(-ms);
      return `the wall clock was set back by what it was set, ${by}`;
    },
  };
}

/** @param problem why the file system could not be mounted anew */
function remounted(problem: string | undefined, evidence: string): string {
  if (problem !== undefined) throw new Error(problem);
  return evidence;
}
