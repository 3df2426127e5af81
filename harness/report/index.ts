// The door of report: views of a run record, as text. Pure: it reads no file and knows no time.
export { githubAnnotations, type Place } from "./annotations.ts";
export { type CaseResult, caseLines, caseResult, caseSummary } from "./cases.ts";
export { type DetailOptions, cellDetail, cellLine } from "./cell-detail.ts";
export { type Comparison, compareHtml, compareMarkdown, compareRuns, compareText, isWorse } from "./compare/index.ts";
export {
  cincinnatiGraph,
  graphProducts,
  mermaidGraph,
  pathText,
  safePath,
  svgGraph,
  type UpgradeGraph,
  upgradeGraph,
  upwards,
} from "./graph/index.ts";
export { type HtmlOptions, htmlStream } from "./html/page.ts";
export { flips, historyText, type Streak, streakOf } from "./history.ts";
export { type Details, junit, junitStream } from "./junit.ts";
export { markdown, markdownStream } from "./markdown.ts";
export { type Minimal, minimalLines, minimalOf, type PairShown, type ReleaseFacts } from "./minimal.ts";
export { type Paint, painter } from "./marks.ts";
export { type Progress, formatProgress, formatProgressPlain } from "./progress.ts";
export { type TerminalOptions, terminalSummary } from "./terminal.ts";
export { formatDuration } from "./text.ts";
export { treeDiffText } from "./tree-diff.ts";
