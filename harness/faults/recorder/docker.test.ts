// Inside a container that grants nothing: no privilege, no capability, an ordinary user, the engine's own seccomp profile.
import { readFileSync } from "node:fs";
import path from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ensureBase } from "../../environment/docker/base.ts";
import { connect } from "../../environment/docker/engine.ts";
import { brief, Ground, program, recorder } from "./testing/recorded.ts";

const made = await recorder();
const engine = await connect().catch((error: unknown) => String(error));
const missing = typeof engine === "string" ? engine : "unavailable" in made ? made.unavailable : undefined;
const required = process.env["UPMATRIX_REQUIRE"] === "docker";
if (missing !== undefined) console.warn(`Tests of the recorder in containers are skipped: ${missing}`);

describe.skipIf(missing !== undefined && !required)("in a container without any privilege", { timeout: 300_000 }, () => {
  const ground = new Ground("file" in made ? made.file : "");
  afterAll(() => ground[Symbol.dispose]());
  beforeEach(() => ground.fresh());

  /** Runs a script there; the ground has the same path inside, `$RECORDER` and `$CALLS` are the programs. */
  async function contained(script: string): Promise<{ code: number; output: string }> {
    if (typeof engine === "string" || "unavailable" in made) throw new Error(missing);
    const request = { engine, run: "test-recorder", image: undefined, log: () => undefined, signal: undefined };
    const container = await engine.docker.createContainer({
      Image: await ensureBase(request),
      Cmd: ["sh", "-c", script],
      User: "1000:1000",
      WorkingDir: ground.root,
      Env: ["RECORDER=/recorder", "CALLS=/calls", `G=${ground.path}`],
      HostConfig: {
        NetworkMode: "none",
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        Binds: [`${made.file}:/recorder:ro`, `${await program("calls")}:/calls:ro`, `${ground.path}:${ground.path}`],
      },
    });
    try {
      await container.start();
      const { StatusCode } = (await container.wait()) as { StatusCode: number };
      return { code: StatusCode, output: await logsOf(container) };
    } finally {
      await container.remove({ force: true });
    }
  }

  test("everything is recorded", async () => {
    const options = ground.options().join(" ");
    expect(await contained(`exec $RECORDER run ${options} -- $CALLS directories`)).toEqual({ code: 0, output: "" });
    const { operations } = ground.read();
    expect(brief(operations, ground.root)).toContain("rmdir d/e ENOTEMPTY");
    expect(operations[0]).toMatchObject({ op: "mkdir", mode: "750", uid: 1000, gid: 1000 });
    expect(operations).toHaveLength(11);
  });

  test("an injection fails one operation, and a kill kills", async () => {
    const options = ground.options(["do=errno,errno=EROFS,op=mkdir", "do=kill-after,op=mkdir,nth=2"]).join(" ");
    const { code, output } = await contained(`exec $RECORDER run ${options} -- sh -c 'mkdir a; mkdir b; mkdir c'`);
    expect(code).toBe(128 + 9);
    expect(output).toContain("Read-only file system");
    expect(brief(ground.read().operations, ground.root)).toEqual(["mkdir a EROFS injected", "mkdir b 755"]);
  });

  test("programs join, and end as they would", async () => {
    const { code, output } = await contained(`
      mkfifo $G/commands; exec 9<>$G/commands
      $RECORDER serve --socket $G/socket --log $G/log --data $G/data --under $G/root <$G/commands >$G/told 9>&- &
      until grep -qs ready $G/told; do :; done
      $RECORDER join --socket $G/socket -- sh -c 'echo x > joined; exit 6'; echo $?
      exec 9>&-; wait $!; echo $?`);
    expect({ code, output }).toEqual({ code: 0, output: "6\n0\n" });
    expect(brief(ground.read().operations, ground.root)).toEqual(["create joined 644", "write joined @0+2"]);
    expect(readFileSync(path.join(ground.path, "told"), "utf8")).toContain('"event":"joined"');
  });
});

async function logsOf(container: Docker.Container): Promise<string> {
  const frames = await container.logs({ stdout: true, stderr: true });
  let text = "";
  for (let at = 0; at < frames.length; at += 8 + frames.readUInt32BE(at + 4))
    text += frames.toString("utf8", at + 8, at + 8 + frames.readUInt32BE(at + 4));
  return text;
}
