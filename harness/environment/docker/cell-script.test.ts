// What cell.sh reports of processes that a cell leaves behind: those that stay, at once, and none that was killed already.
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const SCRIPT = path.join(import.meta.dirname, "cell.sh");
const able =
  process.platform === "linux" &&
  (await run("unshare", ["-p", "-f", "--mount-proc", "true"]).then(
    () => true,
    () => false,
  ));
if (!able) console.warn("Skipped: processes left behind by a cell: this user may make no process namespace");

/** Runs a program as a cell does, alone in a process namespace. `HOLD` is off, and no container is near that it could end. */
async function left(program: string): Promise<{ code: string | undefined; left: string[] }> {
  const words = ["-p", "-f", "--kill-child", "--mount-proc", "sh", SCRIPT, "contained", "sh", "-c", program];
  const { stdout } = await run("unshare", words, { env: { ...process.env, HOLD: "" }, timeout: 30_000 });
  return {
    code: /^#exit (\d+)$/m.exec(stdout)?.[1],
    left: [...stdout.matchAll(/^#left \d+ (.*?) *$/gm)].map(([, command]) => command ?? ""),
  };
}

// a process that has not got to its `exec` yet shows the shell's command line, which holds the same words
test.runIf(able)("reports what stays, with its command line", async () => {
  const stays = "sleep 301 < /dev/null > /dev/null 2>&1 &";
  const one = expect.stringContaining("sleep 301");
  expect(await left(`${stays} ${stays} exit 7`)).toEqual({ code: "7", left: [one, one] });
  expect(await left("true")).toEqual({ code: "0", left: [] });
});

test.runIf(able)("reports what ignores a request to end, and what was stopped", async () => {
  const one = expect.stringContaining("sleep 302");
  expect((await left("trap '' TERM; sleep 302 > /dev/null & kill -TERM -1; exit 0")).left).toEqual([one]);
  expect((await left("sleep 302 > /dev/null & kill -STOP $!; exit 0")).left).toEqual([one]);
});

test.runIf(able)("does not report what was killed, however many and however busy they are", async () => {
  const busy = "while :; do :; done > /dev/null 2>&1 < /dev/null &";
  const many = "i=0; while [ $i -lt 150 ]; do sleep 304 > /dev/null 2>&1 < /dev/null & i=$((i + 1)); done";
  for (let round = 0; round < 3; round++) expect((await left(`${busy} ${busy} ${many}; kill -KILL -1; exit 0`)).left).toEqual([]);
});
