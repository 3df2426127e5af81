// Comparisons of two runs, as the door of report sees them.
export { type Comparison, compareRuns, isWorse } from "./compare.ts";
export { compareHtml } from "./html.ts";
export { compareMarkdown } from "./markdown.ts";
export { compareText } from "./terminal.ts";
