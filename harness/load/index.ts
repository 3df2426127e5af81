// The door of loading: from the files of a project to checked values, or to everything that is wrong with them.
export { ConfigurationError, formatProblem } from "./problems.ts";
export type { Position, Problem } from "./problems.ts";
export { checkProject, loadProject } from "./project.ts";
export type { LoadOptions, Project } from "./project.ts";
export { jsonSchemas } from "./schemas.ts";
export type { SchemaName } from "./schemas.ts";
export { loadCases } from "./cases.ts";
export type { Case } from "./cases.ts";
