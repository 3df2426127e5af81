import { expect, test } from "vitest";
import { jsonSchemas } from "./index.ts";

test("every schema describes the file as it is written: keys with a default are not required, unknown ones are refused", () => {
  const { matrix, product, scenario } = jsonSchemas();
  expect(matrix).toHaveProperty("$defs.matrix.required", ["products"]);
  expect(matrix).toHaveProperty("$defs.matrix.additionalProperties", false);
  expect(scenario).toHaveProperty("$defs.scenario.required", ["summary", "expect"]);
  expect(scenario).toHaveProperty("$defs.scenario.properties.tier.default", "gate");
  expect(product).toHaveProperty("$defs.product.properties.upgrade.properties.busy");
});

test("the schemas are plain JSON", () => {
  expect(structuredClone(jsonSchemas())).toEqual(JSON.parse(JSON.stringify(jsonSchemas())));
});
