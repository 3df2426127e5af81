// Comparisons of two runs, as the door of report sees them.
export { type Comparison, compareRuns, isWorse } from "./compare.ts";
export { compareMarkdown } from "./markdown.ts";
export { compareText } from "./terminal.ts";
