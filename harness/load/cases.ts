// Loads the cases below a folder: <folder>/<name>/case.yaml. Collects what is wrong in all of them before it gives up.
import { readdir } from "node:fs/promises";
import path from "node:path";
import { type CaseFile, caseFile } from "../model/index.ts";
import { readSource } from "./files.ts";
import { checkSchema } from "./issues.ts";
import { ConfigurationError, type Problem } from "./problems.ts";

export interface Case extends CaseFile {
  /** The folder's name. */
  readonly name: string;
}

/** The cases in name order; `folder` is relative to the project. Throws one `ConfigurationError` with all problems. */
export async function loadCases(directory: string, folder: string): Promise<Case[]> {
  const root = path.resolve(directory, folder);
  const cases: Case[] = [];
  const problems: Problem[] = [];
  for (const name of await foldersIn(root)) {
    const parsed = await readSource(path.resolve(directory), path.join(root, name, "case.yaml"));
    if (parsed === null) continue;
    const checked = "problems" in parsed ? parsed : checkSchema(caseFile, parsed.source);
    if ("problems" in checked) problems.push(...checked.problems);
    else cases.push({ name, ...checked.value });
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return cases;
}

async function foldersIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}
