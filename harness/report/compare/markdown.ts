// A comparison as the comment of a pull request: the decision, then a table for each list, within what GitHub takes.
import { code, inline, table } from "../markdown-text.ts";
import { MARKS } from "../marks.ts";
import { clip, count } from "../text.ts";
import { type Change, type Comparison, isWorse } from "./compare.ts";
import { changeLine, changeLists, decisionLine, remarks, runsLine, slowerLine, whyLine } from "./words.ts";

/** By this a bot finds the comment that it has to replace. */
export const COMMENT_MARK = "<!-- upmatrix compare -->";
/** GitHub refuses a comment of more than 65,536 characters. */
const BUDGET = 64_000;
/** How many rows of a table are tried. */
const ROWS = [50, 20, 5];
const WHY = 240;

export function compareMarkdown(comparison: Comparison): string {
  const head = [
    `${COMMENT_MARK}\n## ${isWorse(comparison) ? MARKS.failed.emoji : MARKS.passed.emoji} upmatrix: ${inline(decisionLine(comparison))}\n`,
    `\n${inline(runsLine(comparison))}\n`,
    ...remarks(comparison).map((remark, index) => `${index === 0 ? "\n" : ""}- ${inline(remark)}\n`),
  ].join("");
  const changes = changeLists(comparison).map(({ title, changes: list }): Section => ({
    title,
    head: ["cell", "change", "why"],
    rows: list.map(changeRow),
  }));
  const slower = comparison.slower.map((one) => [code(one.cell.id), inline(slowerLine(one))]);
  return within(
    head,
    [...changes, { title: "Slower", head: ["cell", "change"], rows: slower }].filter(({ rows }) => rows.length > 0),
  );
}

interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function changeRow(change: Change): string[] {
  return [`${MARKS[change.cell.verdict].emoji} ${code(change.cell.id)}`, inline(changeLine(change)), inline(clip(whyLine(change), WHY))];
}

/** Each section with as many rows as fit into what is left. */
function within(head: string, sections: readonly Section[]): string {
  let text = head;
  for (const section of sections) {
    const most = ROWS.find((rows) => text.length + folded(section, rows).length <= BUDGET) ?? 0;
    text += folded(section, most);
  }
  return text;
}

function folded({ title, head, rows }: Section, most: number): string {
  const rest = rows.length > most ? `\n${count(rows.length - most, "cell")} more: \`upmatrix compare\` tells all\n` : "";
  const body = most === 0 ? "" : table(head, rows.slice(0, most));
  return `\n<details${title === "Newly failing" ? " open" : ""}><summary>${title} (${rows.length})</summary>\n\n${body}${rest}\n</details>\n`;
}
