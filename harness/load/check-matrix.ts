// What a schema cannot say about matrix.yaml: versions, build times, folders and the patterns of known failures.
import semver from "semver";
import type { Matrix, Release } from "../model/index.ts";
import { FilterError, addressMatcher, productMatcher } from "../plan/index.ts";
import { didYouMean, listed } from "./names.ts";
import type { Problem } from "./problems.ts";
import { reporter } from "./reporter.ts";
import type { Loaded, Report } from "./reporter.ts";

/** Problems of a matrix that fits its schema. `now` tells which build times lie in the future. */
export function checkMatrix({ source, value: matrix }: Loaded<Matrix>, now: Date): Problem[] {
  const problems: Problem[] = [];
  const report = reporter(source, problems);
  if (typeof matrix.scenarios === "string") checkFolder(["scenarios"], matrix.scenarios, report);
  else for (const [index, folder] of matrix.scenarios.entries()) checkFolder(["scenarios", index], folder, report);
  if (Object.keys(matrix.products).length === 0)
    report(["products"], "Cannot plan without a product", "add one: products: { <name>: { releases: [...] } }");
  if (Object.keys(matrix.environments).length === 0)
    report(["environments"], "Cannot run without an environment", "add docker: {} or host: {}");
  for (const [name, { path, releases }] of Object.entries(matrix.products)) {
    if (path !== undefined) checkFolder(["products", name, "path"], path, report);
    checkReleases(name, releases, now, report);
    checkPairs(name, releases, matrix.pairs.kinds, report);
  }
  for (const [index, { pattern }] of matrix.known.entries()) checkPattern(index, pattern, Object.keys(matrix.products), report);
  return problems;
}

/** Lists known failures that are over: they close the gate, but do not keep anything from being run. */
export function expiredKnown(known: Matrix["known"], today: string): number[] {
  return [...known.keys()].filter((index) => (known[index]?.expires ?? today) < today);
}

/** Whether a folder, as it is written, lies in the project. */
export function isInside(folder: string): boolean {
  return folderProblem(folder) === null;
}

function checkFolder(path: readonly (string | number)[], folder: string, report: Report): void {
  const problem = folderProblem(folder);
  if (problem !== null) report(path, `Cannot use the folder ${JSON.stringify(folder)}: ${problem.why}`, problem.hint);
}

function folderProblem(folder: string): { readonly why: string; readonly hint: string } | null {
  if (folder.includes("\\")) return { why: "it has a backslash", hint: `write ${JSON.stringify(folder.replaceAll("\\", "/"))}` };
  if (/^(\/|[A-Za-z]:)/.test(folder)) return { why: "it is absolute", hint: "write it relative to the project" };
  return folder.split("/").includes("..") ? { why: "'..' leads out of the project", hint: "move it into the project" } : null;
}

function checkReleases(product: string, releases: readonly Release[], now: Date, report: Report): void {
  const first = new Map<string, number>();
  for (const [index, { version, built }] of releases.entries()) {
    const path = ["products", product, "releases", index];
    checkVersion([...path, "version"], version, report);
    const earlier = first.get(version);
    if (earlier === undefined) first.set(version, index);
    else report([...path, "version"], `Cannot list the release ${version} twice: it is item ${earlier + 1} already`, "remove one");
    if (Date.parse(built) > now.getTime()) {
      report(
        [...path, "built"],
        `Cannot have been built at ${built}: it is ${now.toISOString().slice(0, 19)}Z now`,
        "write when it was built",
      );
    }
  }
}

function checkVersion(path: readonly (string | number)[], version: string, report: Report): void {
  const parsed = semver.parse(version);
  if (parsed === null || canonical(parsed) !== version) {
    const near = parsed === null ? semver.coerce(version)?.version : canonical(parsed);
    report(
      path,
      `Cannot use the version ${JSON.stringify(version)}: it is not a semantic version`,
      `write ${near ?? "a version such as 1.2.3"}`,
    );
  } else if (parsed.build.includes("rebuilt")) {
    report(path, `Cannot use the version ${version}: '+rebuilt' marks a rebuild`, "choose other build metadata");
  }
}

function canonical(version: semver.SemVer): string {
  return version.build.length === 0 ? version.version : `${version.version}+${version.build.join(".")}`;
}

/** A product of which nothing can be run. */
function checkPairs(product: string, releases: readonly Release[], kinds: Matrix["pairs"]["kinds"], report: Report): void {
  const path = ["products", product, "releases"];
  if (releases.every((release) => release.withdrawn !== undefined)) {
    report(path, `Cannot upgrade ${product} to anything: every release is withdrawn`, "add a release that is offered");
  } else if (releases.length === 1 && !kinds.includes("rebuild")) {
    report(
      path,
      `Cannot make a pair of the one release of ${product}: pairs.kinds has no rebuild`,
      "add a release, or rebuild to pairs.kinds",
    );
  }
}

function checkPattern(index: number, pattern: string, products: readonly string[], report: Report): void {
  const path = ["known", index, "pattern"];
  try {
    addressMatcher(pattern);
    const matches = productMatcher(pattern);
    if (products.some(matches)) return;
    const name = pattern.split("/")[0] ?? "";
    report(
      path,
      `Cannot match any cell with ${JSON.stringify(pattern)}: no product is named so, ${listed(products)}`,
      didYouMean(name, products),
    );
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    report(path, error.message);
  }
}
