// `upmatrix verify`: proves the harness on cases. Each is a mistake that was once made: the broken updater must be found, the
// mended one spared.
import path from "node:path";
import type { Command } from "commander";
import { type Case, loadCases, type Project } from "../load/index.ts";
import { caseLines, type CaseResult, caseResult, caseSummary } from "../report/index.ts";
import { UsageError } from "./errors.ts";
import { runCells, tellBeginning } from "./run.ts";
import { type Choice, chooseEnvironments, foldersOf, newRunId, openProject } from "./session.ts";

export async function verifyCommand(
  folder: string,
  names: string[],
  options: { readonly parallel?: number },
  command: Command,
): Promise<void> {
  const matrixFile = path.join(folder, "matrix.yaml").split(path.sep).join("/");
  const project = await openProject(command, matrixFile);
  const cases = chosen(await loadCases(project.directory, folder), names, folder);
  const choice = await chooseEnvironments(project, foldersOf(command), environmentsOf(cases));
  const { here, elsewhere } = byPlace(cases, choice);
  for (const line of elsewhere) console.log(line);
  if (here.length === 0) throw new UsageError(`Cannot verify anything here: none of the ${cases.length} cases can show on this machine`);
  const { results, skipped } = await judged(here, { project, choice, matrixFile, parallel: options.parallel, command });
  for (const line of [...skipped, ...results.flatMap(caseLines)]) console.log(line);
  console.log(caseSummary(results));
  process.exitCode = results.every(({ escaped, alarms }) => escaped.length + alarms.length === 0) ? 0 : 1;
}

function chosen(cases: readonly Case[], names: readonly string[], folder: string): readonly Case[] {
  const unknown = names.filter((name) => !cases.some((one) => one.name === name));
  if (unknown.length > 0) throw new UsageError(`Cannot find the case ${unknown.join(", ")} in ${folder}: there is no case.yaml`);
  if (cases.length === 0) throw new UsageError(`Cannot find a case in ${folder}: there is no <name>/case.yaml`);
  return names.length === 0 ? cases : cases.filter(({ name }) => names.includes(name));
}

/** What the addresses name. */
function environmentsOf(cases: readonly Case[]): "docker" | "host" | "all" {
  const named = new Set(cases.flatMap(({ broken, mended }) => [...broken, ...mended]).map((address) => address.split("@").at(-1)));
  if (named.size > 1) return "all";
  return named.has("docker") ? "docker" : "host";
}

/** Cases that this machine can run, and a line for each other one that says what it needs. */
function byPlace(cases: readonly Case[], { chosen: environments }: Choice): { here: readonly Case[]; elsewhere: readonly string[] } {
  const platforms = new Set<string>(environments.map(({ platform }) => platform));
  const here = cases.filter((one) => one.platforms.some((platform) => platforms.has(platform)));
  const elsewhere = cases
    .filter((one) => !here.includes(one))
    .map(({ name, platforms: needed }) => `– ${name}: needs ${needed.map((platform) => PLATFORM_NAMES[platform]).join(" or ")}`);
  return { here, elsewhere };
}

const PLATFORM_NAMES = { linux: "Linux", darwin: "macOS", win32: "Windows" } as const;

interface Work {
  readonly project: Project;
  readonly choice: Choice;
  readonly matrixFile: string;
  readonly parallel: number | undefined;
  readonly command: Command;
}

/** What came out, and a line for each case that the plan says cannot run here. */
async function judged(cases: readonly Case[], work: Work): Promise<{ results: CaseResult[]; skipped: string[] }> {
  const { project, choice, matrixFile, parallel, command } = work;
  const id = newRunId(new Date());
  tellBeginning(id, choice, project);
  const { record, directory } = await runCells(id, project, choice, {
    patterns: cases.flatMap(({ broken, mended }) => [...broken, ...mended]),
    options: { tier: "full", ...(parallel === undefined ? {} : { parallel }) },
    command,
    // apart from the project's own runs, so that `latest` stays what it was
    reports: path.join(foldersOf(command).reports, "verify"),
    matrixFile,
    toldAtOnce: ["errored"],
  });
  console.log(`Record: ${path.relative(process.cwd(), directory)}`);
  const reasonOf = ({ broken, mended }: Case): string | undefined =>
    record.skipped.find(({ id: cell }) => broken.includes(cell) || mended.includes(cell))?.reason;
  return {
    results: cases.filter((one) => reasonOf(one) === undefined).map((one) => caseResult(one, record)),
    skipped: cases.flatMap((one) => {
      const reason = reasonOf(one);
      return reason === undefined ? [] : [`– ${one.name}: needs more than this machine has: ${reason}`];
    }),
  };
}
