// Points to strike at: what can be failed, how it is found again in another run, and which of many are taken.
import { expect, test } from "vitest";
import type { CrashVariant, Operation } from "../model/index.ts";
import { compareRecordings } from "./compare.ts";
import { errnoPoints, minimise, recurringPoints, sample } from "./points.ts";
import { fits, steadyPaths } from "./steady.ts";
import { Script } from "./testing.ts";

test("operations that succeeded are found again by what they do", () => {
  const recording = new Script()
    .create("/r/v1/agent", "a")
    .create("/r/v2/agent", "b")
    .write("/r/v2/agent", "c", 1)
    .do({ op: "unlink", path: "/r/gone", error: "ENOENT" })
    .rename("/r/current.40", "/r/current")
    .do({ op: "sync" })
    .do({ op: "write", path: "", deleted: true, offset: 0, data: [0, 1] })
    .do({ op: "unlink", path: "/elsewhere/unit.service" })
    .fsync("/r")
    .recording();
  expect(errnoPoints(recording).map(({ name, op, path, nth, k }) => [name, op, path, nth, k])).toEqual([
    ["create-v1-agent", "create", "v1/agent", 1, 1],
    ["write-v1-agent", "write", "v1/agent", 1, 2],
    ["create-v2-agent", "create", "v2/agent", 1, 3],
    ["write-v2-agent", "write", "v2/agent", 1, 4],
    ["write-v2-agent-2", "write", "v2/agent", 2, 5],
    ["rename-current", "rename", "current", 1, 7],
    ["unlink-unit-service", "unlink", "/elsewhere/unit.service", 1, 10],
    ["fsync-r", "fsync", ".", 1, 11],
  ]);
});

test("a failed operation is counted, and so is one from the path as well as to it", () => {
  const recording = new Script()
    .do({ op: "rename", path: "/r/next", to: "/r/current", error: "EBUSY" })
    .rename("/r/current", "/r/old")
    .rename("/r/next", "/r/current")
    .recording();
  expect(errnoPoints(recording)).toMatchObject([
    { name: "rename-old", path: "old", nth: 1, k: 2 },
    {
      name: "rename-current-3",
      path: "current",
      nth: 3,
      k: 3,
      sentence: "rename of …/next to …/current (operation 3)",
      signature: "rename /r",
    },
  ]);
});

test("what a timer does comes by at times: its first half counts, and all that comes as often in a second recording", () => {
  const upgrade = (ticks: number, more?: string): ReturnType<Script["recording"]> => {
    const script = new Script()
      .create("/r/v2", "b")
      .create("/r/state.json.1700000000123", "s")
      .rename("/r/state.json.1700000000123", "/r/state.json");
    for (let tick = 0; tick < ticks; tick++) script.write("/r/beat", "x", tick);
    if (more !== undefined) script.create(more);
    return script.rename("/r/current.new", "/r/current").recording();
  };
  const all = errnoPoints(upgrade(7)).map(({ name }) => name);
  expect(recurringPoints(upgrade(7), upgrade(7))).toMatchObject({ points: all.map((name) => ({ name })), irregular: [] });
  const beats = ({ points }: ReturnType<typeof recurringPoints>): string[] =>
    points.flatMap(({ name, op }) => (op === "write" && name.includes("beat") ? [name] : []));
  const fewer = recurringPoints(upgrade(7), upgrade(5));
  expect(beats(fewer)).toEqual(["write-beat", "write-beat-2"]);
  expect(fewer.points).toHaveLength(all.length - 5);
  expect(fewer.irregular).toHaveLength(5);
  expect(beats(recurringPoints(upgrade(5), upgrade(7)))).toEqual(["write-beat", "write-beat-2"]);
  expect(beats(recurringPoints(upgrade(3), upgrade(0)))).toEqual([]);
  const once = recurringPoints(upgrade(1, "/r/lock"), upgrade(1));
  expect(once.irregular).toEqual(upgrade(1, "/r/lock").operations.flatMap(({ k, path }) => (path === "/r/lock" ? [k] : [])));
  expect(once.points.map(({ k }) => k)).not.toContain(once.irregular[0]);
});

test("names are unique where paths differ only in what a name cannot show", () => {
  const names = errnoPoints(new Script().create("/r/a.b").create("/r/a-b").recording()).map(({ name }) => name);
  expect(new Set(names).size).toBe(2);
});

