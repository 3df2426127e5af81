#!/usr/bin/env node
// The command line: which commands there are and what they take. Each command lies in its own file under cli/.
// Exit codes: 0 gate open · 1 gate closed · 2 usage or configuration · 3 the harness or its environment broke, or it was interrupted.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { buildCommand } from "./cli/build.ts";
import { checkCommand, schemaCommand } from "./cli/check.ts";
import { cleanCommand } from "./cli/clean.ts";
import { compareCommand } from "./cli/compare.ts";
import { doctorCommand } from "./cli/doctor.ts";
import { exitCodeOf, printError } from "./cli/errors.ts";
import { graphCommand, pathCommand } from "./cli/graph.ts";
import { historyCommand } from "./cli/history.ts";
import { planCommand } from "./cli/plan.ts";
import { minimiseCommand } from "./cli/minimise.ts";
import { replayCommand } from "./cli/replay.ts";
import { judgeCommand, reportCommand } from "./cli/reports.ts";
import { runCommand } from "./cli/run.ts";
import { VERSION } from "./cli/version.ts";
import { verifyCommand } from "./cli/verify.ts";
import { environmentName, tier } from "./model/index.ts";

function program(): Command {
  const root = new Command("upmatrix")
    .description("End-to-end upgrade compatibility tests for self-updating agents")
    .version(VERSION)
    .option("-C, --directory <folder>", "the project: the folder of matrix.yaml", ".")
    .option("-m, --matrix <file>", "another matrix of the project, relative to its folder")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  const add = (name: string, summary: string): Command => root.command(name).description(summary).exitOverride();
  remembering(filtered(add("run", "run the matrix, or the cells that match, and write the report")).addOption(parallel())).action(
    runCommand,
  );
  filtered(add("plan", "print what would run, as a numbered tree"))
    .option("--json", "as JSON")
    .option("--steps", "every cell with its steps, faults and expected outcomes")
    .action(planCommand);
  add("replay", "run one cell again and show everything about it")
    .argument("<cell>", "its address, as the report prints it")
    .option("--keep", "leave its environment standing")
    .option("--shell", "open a shell in it at the failing step (or at --break-at)")
    .option("--break-at <step>", "stop before this step", positive)
    .action(replayCommand);
  add("minimise", "look for a failing point of a sweep in other pairs: since which release, and the nearest pair")
    .argument("<point>", "its address, as the report prints it")
    .addOption(parallel())
    .action(minimiseCommand);
  filtered(add("build", "build the artifacts of the matrix into the cache"))
    .option("--prune <days>", "also remove what the cache has not used for so many days", positive)
    .addOption(parallel())
    .action(buildCommand);
  remembering(add("judge", "judge an old run again, from what it observed").argument("[run]", "a run's folder or id", "latest")).action(
    judgeCommand,
  );
  add("report", "print the report of a run and write its views again")
    .argument("[run]", "a run's folder or id", "latest")
    .action(reportCommand);
  decisions(add);
  add("verify", "prove the harness: run cases, find what is broken, spare what is mended")
    .argument("<folder>", "where they lie: matrix.yaml and <name>/case.yaml, relative to the project")
    .argument("[names...]", "only these cases")
    .addOption(parallel())
    .action(verifyCommand);
  add("check", "validate matrix.yaml, all products and scenarios").action(checkCommand);
  add("schema", "write the JSON Schemas that editors use").option("--to <folder>", "where", "harness/load/schemas").action(schemaCommand);
  add("clean", "remove what killed runs left: containers, folders, processes; what goes on is spared")
    .argument("[run]", "only of this run")
    .option("--force", "also of a run that goes on")
    .action(cleanCommand);
  add("doctor", "what this machine can do").action(doctorCommand);
  return root;
}

/** Views that people decide by. */
function decisions(add: (name: string, summary: string) => Command): void {
  add("compare", "what changed between two runs: newly failing, fixed, newly known, slower, flaky")
    .argument("<earlier>", "a run's folder or id")
    .argument("<later>", "another one's, or latest")
    .addOption(
      new Option("--format <format>", "markdown is for the comment of a pull request, html for a file")
        .choices(["terminal", "markdown", "html"])
        .default("terminal"),
    )
    .action(compareCommand);
  add("graph", "the upgrades that the results of a run allow")
    .argument("[run]", "a run's folder or id", "latest")
    .addOption(new Option("--format <format>", "of what is printed").choices(["cincinnati", "mermaid", "svg"]).default("cincinnati"))
    .option("--product <name>", "which product; needed where the run has several")
    .option("--downgrades", "also pairs that lead to a lower version")
    .option("--link-base <url>", "what relative links of known failures are relative to")
    .action(graphCommand);
  add("path", "the shortest safe chain of upgrades from one release to another, or why there is none")
    .argument("<product>")
    .argument("<from>", "a version")
    .argument("<to>", "a version")
    .option("--run <run>", "a run's folder or id", "latest")
    .action(pathCommand);
  remembering(add("history", "when a cell began to fail, and how its durations went"))
    .argument("<cells...>", "addresses, with wildcards")
    .action(historyCommand);
}

/** Commands that read or write the history. */
function remembering(command: Command): Command {
  return command
    .option("--history <place>", "the history of runs: a file, or postgres://… (default: $UPMATRIX_HISTORY, else .upmatrix/history.db)")
    .option("--no-history", "do not use a history");
}

function filtered(command: Command): Command {
  return command
    .argument("[cells...]", "addresses, with wildcards: my-agent/8.*..9.*/crash-*@docker")
    .addOption(new Option("--tier <tier>", "which scenarios and pairs").choices(tier.options).default("gate"))
    .addOption(
      new Option("--environment <name>", "where: docker when an engine answers, else host").choices([...environmentName.options, "all"]),
    )
    .option("--from <version>", "only upgrades from this version or range")
    .option("--to <version>", "only upgrades to this version or range")
    .option("--product <name>", "only this product; may be given more than once", several)
    .option("--scenario <id>", "only this scenario; may be given more than once", several)
    .option("--inverted", "only pairs whose version order and build order disagree");
}

function parallel(): Option {
  return new Option("--parallel <n>", "how many at once").argParser(positive);
}

function several(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name];
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number from 1");
  return value;
}

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    printError(error);
    process.exitCode = exitCodeOf(error);
  }
}
