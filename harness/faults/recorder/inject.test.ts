// What is made to go wrong goes wrong: at that operation, once or from then on, for everybody or for nobody else.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { brief, Ground, processesWith, recorder, type Recorded } from "./testing/recorded.ts";

const made = await recorder();

describe.skipIf("unavailable" in made)("injections", () => {
  const ground = new Ground("file" in made ? made.file : "");
  afterAll(() => ground[Symbol.dispose]());

  async function sh(script: string, ...inject: string[]): Promise<Recorded> {
    ground.fresh();
    return ground.run(["sh", "-c", script], { inject });
  }
  const fired = ({ events }: Recorded) => events.filter(({ event }) => event === "fired");
  const problems = ({ events }: Recorded) => events.filter(({ event }) => event === "problem").map(({ message }) => message);
  const there = (): string[] => readdirSync(ground.root).sort();

  test("a kill leaves nobody: not the parent, not the detached, not who was just being born", async () => {
    const spinning = "while :; do (echo x >> ../out; : ) & wait; done";
    const script = `setsid sh -c '${spinning} # ${ground.root}' & (${spinning}) & mkdir a; mkdir b; mkdir c; wait`;
    const killed = await sh(script, "do=kill-after,op=mkdir,nth=2");
    expect(fired(killed)).toMatchObject([{ do: "kill-after", op: "mkdir", path: `${ground.root}/b` }]);
    expect(fired(killed)[0]?.killed?.length).toBeGreaterThanOrEqual(4);
    expect(there()).toEqual(["a", "b"]);
    expect(killed.code).toBe(128 + 9);
    expect(processesWith(ground.root)).toEqual([]);
    expect((fired(killed)[0]?.killed ?? []).filter((pid) => isAlive(pid))).toEqual([]);
  });

  test("before is without the operation, after is with it", async () => {
    await sh("mkdir a; mkdir b", "do=kill-before,op=mkdir,nth=2");
    expect(there()).toEqual(["a"]);
    await sh("mkdir a; mkdir b", "do=kill-after,op=mkdir,nth=2");
    expect(there()).toEqual(["a", "b"]);
  });

  test("a torn write is half of it, and all are dead", async () => {
    const torn = await sh("echo 0123456 > a; mkdir b", "do=torn,op=write,path=/**/a");
    expect(readFileSync(`${ground.root}/a`, "utf8")).toBe("0123");
    expect(torn.code).toBe(128 + 9);
    expect(brief(torn.operations, ground.root)).toEqual(["create a 644", "write a @0+4"]);
  });

  test("what is no write is not torn, and that is said", async () => {
    const whole = await sh("mkdir a", "do=torn,k=1");
    expect(whole.code).toBe(0);
    expect(fired(whole)).toEqual([]);
    expect(problems(whole)).toEqual(["Cannot tear operation 1: mkdir has no halves"]);
  });

  test("an error strikes once, is told to the program, and changes nothing", async () => {
    const failed = await sh("mkdir a; mkdir b; mkdir a", "do=errno,errno=EACCES,op=mkdir,path=/**/a");
    expect(failed.stderr).toContain("Permission denied");
    expect(failed.code).toBe(0);
    expect(brief(failed.operations, ground.root)).toEqual(["mkdir a EACCES injected", "mkdir b 755", "mkdir a 755"]);
    expect(fired(failed)).toMatchObject([{ do: "errno", k: 1, killed: [] }]);
  });

  test("a sticky error is a full disk: nothing that needs room works any more, all else does", async () => {
    const full = await sh(
      "echo 1 > a; echo 2 > b; mkdir c; ln -s a d; ln a e; mv a f; rm f; chmod 600 b; true",
      "do=errno,errno=ENOSPC,sticky=1,op=write,nth=2",
    );
    expect(brief(full.operations, ground.root)).toEqual([
      "create a 644",
      "write a @0+2",
      "create b 644",
      "write b ENOSPC injected",
      "mkdir c ENOSPC injected",
      "symlink d -> a ENOSPC injected",
      "link a e ENOSPC injected",
      "rename a f",
      "unlink f",
      "chmod b 600",
    ]);
    expect(fired(full)).toHaveLength(1);
  });

  test("a sticky error that began with a rename goes on for renames", async () => {
    const full = await sh("echo 1 > a; mv a b; mv a c; true", "do=errno,errno=ENOSPC,sticky=1,op=rename");
    expect(full.operations.filter((one) => one.op === "rename").map(({ error }) => error)).toEqual(["ENOSPC", "ENOSPC"]);
  });

  test("a signal comes before the operation, which is carried out all the same", async () => {
    const signalled = await sh("trap 'mkdir trapped' TERM; echo 1 > a; echo 2 > b", "do=signal,signal=SIGTERM,op=create,path=/**/a");
    expect(fired(signalled)).toMatchObject([{ do: "signal", op: "create", killed: [] }]);
    expect(there()).toEqual(["a", "b", "trapped"]);
  });

  test("a rename is meant by its new name too, and ** is nothing or many folders", async () => {
    const spec = (path: string): string => `do=kill-after,op=rename,path=${path}`;
    for (const path of ["/**/current", `${ground.root}/**/current`, `${ground.root}/*`, `${ground.root}/new`]) {
      const killed = await sh("mkdir d; touch new; mv new current; mkdir late", spec(path));
      expect({ path, there: there() }).toEqual({ path, there: ["current", "d"] });
      expect(fired(killed)).toMatchObject([{ path: `${ground.root}/new`, to: `${ground.root}/current` }]);
    }
    for (const path of ["/*/current", `${ground.root}/cur`, `${ground.root}/**/other`])
      expect(fired(await sh("touch new; mv new current", spec(path)))).toEqual([]);
  });

  test("a path may have commas", async () => {
    await sh("mkdir a,b; mkdir c", `do=kill-after,op=mkdir,path=${ground.root}/a,b`);
    expect(there()).toEqual(["a,b"]);
  });

  test("what does not come about does not fire", async () => {
    const whole = await sh("mkdir a", "do=kill-after,k=2", "do=errno,errno=EIO,op=rename");
    expect(whole).toMatchObject({ code: 0 });
    expect(fired(whole)).toEqual([]);
    expect(statSync(`${ground.root}/a`).isDirectory()).toBe(true);
  });
});

/** Not yet waited for by its parent is dead all the same. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
