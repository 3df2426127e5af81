// The JSON Schemas that editors use, made from the same zod schemas that check the files.
import { z } from "zod";
import { caseFile, matrix, product, scenario } from "../model/index.ts";

export type SchemaName = "matrix" | "product" | "scenario" | "case";

/** The JSON Schema of each file, as it is written (defaults left out). */
export function jsonSchemas(): Record<SchemaName, object> {
  return {
    matrix: z.toJSONSchema(matrix, { io: "input" }),
    product: z.toJSONSchema(product, { io: "input" }),
    scenario: z.toJSONSchema(scenario, { io: "input" }),
    case: z.toJSONSchema(caseFile, { io: "input" }),
  };
}
