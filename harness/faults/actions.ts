// What faults do, one function an action. A new action is a variant in the model's schema and a function here.
import type { Action } from "../model/index.ts";
import type { Fired, FaultTarget } from "./target.ts";

/** Carries out the action. `hit` is for actions whose proof comes later, such as a request that is answered badly. */
export async function carryOut(action: Action, target: FaultTarget, hit: (evidence: string) => void): Promise<Fired> {
  if (action === "reboot") return reboot(target);
  if (action === "read-only") return readOnly(target);
  if (action === "trigger-again") return { event: "fired", evidence: target.triggerAgain() };
  if ("fail" in action) throw new Error("Cannot let an operation fail here: the recorder does that at its own trigger");
  if ("kill" in action) return kill(action, target);
  if ("serve" in action) return serve(action, target, hit);
  return limitDisk(action, target);
}

/** Everyone is stopped before anyone is killed: otherwise the first death could be acted upon. */
async function kill(action: Extract<Action, { kill: unknown }>, target: FaultTarget): Promise<Fired> {
  if (action.kill === "all" && action.signal === "SIGKILL") return killed(action.signal, await target.killAll());
  if (action.kill === "caller") throw new Error("Cannot tell the caller of an operation here: the recorder does that at its own trigger");
  const victims = target.aimedAt(action.kill);
  if (action.signal === "SIGKILL" && process.platform !== "win32") for (const { pid } of victims) target.signal(pid, "SIGSTOP");
  return killed(
    action.signal,
    victims.filter(({ pid }) => target.signal(pid, action.signal)),
  );
}

function killed(signal: string, victims: readonly { readonly pid: number; readonly command: string }[]): Fired {
  if (victims.length === 0) return { event: "impossible", evidence: `${signal}: no such process was running` };
  return { event: "fired", evidence: `${signal} to ${victims.map(({ pid, command }) => `${pid} (${command})`).join(", ")}` };
}

async function reboot(target: FaultTarget): Promise<Fired> {
  const victims = await target.reboot();
  return { event: "fired", evidence: `rebooted; killed ${victims.length === 0 ? "nothing" : victims.join(", ")}` };
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
  const free = archive * action.limitDisk.archive + unpacked * action.limitDisk.unpacked + installed * action.limitDisk.installed;
  const { totalBytes, usedBytes } = target.disk();
  const size = Math.max(PAGE_BYTES, Math.ceil((usedBytes + free) / PAGE_BYTES) * PAGE_BYTES);
  const problem = target.remount(`size=${size}`);
  if (problem !== undefined) return { event: "impossible", evidence: `the disk cannot be made smaller: ${problem}` };
  return {
    event: "fired",
    evidence: `the disk was cut from ${totalBytes} to ${size} bytes, ${size - usedBytes} free`,
    undo: () => target.remount(`size=${totalBytes}`) ?? `the disk has ${totalBytes} bytes again`,
  };
}

const PAGE_BYTES = 4096;

function readOnly(target: FaultTarget): Fired {
  const problem = target.remount("ro");
  if (problem !== undefined) return { event: "impossible", evidence: `the install tree cannot be made read-only: ${problem}` };
  return {
    event: "fired",
    evidence: "the install tree was remounted read-only",
    undo: () => target.remount("rw") ?? "the install tree is writable again",
  };
}
