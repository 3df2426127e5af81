// What is recorded: each way to change a file system, told by a small program that does just that.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { brief, CROWDED, Ground, program, QUIET, recorder, type Recorded, isRoot } from "./testing/recorded.ts";

const made = await recorder();
const unavailable = "unavailable" in made ? made.unavailable : undefined;
if (unavailable !== undefined) console.warn(`Tests of the recorder are skipped: ${unavailable}`);

/** What each program of `testing/calls.c` does, in its order. */
const EXPECTED: Record<string, readonly string[]> = {
  create: [
    "create a 640",
    "truncate a 0",
    "create a EEXIST",
    "create no/a ENOENT",
    "symlink dangling -> there",
    "create there 640", // through a link that led nowhere
  ],
  writes: [
    "create a 644",
    "write a @0+3",
    "write a @3+3",
    "write a @6+3", // pwrite at 0, to a descriptor that appends
    "write a @4+2",
    "write a @1+5",
    "write a @100+5",
    "write a EBADF",
    "write a @0+7 sync",
  ],
  "waiting-splice": ["create to 644", "create meanwhile 644", "write meanwhile @0+1", "write to @0+4"],
  names: [
    "create a 644",
    "write a @0+1",
    "create b 644",
    "write b @0+1",
    "rename a c",
    "rename b c exchange",
    "rename b c EEXIST",
    "link b hard",
    "symlink soft -> b",
    "link b followed",
    "unlink soft",
    "unlink soft ENOENT",
  ],
  directories: [
    "mkdir d 750",
    "mkdir d EEXIST",
    "mkdir d/e 700", // relative, after chdir, and with a slash at its end
    "mkdir d/f 700",
    "create d/e/x 600",
    "symlink d/s -> e",
    "create d/f/y 644", // as ../d/s/../f/y
    "write d/f/y @0+1",
    "unlink d/f/y",
    "rmdir d/f",
    "rmdir d/e ENOTEMPTY",
  ],
  entries: [
    "mkdir d 755",
    "mkdir other 755",
    "rename d moved",
    "create moved/a 600",
    "symlink moved/link -> ../other/b",
    "create other/b 600", // through a link that led nowhere
    "chmod other/b 644",
    "chmod moved 700",
    "chmod . 711",
    "mkdir c 755",
    "unlink moved/link",
    "create moved/a/b ENOTDIR",
    "create moved/b 600",
  ],
  descriptors: [
    "create a 644",
    "chmod a 600", // through /proc/self/fd
    "rename a b",
    "write b @0+1",
    "link b c",
    "unlink b",
    "write c @1+1", // opened by a name that is gone
    "unlink c",
    "write (deleted) @2+1",
    "chmod (deleted) 640",
    "create b (deleted) 644", // a file may be called so
    "write b (deleted) @0+1",
  ],
  rights: [
    "create a 644",
    "write a @0+0",
    "symlink s -> a",
    "chmod a 600",
    "chmod a 644",
    "chmod a 600",
    "chown a",
    "chown s",
    "chown a",
    "chown a",
    "utimes s",
    "utimes a",
    "utimes a",
  ],
  nodes: ["mknod fifo 600 fifo", "mknod plain 600 file", "bind sock 755"],
  sizes: ["create a 644", "truncate a 5", "truncate a 3", "fallocate a 0 @0+100", "fallocate a 1 @100+50"],
  syncs: ["create a 644", "write a @0+4", "fsync a", "fdatasync a", "fsync .", "syncfs .", "sync", "msync a"],
  blocking: [
    "mknod fifo 600 fifo",
    "create first 644",
    "write first @0+1",
    "create second 644",
    "write second @0+1",
    "create third 644",
    "write third @0+1",
  ],
  stopping: ["create stopped 644", "write stopped @0+1", "create continued 644", "write continued @0+1"],
  unnamed: ["write (deleted) @0+5", "link (deleted) named 600", "write named @5+4"],
};

