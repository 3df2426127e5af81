import { expect, test } from "vitest";
import { fault } from "../model/index.ts";
import { describeFault } from "./index.ts";

test.each([
  [{ do: { kill: "updater" } }, "Before the upgrade is triggered, kill the updater with SIGKILL"],
  [
    { when: { file: "a/*" }, do: { kill: "all", signal: "SIGSTOP" } },
    "When a/* appears, freeze every process of the product (SIGSTOP); it is taken back once the upgrade is over",
  ],
  [{ when: { log: "^x" }, do: "reboot" }, "When a log line matches /^x/, reboot"],
  [
    { when: { process: "watch" }, do: "trigger-again" },
    "When a process starts that matches /watch/, trigger the same upgrade a second time",
  ],
  [
    { when: { service: "agent", starts: 2 }, do: "read-only" },
    "When the service agent starts for the 2nd time, mount the install tree read-only; it is taken back once the upgrade is over",
  ],
  [
    { when: { request: "*.gz", bytes: 9 }, do: { limitDisk: {} }, undo: "3s" },
    "When 9 bytes of *.gz were sent, leave no space free on the disk; it is taken back after 3s",
  ],
  [
    { when: { request: "*.gz" }, do: { limitDisk: { archive: 1, installed: 0.5 } }, undo: "never" },
    "When *.gz is requested, leave free on the disk only the size of the archive + 0.5 × the size of the installed tree; it is never taken back",
  ],
  [{ when: { point: "swap" }, do: "reboot" }, "At the point swap, reboot"],
  [
    { do: { serve: "*.gz", misbehave: { stall: 0.5, times: 2 } } },
    "Before the upgrade is triggered, stall *.gz for ever after 50 % of it, 2 times; it is taken back once the upgrade is over",
  ],
  [
    { do: { serve: "*", misbehave: { substitute: "from" } } },
    "Before the upgrade is triggered, serve * of the release `from` under the asked name; it is taken back once the upgrade is over",
  ],
  [
    { when: { answers: "to" }, do: { reinstall: "to" } },
    "When the running product answers as the release `to`, uninstall the product and install the release `to` afresh",
  ],
  [{ do: { clock: "-2h" }, undo: "never" }, "Before the upgrade is triggered, set the wall clock back by 2h; it is never taken back"],
  [{ do: { damage: "*.json", how: "truncate" } }, "Before the upgrade is triggered, cut in half *.json"],
  [{ do: { serviceManager: "crash" } }, "Before the upgrade is triggered, crash the service manager, until the next reboot"],
  [
    { do: { limitDisk: { bytes: "4KiB" } }, undo: "never" },
    "Before the upgrade is triggered, leave free on the disk only 4KiB; it is never taken back",
  ],
])("%j", (written, expected) => {
  expect(describeFault(fault.parse(written))).toBe(expected);
});
