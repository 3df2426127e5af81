// From zod's issues to problems with positions: picks the branch of a union that was meant, finds the key that was mistyped.
import type { z } from "zod";
import { didYouMean, nearest } from "./names.ts";
import type { Problem } from "./problems.ts";
import type { Path, Source } from "./source.ts";
import { wording } from "./wording.ts";

export type Checked<T> = { readonly value: T } | { readonly problems: readonly Problem[] };

/** Holds a file against its schema. */
export function checkSchema<T>(schema: z.ZodType<T>, source: Source): Checked<T> {
  const result = schema.safeParse(source.data, { error: wording });
  if (result.success) return { value: result.data };
  return { problems: problemsOfAll(result.error.issues, [], source) };
}

type Issue = z.core.$ZodIssue;

/** A key that is missing only because it was mistyped is said once: at the mistyped one. */
function problemsOfAll(issues: readonly Issue[], base: Path, source: Source): Problem[] {
  const mistyped = new Set<string>();
  for (const issue of issues) {
    if (issue.code !== "unrecognized_keys") continue;
    for (const key of issue.keys) mistyped.add(JSON.stringify([...issue.path, nearest(key, allowedOf(issue))]));
  }
  const isSaid = ({ path }: Issue): boolean => mistyped.has(JSON.stringify(path)) && valueAt(source.data, [...base, ...path]) === undefined;
  return issues.filter((issue) => !isSaid(issue)).flatMap((issue) => problemsOf(issue, base, source));
}

function problemsOf(issue: Issue, base: Path, source: Source): Problem[] {
  const path = [...base, ...issue.path];
  const value = valueAt(source.data, path);
  if (issue.code === "unrecognized_keys") return unknownKeys(issue, path, source);
  if (value === undefined && path.length > 0) return [missingKey(issue, path, source)];
  if (issue.code === "invalid_key") return [invalidKey(issue, path, source)];
  if (issue.code === "invalid_union") {
    const branch = meantBranch(issue.errors, valueAt(source.data, path));
    if (branch !== undefined) return problemsOfAll(branch, path, source);
  }
  return [wrongValue(issue, path, source)];
}

function unknownKeys(issue: Extract<Issue, { code: "unrecognized_keys" }>, path: Path, source: Source): Problem[] {
  const allowed = allowedOf(issue);
  return issue.keys.map((key) => ({
    file: source.file,
    ...source.locate([...path, key], "key"),
    message: `Cannot use the key ${JSON.stringify(key)}: it is not known here`,
    hint: [didYouMean(key, allowed), allowed.length === 0 ? undefined : `allowed: ${allowed.join(", ")}`]
      .filter((part) => part !== undefined)
      .join(" "),
  }));
}

function missingKey(issue: Issue, path: Path, source: Source): Problem {
  const message = `Cannot find the key ${JSON.stringify(String(path.at(-1)))}: it ${issue.message}`;
  return { file: source.file, ...source.locate(path), message };
}

function invalidKey(issue: Extract<Issue, { code: "invalid_key" }>, path: Path, source: Source): Problem {
  const key = String(path.at(-1));
  const [inner] = issue.issues;
  const allowed = inner === undefined ? [] : valuesOf(inner);
  const hint = didYouMean(key, allowed);
  const message = `Cannot use the key ${JSON.stringify(key)}: it ${inner?.message ?? "is not allowed here"}`;
  return { file: source.file, ...source.locate(path, "key"), message, ...(hint === undefined ? {} : { hint }) };
}

function wrongValue(issue: Issue, path: Path, source: Source): Problem {
  const value = valueAt(source.data, path);
  const hint = hintFor(issue, value, source.written(path));
  const message = `Cannot use ${inWords(value, source.written(path))}${placeInWords(path)}: it ${issue.message}`;
  return { file: source.file, ...source.locate(path), message, ...(hint === undefined ? {} : { hint }) };
}

function hintFor(issue: Issue, value: unknown, written: string | undefined): string | undefined {
  if (typeof value === "string") return didYouMean(value, valuesOf(issue));
  const wantsText = issue.message === "must be text";
  return wantsText && (typeof value === "number" || typeof value === "boolean")
    ? `write it in quotes: "${written ?? String(value)}"`
    : undefined;
}

function inWords(value: unknown, written: string | undefined): string {
  if (value === null || value === undefined) return "an empty value";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === "object")
    return `${Object.keys(value).length === 0 ? "an empty" : "a"} ${Array.isArray(value) ? "list" : "mapping"}`;
  return written ?? String(value);
}

function placeInWords(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return " as the whole file";
  if (typeof last !== "number") return ` for ${JSON.stringify(String(last))}`;
  const list = path.findLast((segment) => typeof segment !== "number");
  return ` as item ${last + 1} of ${JSON.stringify(String(list))}`;
}

/** The values a literal or an enum takes, also those inside a union. */
function valuesOf(issue: Issue): string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code === "invalid_union") return issue.errors.flat().flatMap((inner) => (inner.path.length === 0 ? valuesOf(inner) : []));
  return [];
}

/**
 * The branch of a union that the author meant: the one whose keys fit the written ones best. Undefined when none is of the right kind, or
 * when two fit equally well; then the union as a whole is the better thing to explain.
 */
function meantBranch(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  const costs = branches.map((branch) => costOf(branch, value));
  const least = Math.min(...costs);
  if (least === Infinity || costs.filter((cost) => cost === least).length > 1) return undefined;
  return branches[costs.indexOf(least)];
}

const UNKNOWN_KEY = 1;
const MISSING_KEY = 1;
const NEAR_MISS = 0.3;
const WRONG_VALUE = 0.2;

function costOf(branch: readonly Issue[], value: unknown): number {
  let cost = 0;
  for (const issue of branch) {
    const allowed = allowedOf(issue);
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) cost += nearest(key, allowed) === undefined ? UNKNOWN_KEY : NEAR_MISS;
    } else if (issue.path.length === 0) {
      return Infinity;
    } else {
      cost += valueAt(value, issue.path) === undefined ? MISSING_KEY : WRONG_VALUE;
    }
  }
  return cost;
}

/** The error map puts them there: see wording. */
function allowedOf(issue: Issue): string[] {
  return issue.code !== "unrecognized_keys" || issue.message === "" ? [] : issue.message.split(", ");
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? (Reflect.get(value, key) as unknown) : undefined),
    data,
  );
}