describe.skipIf(unavailable !== undefined)("recorder", () => {
  const ground = new Ground("file" in made ? made.file : "");
  const contentOf = (name: string): string => readFileSync(path.join(ground.root, name), "utf8");
  afterAll(() => ground[Symbol.dispose]());

  async function calls(name: string): Promise<Recorded> {
    ground.fresh();
    const recorded = await ground.run([await program("calls"), name]);
    expect(recorded).toMatchObject({ code: 0, stderr: "" });
    return recorded;
  }
  const briefly = ({ operations }: Recorded): string[] => brief(operations, ground.root);

  test.each(Object.keys(EXPECTED))("%s", async (name) => {
    const recorded = await calls(name);
    // The last one of `rights` is a call that older kernels do not have.
    expect(briefly(recorded).filter((line) => line !== "chmod a 640")).toEqual(EXPECTED[name]);
    expect(recorded.operations.map(({ k }) => k)).toEqual(recorded.operations.map((_, at) => at + 1));
  });

  test("bytes are those that came into the file, whichever call brought them", async () => {
    const recorded = await calls("copies");
    const written = recorded.operations.flatMap((one) =>
      one.op === "write" && one.data && one.path.endsWith("to")
        ? [[one.offset, recorded.data.subarray(one.data[0], one.data[0] + one.data[1]).toString()]]
        : [],
    );
    // Cloning works on few file systems; then it writes all ten bytes.
    expect(written.slice(0, 4)).toEqual([
      [0, "0123"],
      [20, "234"],
      [4, "456"],
      [7, "spliced"],
    ]);
  });

  test("much data is whole, though its writer goes on at once", async () => {
    const { data } = await calls("large");
    expect(data.equals(readFileSync(path.join(ground.root, "large")))).toBe(true);
    expect(data).toHaveLength(3 * 1_200_008);
  });

  test("extended attributes have their names", async () => {
    const { operations } = await calls("attributes");
    expect(operations.slice(2).map((one) => [one.op, "name" in one && one.name])).toEqual([
      ["setxattr", "user.one"],
      ["setxattr", "user.two"],
      ["removexattr", "user.one"],
    ]);
  });

  test("what cannot be followed is said, and rings are refused", async () => {
    const { notes } = await calls("unseen");
    expect(notes.filter(({ note }) => note === "unseen")).toMatchObject([{ what: "shared-mapping", path: `${ground.root}/a`, after: 2 }]);
  });

  test("a thread that becomes another program in the middle of an operation of the first leaves no gap", async () => {
    const { operations, notes } = await calls("thread-exec");
    const exits = notes.filter(({ note }) => note === "exit");
    expect(exits).toMatchObject([{ status: 0 }]);
    expect(operations.slice(2).filter(({ op }) => op !== "chmod")).toEqual([]);
  });

  test.skipIf(!isRoot)("paths in another root are told as seen from ours", async () => {
    expect(briefly(await calls("in-chroot")).slice(2)).toEqual([
      "symlink root/link -> /sub",
      "create root/sub/a 644",
      "write root/sub/a @0+1",
      "create root/sub/b 644",
      "write root/sub/b @0+1",
    ]);
  });

  test("two processes at once have one order, and it is that of the file", async () => {
    const { operations, data } = await calls("race");
    const writes = operations.filter((one) => one.op === "write");
    expect(writes.map(({ offset }) => offset)).toEqual(writes.map((_, at) => at));
    expect(new Set(writes.map(({ pid }) => pid)).size).toBe(2);
    const [first] = writes;
    const start = first?.data?.[0] ?? 0;
    const log = readFileSync(`${ground.root}/log`, "utf8");
    expect(data.subarray(start, start + 400).toString()).toBe(log);
  });

  test("processes are told with their parents and ends", async () => {
    ground.fresh();
    const { notes, code } = await ground.run(["sh", "-c", "true; sh -c 'kill -TERM $$'; exit 3"]);
    const [shell] = notes;
    expect(code).toBe(3);
    expect(shell).toMatchObject({ note: "exec", argv: ["sh", "-c", "true; sh -c 'kill -TERM $$'; exit 3"] });
    expect(notes.slice(1)).toMatchObject([
      { note: "exec", parent: shell && "pid" in shell ? shell.pid : 0, argv: ["sh", "-c", "kill -TERM $$"] },
      { note: "exit", signal: "SIGTERM" },
      { note: "exit", status: 3 },
    ]);
  });

  test("what happens elsewhere is neither counted nor recorded", async () => {
    ground.fresh();
    const { operations } = await ground.run(["sh", "-c", "mkdir ../beside && echo x > ../beside/file; echo y > here; rm -r ../beside"]);
    expect(brief(operations, ground.root)).toEqual(["create here 644", "write here @0+2"]);
  });

  test.skipIf(!isRoot)("works for a user without any privilege", async () => {
    ground.fresh();
    const { operations, stderr } = await ground.run(["sh", "-c", "echo x > a"], { uid: 1000 });
    expect(stderr).toBe("");
    expect(operations).toMatchObject([
      { op: "create", uid: 1000, gid: 1000 },
      { op: "write", offset: 0 },
    ]);
  });

  test.skipIf(!isRoot)("who changes its user is followed with the right to, and told of without", async () => {
    const script = "setpriv --reuid 1000 --regid 1000 --clear-groups mkdir made";
    const without = ["setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace"];
    ground.fresh();
    const followed = await ground.run(["sh", "-c", script]);
    expect(followed.operations).toMatchObject([{ op: "mkdir", uid: 1000 }]);
    expect(followed.notes.filter(({ note }) => note === "unseen")).toEqual([]);
    ground.fresh();
    const lost = await ground.run(["sh", "-c", script], { under: without });
    expect(lost.operations).toEqual([]);
    expect(lost.notes.filter(({ note }) => note === "unseen")).toMatchObject([{ what: "not-permitted" }]);
    expect(lost.events.filter(({ event }) => event === "problem")).toMatchObject([{ message: expect.stringContaining("CAP_SYS_PTRACE") }]);
  });

  test.skipIf(!isRoot)("a program and all it starts share one processor with the recorder", async () => {
    ground.fresh();
    await ground.run(["sh", "-c", "nproc > one; (nproc > other) & wait"], { under: ground.withLoad(QUIET) });
    expect(["one", "other"].map(contentOf)).toEqual(["1\n", "1\n"]);
  });

  test.skipIf(!isRoot)("on a machine that has too much to do each has its own, from the beginning or from then on", async () => {
    const all = `${os.availableParallelism()}\n`;
    ground.fresh();
    await ground.run(["sh", "-c", "nproc > one"], { under: ground.withLoad(CROWDED) });
    expect(contentOf("one")).toBe(all);
    ground.fresh();
    const script = `nproc > one; echo '${CROWDED}' > ${ground.load}; for n in $(seq 100); do echo > $n; done; nproc > other; (nproc > third) & wait`;
    await ground.run(["sh", "-c", script], { under: ground.withLoad(QUIET) });
    expect(["one", "other", "third"].map(contentOf)).toEqual(["1\n", all, all]);
  });

  test("many threads at once lose nothing", async () => {
    ground.fresh();
    const script = `const fs = require("node:fs/promises");
      Promise.all(Array.from({ length: 60 }, async (_, i) => { await fs.mkdir("d" + i); await fs.writeFile("d" + i + "/f", "x".repeat(i)); await fs.rename("d" + i, "e" + i); }));`;
    const { code, operations } = await ground.run([process.execPath, "-e", script], { env: { UV_THREADPOOL_SIZE: "8" } });
    expect(code).toBe(0);
    for (const op of ["mkdir", "create", "rename"] as const) expect(operations.filter((one) => one.op === op)).toHaveLength(60);
    expect(operations.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  test.each([
    [["run"], 2, "recorder run"],
    [["run", "--under", "relative", "--", "true"], 2, "not absolute"],
    [["run", "--inject", "do=explode,k=1", "--", "true"], 2, "do is wrong"],
    [["run", "--inject", "do=errno,k=1", "--", "true"], 2, "no errno"],
    [["run", "--inject", "do=kill-after", "--", "true"], 2, "does not say where"],
    [["run", "--inject", "do=kill-after,k=1,op=rename", "--", "true"], 2, "both k and a name"],
    [["join", "--socket", "/nowhere/socket", "--", "true"], 127, "No such file"],
    [["run", "--under", "/tmp", "--", "/nowhere/program"], 127, "No such file"],
  ])("%j is refused, and says why", async (args, code, why) => {
    const { status, stderr } = spawnSync("file" in made ? made.file : "", args, { encoding: "utf8" });
    expect(status).toBe(code);
    expect(stderr).toContain(why);
  });
});