test.each([
  ["/r/state.json.4711", "/r/state.json.*"],
  ["/r/.4711-lock", "/r/.*-lock"],
  ["/r/v1.4711.0/agent", "/r/v1.4711.0/agent"],
  ["/r/agent-10.8.5", "/r/agent-10.8.5"],
  ["/r/agent-36f097", "/r/agent-36f097"],
  ["/r/tmp.aB3dEf9hIj", "/r/tmp.*"],
  ["/r/upgrade-tmp-Xy12Zw", "/r/upgrade-tmp-*"],
  ["/r/template", "/r/template"],
  ["/r/backup-1700000000123", "/r/backup-*"],
  ["/r/1b4e28ba-2fa1-11d2-883f-0016d3cca427.part", "/r/*.part"],
])("%s is %s in every run", (path, pattern) => {
  const script = new Script();
  script.pid = 4711;
  expect(steadyPaths(script.fsync("/r").recording())(path)).toBe(pattern);
  expect(fits(pattern, path)).toBe(true);
  expect(fits(pattern, `${path}/more`)).toBe(false);
});

test("of each signature the first, the middle and the last are taken, in their order", () => {
  const points = ["a", "b", "a", "a", "c", "c", "a", "a"].map((signature, index) => ({ signature, index }));
  expect(sample(points, "first-middle-last").map(({ index }) => index)).toEqual([0, 1, 3, 4, 5, 7]);
  expect(sample(points, "all")).toHaveLength(8);
  expect(sample([], "first-middle-last")).toEqual([]);
});

test("of many failures the earliest operation comes first, there the mildest crash", () => {
  const failure = (k: number, variant: CrashVariant, drop?: number) => ({ k, variant, ...(drop === undefined ? {} : { drop }) });
  expect(minimise([failure(9, "kill"), failure(4, "posix"), failure(4, "metadata-only"), failure(4, "drop-one", 2)])).toEqual(
    failure(4, "metadata-only"),
  );
  expect(minimise([failure(4, "drop-one", 3), failure(4, "drop-one", 2)])).toEqual(failure(4, "drop-one", 2));
  expect(minimise([])).toBeUndefined();
});

const NOTHING_IGNORED = (): boolean => false;

/** Two programs take turns; `first` says which one begins. */
function twoPrograms(
  pids: readonly [number, number],
  order: readonly (0 | 1)[],
  change?: (script: Script) => unknown,
): ReturnType<Script["recording"]> {
  const script = new Script();
  for (const [index, pid] of pids.entries())
    script.note({ note: "exec", pid, parent: 1, argv: ["/usr/bin/node", `/opt/${index === 0 ? "agent" : "updater"}.cjs`, `--pid=${pid}`] });
  const steps = [0, 0];
  for (const which of order) {
    script.pid = pids[which];
    steps[which] = (steps[which] ?? 0) + 1;
    script.create(`/r/${which}-${steps[which]}-${script.pid}`);
  }
  change?.(script);
  return script.recording();
}

test("how programs took turns and what numbers they had makes no difference", () => {
  const one = twoPrograms([400, 401], [0, 0, 1, 1, 0]);
  const other = twoPrograms([511, 510], [1, 0, 1, 0, 0]);
  expect(compareRecordings(one, other, NOTHING_IGNORED)).toEqual({ equal: true });
});

test("another operation does, and is told", () => {
  const one = twoPrograms([400, 401], [0, 1, 1]);
  expect(compareRecordings(one, twoPrograms([400, 401], [0, 1]), NOTHING_IGNORED)).toEqual({
    equal: false,
    role: "node updater.cjs",
    difference: "node updater.cjs: change 2 is create of …/1-2-401 in the first recording, and nothing more in the second",
    k: 3,
  });
  const more = twoPrograms([400, 401], [0, 1, 1], (script) => script.write("/r/updater.log", "x"));
  expect(compareRecordings(one, more, NOTHING_IGNORED)).toMatchObject({ equal: false, role: "node updater.cjs" });
  expect(compareRecordings(one, more, (path) => path.endsWith(".log"))).toEqual({ equal: true });
});

test.each<[string, Partial<Operation>]>([
  ["another error", { error: "ENOSPC" }],
  ["another destination", { to: "/r/c" } as Partial<Operation>], // of the rename below
])("%s makes a difference", (_, change) => {
  const recording = new Script().rename("/r/a", "/r/b").recording();
  const changed = { ...recording, operations: recording.operations.map((operation) => ({ ...operation, ...change }) as Operation) }; // fields of a rename
  expect(compareRecordings(recording, changed, NOTHING_IGNORED)).toMatchObject({ equal: false, k: 1 });
  expect(compareRecordings(recording, recording, NOTHING_IGNORED)).toEqual({ equal: true });
});
