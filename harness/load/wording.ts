// What a schema wants, in words: `must be text`, `must be one of …`. Given to zod as its error map; custom messages of schemas go before.
import { z } from "zod";

/**
 * The words for an issue, always of the form `must …`. For unknown keys it gives the allowed ones instead, joined by commas: only here, while
 * zod still holds the schema, can they be known.
 */
export function wording(issue: z.core.$ZodRawIssue): string | undefined {
  const schema = issue.inst instanceof z.core.$ZodType ? issue.inst : undefined;
  switch (issue.code) {
    case "unrecognized_keys":
      return schema === undefined ? "" : allowedKeys(schema).join(", ");
    case "invalid_type":
    case "invalid_union":
      return `must be ${schema === undefined ? String(issue["expected"]) : describe(schema)}`;
    case "invalid_value":
      return `must be ${choice(issue["values"])}`;
    case "too_small":
      return tooSmall(issue);
    case "too_big":
      return `must be at most ${String(issue["maximum"])}${unitOf(issue)}`;
    case "invalid_format":
      return issue["prefix"] === undefined
        ? `must look like ${String(issue["pattern"])}`
        : `must begin with ${JSON.stringify(issue["prefix"])}`;
    default:
      return undefined;
  }
}

function tooSmall(issue: z.core.$ZodRawIssue): string {
  if (issue["minimum"] === 1 && issue["origin"] !== "number" && issue["origin"] !== "int") return "must not be empty";
  return `must be at least ${String(issue["minimum"])}${unitOf(issue)}`;
}

function unitOf(issue: z.core.$ZodRawIssue): string {
  if (issue["origin"] === "string") return " characters long";
  return issue["origin"] === "array" ? " items long" : "";
}

/** What a value of this schema is, as the end of `must be …`. */
function describe(schema: z.core.$ZodType): string {
  const { def } = concrete(schema);
  switch (def.type) {
    case "string": {
      // Named kinds of text, such as durations, explain themselves.
      const { id, description = "text" } = z.globalRegistry.get(schema) ?? {};
      return id === undefined ? "text" : `${description.charAt(0).toLowerCase()}${description.slice(1)}`;
    }
    case "number":
      return "format" in def ? "a whole number" : "a number";
    case "boolean":
      return "true or false";
    case "literal":
      return choice(def.values);
    case "enum":
      return choice(Object.values(def.entries));
    case "array":
      return "a list";
    case "record":
      return "a mapping";
    case "object":
      return `a mapping with the keys ${Object.keys(def.shape).join(", ")}`;
    case "union":
      return describeUnion(def.options);
    default:
      return `a ${def.type}`;
  }
}

function describeUnion(options: readonly z.core.$ZodType[]): string {
  const firstKeys = options.flatMap((option) => {
    const { def } = concrete(option);
    return def.type === "object" ? Object.keys(def.shape).slice(0, 1) : [];
  });
  const others = options.filter((option) => concrete(option).def.type !== "object").map(describe);
  const mapping =
    firstKeys.length === 0 ? [] : [`a mapping with ${firstKeys.length === 1 ? "the key" : "one of the keys"} ${firstKeys.join(", ")}`];
  return new Intl.ListFormat("en", { type: "disjunction", style: "long" }).format([...others, ...mapping]);
}

function allowedKeys(schema: z.core.$ZodType): string[] {
  const { def } = concrete(schema);
  if (def.type === "object") return Object.keys(def.shape);
  if (def.type !== "record") return [];
  const keys = concrete(def.keyType).def;
  return keys.type === "enum" ? Object.values(keys.entries).map(String) : [];
}

function choice(values: unknown): string {
  const list = Array.isArray(values) ? values.map((value) => JSON.stringify(value)) : [];
  return list.length === 1 ? list.join("") : `one of ${list.join(", ")}`;
}

/** The schema below `optional`, `default` and the like. */
function concrete(schema: z.core.$ZodType): { readonly def: z.core.$ZodTypes["_zod"]["def"] } {
  // Every schema that zod makes is one of its own types, with a discriminating `type`.
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "default":
    case "prefault":
    case "nullable":
    case "readonly":
      return concrete(def.innerType);
    default:
      return { def };
  }
}
