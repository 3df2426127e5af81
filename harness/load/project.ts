// Loads a project: matrix.yaml, the product.yaml of each product, all scenarios. Collects what is wrong in all of them before it gives up.
import path from "node:path";
import { acrossHosts, type Matrix, type Product, type Scenario } from "../model/index.ts";
import { expiredKnown } from "./check-matrix.ts";
import { checkScenarioNames } from "./check-scenario.ts";
import { shownPath } from "./files.ts";
import { loadMatrix, loadProducts, loadScenarios, outlineOf } from "./gather.ts";
import { ConfigurationError, formatProblem } from "./problems.ts";
import type { Position, Problem } from "./problems.ts";
import type { Loaded } from "./reporter.ts";

export interface Project {
  /** Absolute. */
  readonly directory: string;
  /** Absolute. */
  readonly matrixFile: string;
  readonly matrix: Matrix;
  /** Globs of products with several hosts are those of the tree that holds all of them. */
  readonly products: Readonly<Record<string, Product>>;
  /** Absolute folder of each product's product.yaml. */
  readonly productDirectories: Readonly<Record<string, string>>;
  readonly scenarios: Readonly<Record<string, Scenario>>;
  /** Where each known failure stands in the matrix. */
  readonly knownPositions: readonly Position[];
  /** Where each release of each product does, by version. */
  readonly releasePositions: Readonly<Record<string, Readonly<Record<string, Position>>>>;
}

export interface LoadOptions {
  /** Relative to the project; default `matrix.yaml`. */
  readonly matrixFile?: string;
  readonly now: Date;
}

/** Reads and checks everything. Throws one `ConfigurationError` with all problems of all files. */
export async function loadProject(directory: string, options: LoadOptions): Promise<Project> {
  const root = path.resolve(directory);
  const matrixFile = path.resolve(root, options.matrixFile ?? "matrix.yaml");
  const matrix = await loadMatrix(root, matrixFile, options.now);
  const outline = outlineOf(matrix.source?.data);
  const products = await loadProducts(root, outline, matrix.source);
  const scenarios = await loadScenarios(root, outline, matrix.source);
  const whole = matrix.problems.length === 0 && products.problems.length === 0;
  const all = Object.values(matrix.loaded?.value.products ?? {}).flatMap(({ releases }) => releases);
  const names = whole
    ? scenarios.loaded.flatMap(([, scenario]) => checkScenarioNames(scenario, Object.values(valuesOf(products.loaded)), all))
    : [];
  const problems = [...inOrder(matrix.problems), ...inOrder(products.problems), ...inOrder([...scenarios.problems, ...names])];
  if (problems.length > 0 || matrix.loaded === undefined) throw new ConfigurationError(problems);
  const { source, value } = matrix.loaded;
  return {
    directory: root,
    matrixFile,
    matrix: value,
    products: mapValues(valuesOf(products.loaded), acrossHosts),
    productDirectories: Object.fromEntries(outline.products.map(({ name, folder }) => [name, path.join(root, folder)])),
    scenarios: valuesOf(scenarios.loaded),
    knownPositions: value.known.map((_, index) => source.locate(["known", index, "expires"])),
    releasePositions: Object.fromEntries(
      Object.entries(value.products).map(([product, { releases }]) => [
        product,
        Object.fromEntries(releases.map(({ version }, index) => [version, source.locate(["products", product, "releases", index])])),
      ]),
    ),
  };
}

/** What does not keep a project from running but should be known: failures that are no longer excused. One line each. */
export function checkProject(project: Project, now: Date): string[] {
  const file = shownPath(project.directory, project.matrixFile);
  return expiredKnown(project.matrix.known, now.toISOString().slice(0, 10)).flatMap((index) => {
    const known = project.matrix.known[index];
    const position = project.knownPositions[index];
    if (known === undefined || position === undefined) return [];
    const message = `Cannot excuse ${known.pattern} any longer: the known failure expired on ${known.expires}`;
    return [
      formatProblem({ file, ...position, message, hint: `mend it and remove the entry, or look at ${known.link} and set a later date` }),
    ];
  });
}

function valuesOf<T>(entries: readonly (readonly [string, Loaded<T>])[]): Record<string, T> {
  return Object.fromEntries(entries.map(([name, { value }]) => [name, value]));
}

function mapValues<T>(values: Readonly<Record<string, T>>, map: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}

/** Files in the order they were met, problems of a file from top to bottom. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map((problem) => problem.file))];
  return problems.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column);
}
