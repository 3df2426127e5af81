// Which end of a main process lets systemd start it again: systemd.service(5).
import type { Exit } from "../long-running.ts";
import type { Unit } from "./unit-file.ts";

/** What systemd calls a clean exit. */
export function succeeded({ code, signal: by }: Exit): boolean {
  return code === 0 || (by !== null && ["SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"].includes(by));
}

/** Table "Exit causes and the effect of the Restart= settings". */
export function restarts(unit: Unit, exit: Exit): boolean {
  switch (unit.restart) {
    case "no":
      return false;
    case "always":
      return true;
    case "on-success":
      return succeeded(exit);
    case "on-failure":
      return !succeeded(exit);
    case "on-abnormal":
    case "on-abort":
      return !succeeded(exit) && exit.signal !== null;
    default:
      return unit.restart satisfies never;
  }
}
