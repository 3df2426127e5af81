// Text in Markdown that stays text: nothing in it can start a link, a tag, a table cell or the end of a code block.
import { oneLine, plain } from "./text.ts";

/** Characters that mean something in GitHub's Markdown or HTML. */
const SPECIAL = /[&<>|`*_[\]\\~#@$!"]/g;

/** Any text as one line of plain Markdown. */
export function inline(text: string): string {
  return oneLine(text).replace(SPECIAL, (character) => `&#${character.charCodeAt(0)};`);
}

/** Any text as one line of code. */
export function code(text: string): string {
  return `<code>${inline(text)}</code>`;
}

/** Any text as a code block, behind a fence that the text does not have. */
export function fenced(text: string): string {
  const body = plain(text).trimEnd();
  const longest = (body.match(/`{3,}/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${body}\n${fence}\n`;
}

/** A table; its cells are Markdown already. */
export function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  return row(head) + row(head.map(() => "---")) + body.map(row).join("");
}
