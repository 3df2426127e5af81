// The door of the model: the words of the project as types and schemas. Imports nothing but zod.
export * from "./units.ts";
export * from "./fault.ts";
export * from "./conditions.ts";
export * from "./recorded.ts";
export * from "./sweep.ts";
export * from "./product.ts";
export * from "./scenario.ts";
export * from "./matrix.ts";
export * from "./cell.ts";
export * from "./observation.ts";
export * from "./job.ts";
export * from "./record.ts";
export * from "./case.ts";
export * from "./operation.ts";
export * from "./history.ts";
