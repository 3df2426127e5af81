// Why a path is broken, in one line.
import { expect, test } from "vitest";
import type { CrashVariant } from "../model/index.ts";
import { causeOf } from "./cause.ts";
import { Script } from "./testing.ts";

const V1 = { "/r": null, "/r/v1": null, "/r/v1/agent": "program 1", "/r/current": "-> v1", "/r/state.json": `{"version":1}` };

const upgrade = () =>
  new Script(V1)
    .mkdir("/r/v2.tmp") // 1
    .create("/r/v2.tmp/agent", "program 2") // 2, 3
    .rename("/r/v2.tmp", "/r/v2") // 4
    .fsync("/r/current.new")
    .do({ op: "symlink", path: "/r/current.new", target: "v2" }) // 6
    .rename("/r/current.new", "/r/current") // 7
    .do({ op: "truncate", path: "/r/state.json", size: 0 }) // 8
    .write("/r/state.json", `{"version"`) // 9
    .write("/r/state.json", ":2}", 10) // 10
    .fsync("/r"); // 11

const replaced = () => new Script(V1).create("/r/state.tmp", "{}").rename("/r/state.tmp", "/r/state.json"); // 1 to 3

test.each<[string, Script, number, CrashVariant, string, string, number?]>([
  [
    "a new file without fsync",
    new Script(V1).create("/r/x", "new"),
    2,
    "metadata-only",
    "x",
    "x is 0 bytes: written without fsync at operation 2",
  ],
  [
    "written, then renamed",
    replaced(),
    3,
    "metadata-only",
    "state.json",
    "state.json is 0 bytes: written without fsync before rename at operation 3",
  ],
  [
    "written in a directory that is renamed",
    upgrade(),
    11,
    "posix",
    "/r/current/agent",
    "agent is not there: create at operation 2 was not made durable by a sync of its directory",
  ],
  ["half written", upgrade(), 9, "kill", "state.json", "state.json is half written: killed between write 9 and 10"],
  ["cut, not written yet", upgrade(), 8, "kill", "state.json", "state.json is 0 bytes: killed between truncate 8 and write 9"],
  [
    "cut, written without fsync",
    upgrade(),
    10,
    "metadata-only",
    "state.json",
    "state.json is 0 bytes: written without fsync at operation 10",
  ],
  [
    "a link that is ahead of what it points to",
    upgrade(),
    11,
    "drop-one",
    "current",
    "current points to v2 that is not there: renamed at operation 7, operation 4, rename of …/v2.tmp to …/v2, was lost",
    4,
  ],
  [
    "its target is not durable",
    new Script({ "/r": null, "/r/live": null, "/r/live/current": "-> ../v1", "/r/v1": null })
      .mkdir("/r/v2")
      .do({ op: "symlink", path: "/r/live/next", target: "../v2" })
      .rename("/r/live/next", "/r/live/current")
      .fsync("/r/live"),
    4,
    "posix",
    "/r/live/current",
    "current points to ../v2 that is not there: renamed at operation 3, its target's files were not synced",
  ],
  [
    "gone between two operations",
    new Script(V1).do({ op: "unlink", path: "/r/current" }).do({ op: "symlink", path: "/r/current", target: "v2" }),
    1,
    "kill",
    "current",
    "current is not there: killed between unlink 1 and symlink 2",
  ],
  [
    "a link into what was removed",
    new Script(V1).do({ op: "unlink", path: "/r/v1/agent" }).do({ op: "rmdir", path: "/r/v1" }),
    2,
    "kill",
    "current",
    "current points to v1 that is not there: so since before, v1 is not there: gone since rmdir at operation 2",
  ],
  ["not made yet", upgrade(), 3, "kill", "v2/agent", "agent is not there yet: v2 is made by rename at operation 4"],
  ["never there", upgrade(), 3, "kill", "other", "other is not there, and never was"],
  ["nothing synced since", upgrade(), 4, "ext4-nothing-unsynced", "v2", "v2 is not there: rename at operation 4 was followed by no sync"],
  [
    "the old one",
    replaced(),
    3,
    "posix",
    "state.json",
    "state.json is the old one: rename at operation 3 was not made durable by a sync of its directory",
  ],
  ["made and never written", new Script(V1).create("/r/empty"), 1, "kill", "empty", "empty is 0 bytes as create at operation 1 left it"],
  ["never touched", upgrade(), 3, "kill", "state.json", "state.json is as before the first operation"],
  [
    "a link that never led anywhere",
    new Script({ "/r": null, "/r/x": "-> y" }),
    0,
    "kill",
    "x",
    "x points to y that is not there: so since before, y is not there, and never was",
  ],
])("%s", (_, script, k, variant, path, sentence, drop) => {
  expect(causeOf(script.recording(), { k, variant, ...(drop === undefined ? {} : { drop }) }, path)).toBe(sentence);
});
