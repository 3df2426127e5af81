// Stands in for the cell program in the contract tests: takes the job like it, but does what the script's summary says, a list
// of small actions. Runs inside environments; imports only Node.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { CellJob, Observation } from "../model/index.ts";

export type Action =
  | { readonly do: "say"; readonly message: string }
  | { readonly do: "write"; readonly path: string }
  | { readonly do: "look"; readonly path: string }
  | { readonly do: "read"; readonly path: string }
  | { readonly do: "run"; readonly command: string }
  | { readonly do: "leave" }
  | { readonly do: "fill"; readonly size: string; readonly bytes: number }
  | { readonly do: "listen" }
  | { readonly do: "crash" }
  | { readonly do: "hang"; readonly deaf?: boolean };

const lines = createInterface({ input: process.stdin });
const began = performance.now();
let job: CellJob | undefined;
let deaf = false;
let wake: (() => void) | undefined;

function see(observation: Omit<Extract<Observation, { kind: "problem" }>, "t">): void {
  process.stdout.write(`${JSON.stringify({ t: Math.round(performance.now() - began), ...observation })}\n`);
}

function end(how: "complete" | "interrupted"): void {
  process.stdout.write(`${JSON.stringify({ t: 0, kind: "end", end: { how, detail: "", leaks: [] } })}\n`, () => process.exit(0));
}

async function act(action: Action, { root, work }: CellJob): Promise<void> {
  const say = (message: string) => see({ kind: "problem", message });
  const at = (path: string) => path.replace("{root}", root).replace("{work}", work);
  if (action.do === "say") {
    say(action.message);
    if (action.message.startsWith("break:")) await new Promise<void>((resolve) => (wake = resolve));
  } else if (action.do === "write") writeFileSync(at(action.path), "x");
  else if (action.do === "look") say(existsSync(at(action.path)) ? "there" : "not there");
  else if (action.do === "read") say(readFileSync(at(action.path), "utf8"));
  else if (action.do === "run") say(execFileSync("sh", ["-c", at(action.command)], { encoding: "utf8" }).trim());
  else if (action.do === "leave") spawn("sleep", ["12345"], { detached: true, stdio: "ignore" }).unref();
  else if (action.do === "fill") say(fill(root, action.size, action.bytes));
  else if (action.do === "listen") say(await listen());
  else if (action.do === "crash") throw new Error("crashed on purpose");
  else {
    deaf = action.deaf === true;
    see({ kind: "problem", message: "hanging" });
    setInterval(() => undefined, 60_000);
    await new Promise(() => undefined);
  }
}

function fill(root: string, size: string, bytes: number): string {
  execFileSync("mount", ["-o", `remount,size=${size}`, root]);
  try {
    writeFileSync(`${root}/full`, Buffer.alloc(bytes));
    return "fits";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(`${root}/full`, { force: true });
  }
}

/** Every cell has ports of its own where the network is isolated. */
async function listen(): Promise<string> {
  const { createServer } = await import("node:http");
  const server = createServer((_, response) => response.end("answered"));
  await new Promise<void>((resolve) => server.listen(8123, "localhost", resolve));
  const answer = await fetch("http://localhost:8123/").then((response) => response.text());
  server.close();
  server.closeAllConnections();
  return answer;
}

lines.on("line", (line) => {
  if (job !== undefined) {
    if (line === "continue") wake?.();
    else if (line === "stop" && !deaf) end("interrupted");
    return;
  }
  const given = JSON.parse(line) as CellJob; // written by the environment, from the same type
  job = given;
  const actions = JSON.parse(given.script.summary) as Action[]; // written by the test
  void (async () => {
    for (const action of actions) await act(action, given);
    end("complete");
  })();
});
lines.on("close", () => {
  if (!deaf) process.exit(0);
});
