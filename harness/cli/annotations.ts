// Tells GitHub Actions what went wrong, where we run in it.
import path from "node:path";
import type { Command } from "commander";
import type { RunRecord } from "../model/index.ts";
import { githubAnnotations } from "../report/index.ts";
import { foldersOf, matrixOf } from "./session.ts";

/** Prints nothing elsewhere. */
export function printAnnotations(record: RunRecord, command: Command): void {
  if (process.env["GITHUB_ACTIONS"] !== "true") return;
  const matrix = path.join(foldersOf(command).project, matrixOf(command) ?? "matrix.yaml");
  const file = path
    .relative(process.env["GITHUB_WORKSPACE"] ?? process.cwd(), matrix)
    .split(path.sep)
    .join("/");
  for (const line of githubAnnotations(record, file)) console.log(line);
}
