import { expect, test } from "vitest";
import type { Snapshot, TreeEntry } from "../model/index.ts";
import { meaningOf, Sameness } from "./sameness.ts";

const product = {
  layout: { preserved: [], volatile: ["run/**"], contents: ["events.ndjson", "state.json"], allowed: [], extra: [] },
  logs: { agent: ["logs/agent.log"], updater: ["logs/updater.log"] },
  version: { http: "unix:{socket:agent}:/version" },
  health: { command: ["sh", "-c", "test -s {root}/run/version && echo ok"], equals: "ok" },
} as unknown as ConstructorParameters<typeof Sameness>[0]; // the globs are all it looks at

function file(path: string, text: string, more: Partial<TreeEntry> = {}): TreeEntry {
  return { path, type: "file", mode: "644", owner: "0:0", size: text.length, digest: `digest of ${text}`, text, ...more };
}

function snapshot(tree: TreeEntry[], more: Partial<Snapshot> = {}): Snapshot {
  return {
    ...{ tree, version: "1.0.0", healthy: true, active: { exists: true, target: "agent", version: null, detail: "not asked" } },
    ...{ processes: [{ pid: 7, parent: 1, command: "agent run" }], busy: [], unreadable: [], diskBytes: 1, ...more },
  };
}

const EVENTS = '{"at":1795262847825,"by":"1.0.0"}\n';
const TREE = [
  file("agent", "program"),
  file("events.ndjson", EVENTS),
  file("logs/agent.log", "2026-11-21T12:07:28.050Z [34] starts\n"),
  file("run/pid", "34"),
  file("state.json", '{"state":"installed"}'),
];
const replaced = (entry: TreeEntry): TreeEntry[] => TREE.map((one) => (one.path === entry.path ? entry : one));
const UNITS = [file("agent.service", "ExecStart=agent run")];
const same = (tree: TreeEntry[], more: Partial<Snapshot> = {}, units = UNITS): boolean => {
  const sameness = new Sameness(product);
  return sameness.keyOf(snapshot(TREE), UNITS) === sameness.keyOf(snapshot(tree, more), units);
};

test.each([
  ["other lines in a log", replaced(file("logs/agent.log", "2026-11-21T12:09:00.000Z [99] was killed\n"))],
  ["another time in a file whose content changes", replaced(file("events.ndjson", '{"at":1795262899999,"by":"1.0.0"}\n'))],
  ["one more event like the last one", replaced(file("events.ndjson", `${EVENTS}{"at":1795262999999,"by":"1.0.0"}\n`))],
  ["an empty log", replaced(file("logs/agent.log", ""))],
  ["what is volatile", replaced(file("run/pid", "77"))],
  ["nothing volatile at all", TREE.filter(({ path }) => path !== "run/pid")],
])("the same: %s", (_, tree) => expect(same(tree)).toBe(true));

test("the same: another pid and another size on the disk", () => {
  expect(same(TREE, { processes: [{ pid: 8, parent: 2, command: "agent run" }], diskBytes: 2 })).toBe(true);
});

test.each([
  ["another program", replaced(file("agent", "another"))],
  ["another mode", replaced(file("agent", "program", { mode: "755" }))],
  ["a log that is missing", TREE.filter(({ path }) => path !== "logs/agent.log")],
  ["a log with another owner", replaced(file("logs/agent.log", "x", { owner: "1:1" }))],
  ["an event of another kind", replaced(file("events.ndjson", '{"at":1795262847825,"by":"2.0.0"}\n'))],
  ["an event that is torn", replaced(file("events.ndjson", `${EVENTS}{"at":17952`))],
  ["an empty file of events", replaced(file("events.ndjson", ""))],
  ["another state", replaced(file("state.json", '{"state":"failed"}'))],
  ["one more file", [...TREE, file("agent.new", "program")]],
])("not the same: %s", (_, tree) => expect(same(tree)).toBe(false));

test.each([
  ["another process", { processes: [{ pid: 7, parent: 1, command: "updater" }] }],
  ["another version", { version: "2.0.0" }],
  ["another health", { healthy: false }],
  ["a sign that something is under way", { busy: ["file lock"] }],
])("not the same: %s", (_, more) => expect(same(TREE, more)).toBe(false));

test("not the same: another unit", () => {
  expect(same(TREE, {}, [file("agent.service", "ExecStart=agent")])).toBe(false);
});

test("a number that is no time stays", () => {
  expect(meaningOf("port 4317, size 55531, build 18b64998014d")).toBe("port 4317, size 55531, build 18b64998014d");
  expect(meaningOf("at 1795262847 and 2026-11-21 12:07:28,5 by 1.0.0")).toBe("at TIME and TIME by 1.0.0");
});
