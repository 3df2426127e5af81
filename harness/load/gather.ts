// Finds and loads the files of a project one kind after the other. A broken file never hides what is wrong in another one.
import path from "node:path";
import type { z } from "zod";
import { identifier, matrix as matrixSchema, product as productSchema, scenario as scenarioSchema } from "../model/index.ts";
import type { Matrix, Product, Scenario } from "../model/index.ts";
import { checkMatrix, isInside } from "./check-matrix.ts";
import { checkProduct } from "./check-product.ts";
import { checkScenario } from "./check-scenario.ts";
import { filesIn, readSource, shownPath } from "./files.ts";
import { checkSchema } from "./issues.ts";
import { ConfigurationError } from "./problems.ts";
import type { Problem } from "./problems.ts";
import { reporter } from "./reporter.ts";
import type { Loaded } from "./reporter.ts";
import type { Parsed, Source } from "./source.ts";

export interface Gathered<T> {
  readonly loaded: readonly (readonly [string, Loaded<T>])[];
  readonly problems: readonly Problem[];
}

export interface LoadedMatrix {
  /** The matrix that fits its schema. */
  readonly loaded?: Loaded<Matrix>;
  /** What could be read, even when it does not fit. */
  readonly source?: Source;
  readonly problems: readonly Problem[];
}

/** Throws when there is no matrix: then this is no project, and nothing else is worth saying. */
export async function loadMatrix(root: string, file: string, now: Date): Promise<LoadedMatrix> {
  const parsed = await readSource(root, file);
  if (parsed === null) {
    const message = `Cannot find the matrix: there is no file ${file}`;
    throw new ConfigurationError([
      { file: shownPath(root, file), line: 1, column: 1, message, hint: "name the folder of the project, or create the file" },
    ]);
  }
  if ("problems" in parsed) return parsed;
  const { source } = parsed;
  const checked = checkSchema(matrixSchema, source);
  if ("problems" in checked) return { source, problems: checked.problems };
  const loaded = { source, value: checked.value };
  return { loaded, source, problems: checkMatrix(loaded, now) };
}

/** Where the matrix says that the other files lie. */
export interface Outline {
  readonly scenarios: readonly string[];
  readonly products: readonly { readonly name: string; readonly folder: string }[];
}

/** Reads the places from a matrix that may be broken elsewhere; places outside the project are left out, the matrix is blamed for them. */
export function outlineOf(data: unknown): Outline {
  const { products, scenarios } = record(data);
  const folders = Object.entries(record(products)).map(([name, entry]) => ({
    name,
    folder: text(record(entry)["path"]) ?? `fixtures/${name}`,
  }));
  return {
    scenarios: Array.isArray(scenarios) ? scenarios.flatMap((folder) => text(folder) ?? []) : [text(scenarios) ?? "scenarios"],
    products: folders.filter(({ name, folder }) => identifier.safeParse(name).success && isInside(folder)),
  };
}

export async function loadProducts(root: string, outline: Outline, matrix: Source | undefined): Promise<Gathered<Product>> {
  const loaded: [string, Loaded<Product>][] = [];
  const problems: Problem[] = [];
  // products that differ only in their releases share a file: it is read, and complained of, once
  const twins = new Map<string, Loaded<Product> | undefined>();
  for (const { name, folder } of outline.products) {
    const file = path.join(root, folder, "product.yaml");
    if (twins.has(file)) {
      const twin = twins.get(file);
      if (twin !== undefined) loaded.push([name, twin]);
      continue;
    }
    const parsed = await readSource(root, file);
    if (parsed === null) problems.push(...missingProduct(name, shownPath(root, file), matrix));
    else {
      const before = loaded.length;
      gather(name, parsed, productSchema, checkProduct, loaded, problems);
      twins.set(file, loaded[before]?.[1]);
    }
  }
  return { loaded, problems };
}

export async function loadScenarios(root: string, outline: Outline, matrix: Source | undefined): Promise<Gathered<Scenario>> {
  const loaded: [string, Loaded<Scenario>][] = [];
  const problems: Problem[] = [];
  for (const folder of outline.scenarios.filter(isInside)) await loadScenarioFolder(root, folder, loaded, problems);
  if (outline.scenarios.every(isInside) && loaded.length === 0 && problems.length === 0 && matrix !== undefined) {
    const report = reporter(matrix, problems);
    report(
      ["scenarios"],
      `Cannot find a scenario: there is no .yaml file in ${outline.scenarios.map((folder) => `${folder}/`).join(" or ")}`,
      "add one, or set scenarios: to their folder",
    );
  }
  return { loaded, problems };
}

async function loadScenarioFolder(root: string, folder: string, loaded: [string, Loaded<Scenario>][], problems: Problem[]): Promise<void> {
  const names = (await filesIn(path.join(root, folder))) ?? [];
  for (const name of names.filter((file) => /\.ya?ml$/.test(file))) {
    const file = path.join(root, folder, name);
    const parsed = await readSource(root, file);
    const id = name.replace(/\.ya?ml$/, "");
    const problem = nameProblem(id, name, shownPath(root, file)) ?? twinProblem(id, shownPath(root, file), loaded);
    if (problem !== null) problems.push(problem);
    else if (parsed !== null) gather(id, parsed, scenarioSchema, checkScenario, loaded, problems);
  }
}

function twinProblem(id: string, file: string, loaded: readonly [string, Loaded<Scenario>][]): Problem | null {
  const twin = loaded.find(([name]) => name === id);
  if (twin === undefined) return null;
  const message = `Cannot have two scenarios of one name: ${twin[1].source.file} is one already`;
  return { file, line: 1, column: 1, message, hint: "rename one" };
}

function gather<T>(
  name: string,
  parsed: Parsed,
  schema: z.ZodType<T>,
  check: (loaded: Loaded<T>) => readonly Problem[],
  loaded: [string, Loaded<T>][],
  problems: Problem[],
): void {
  if ("problems" in parsed) {
    problems.push(...parsed.problems);
    return;
  }
  const checked = checkSchema(schema, parsed.source);
  if ("problems" in checked) {
    problems.push(...checked.problems);
    return;
  }
  const entry = { source: parsed.source, value: checked.value };
  loaded.push([name, entry]);
  problems.push(...check(entry));
}

function missingProduct(name: string, file: string, matrix: Source | undefined): Problem[] {
  const problems: Problem[] = [];
  if (matrix === undefined) return problems;
  const report = reporter(matrix, problems);
  const hasPath = text(record(record(record(matrix.data)["products"])[name])["path"]) !== undefined;
  const hint = hasPath ? "correct the path, or create the file" : "create the file, or say where it is with path:";
  report(
    hasPath ? ["products", name, "path"] : ["products", name],
    `Cannot find the product ${JSON.stringify(name)}: there is no file ${file}`,
    hint,
    hasPath ? "value" : "key",
  );
  return problems;
}

function nameProblem(id: string, name: string, file: string): Problem | null {
  if (name.endsWith(".yml"))
    return { file, line: 1, column: 1, message: "Cannot use a scenario whose name ends in .yml", hint: `rename it to ${id}.yaml` };
  const result = identifier.safeParse(id);
  if (result.success) return null;
  return {
    file,
    line: 1,
    column: 1,
    message: `Cannot use ${JSON.stringify(id)} as the name of a scenario: it ${result.error.issues[0]?.message ?? "is not allowed"}`,
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  // An object that YAML made has text keys only.
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
