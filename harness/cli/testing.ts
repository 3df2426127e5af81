// For tests only: copies of the red project, the real command line run on them, and what a run leaves on this machine.
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { type CellRecord, type RunRecord, runRecord } from "../model/index.ts";

const CLI = path.join(import.meta.dirname, "..", "cli.ts");
const TESTDATA = path.join(import.meta.dirname, "testdata");
/** Longer than any command a test waits for: only a command that hangs is ended by it. */
const HANGS_MS = 240_000;
const OPTIONS = { reject: false, all: true, stdin: "ignore", timeout: HANGS_MS, killSignal: "SIGKILL" } as const;

/** Everything here is of POSIX: the agent of the red project needs links and a real `systemctl` on the PATH. */
export const CAN_RUN = process.platform !== "win32";

/** A copy of the red project in a temporary folder, gone when the scope ends. */
export class Project implements AsyncDisposable {
  readonly directory: string;

  /** @param name which of the projects below `testdata` */
  static async copy(name: "red" | "swept" | "fleet" = "red"): Promise<Project> {
    const directory = await realpath(await mkdtemp(path.join(tmpdir(), "upmatrix-red-")));
    await cp(path.join(TESTDATA, name), directory, { recursive: true });
    return new Project(directory);
  }

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Runs the command line on it. `all` of the result is what it printed. */
  upmatrix(...words: string[]) {
    return this.upmatrixIn({}, ...words);
  }

  /** The same with variables of its environment. */
  upmatrixIn(environment: Readonly<Record<string, string>>, ...words: string[]) {
    // job summary, annotations and history of a CI are for its own runs
    const none = { GITHUB_STEP_SUMMARY: undefined, GITHUB_ACTIONS: undefined, UPMATRIX_HISTORY: undefined };
    return execa(process.execPath, [CLI, "-C", this.directory, ...words], { ...OPTIONS, env: { ...none, ...environment } });
  }

  async matrix(): Promise<string> {
    return readFile(path.join(this.directory, "matrix.yaml"), "utf8");
  }

  async setMatrix(text: string): Promise<void> {
    await writeFile(path.join(this.directory, "matrix.yaml"), text);
  }

  /** A path below the reports of its runs. */
  reports(...parts: string[]): string {
    return path.join(this.directory, "reports", ...parts);
  }

  /** The record of the last run, checked against its schema. */
  async record(): Promise<RunRecord> {
    return runRecord.parse(JSON.parse(await readFile(this.reports("latest", "record.json"), "utf8")));
  }

  /** What a cell of the last run saw, as text. */
  async observations(name: string): Promise<{ readonly text: string }> {
    return { text: await readFile(this.reports("latest", name), "utf8") };
  }

  /** The run under way, and what its cells have seen so far. Throws as long as there is none. */
  async observed(): Promise<{ readonly run: string; readonly text: string }> {
    const run = (await readdir(this.reports())).find((name) => name !== "latest");
    if (run === undefined) throw new Error("No run has begun");
    const cells = await readdir(this.reports(run, "cells"));
    const texts = await Promise.all(cells.map((name) => readFile(this.reports(run, "cells", name), "utf8")));
    return { run, text: texts.join("") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function cellOf(record: RunRecord, id: string): CellRecord {
  const cell = record.cells.find((candidate) => candidate.id === id);
  if (cell === undefined) throw new Error(`The record has no cell ${id}: ${record.cells.map((other) => other.id).join(", ")}`);
  return cell;
}

/** What is left of a run on this machine: processes that carry its marker, and folders. */
export function leftOf(run: string): string[] {
  const marker = `upmatrix-${run}-`;
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(marker));
  return [...processes().filter((text) => text.includes(`UPMATRIX_CELL=${marker}`)), ...folders];
}

/** Command line and environment of every process. */
function processes(): string[] {
  if (process.platform !== "linux") return execFileSync("ps", ["axwwE", "-o", "command="], { encoding: "utf8" }).split("\n");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return ["cmdline", "environ"].map((file) => readFileSync(`/proc/${name}/${file}`, "utf8").replaceAll("\0", " ")).join("");
      } catch {
        return ""; // it ended meanwhile
      }
    });
}
