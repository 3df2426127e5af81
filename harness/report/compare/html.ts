// A comparison as one HTML file: needs no script and no server, light and dark, and prints.
import { MARKS } from "../marks.ts";
import { count } from "../text.ts";
import { xmlAttributes, xmlText } from "../xml.ts";
import { type Change, type Comparison, isWorse } from "./compare.ts";
import { changeLine, changeLists, decisionLine, remarks, runsLine, slowerLine, whyLine } from "./words.ts";

const MOST_ROWS = 2000;

const STYLE = `
  :root { color-scheme: light dark; --line: light-dark(#d1d9e0, #3d444d); --dim: light-dark(#59636e, #9198a1); }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem; }
  html { background: light-dark(#fff, #0d1117); color: light-dark(#1f2328, #f0f6fc); }
  h1 { font-size: 1.5rem; } h1.worse { color: light-dark(#d1242f, #f85149); } h1.fine { color: light-dark(#1a7f37, #3fb950); }
  h2 { font-size: 1.15rem; margin-top: 2rem; } p.dim, td.dim { color: var(--dim); }
  .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
  th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
  td:first-child, td:nth-child(3), td:nth-child(4) { min-width: 12rem; }
  code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
  @media (max-width: 640px) {
    thead { position: absolute; clip-path: inset(50%); } tr { display: block; border-bottom: 1px solid var(--line); padding: .4rem 0; }
    td { display: block; border: 0; padding: .1rem 0; }
  }
  @media print { :root { color-scheme: light; } .scroll { overflow: visible; } td { min-width: 0 !important; } }`;

/** In chunks, to be written one after the other. */
export function* compareHtml(comparison: Comparison): Generator<string> {
  const worse = isWorse(comparison);
  const title = `upmatrix: ${decisionLine(comparison)}`;
  yield `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n`;
  yield `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">\n`;
  yield `<title>${xmlText(title)}</title>\n<style>${STYLE}\n</style>\n</head>\n<body>\n<main>\n`;
  yield `<h1 class="${worse ? "worse" : "fine"}">${xmlText(`${worse ? MARKS.failed.sign : MARKS.passed.sign} ${title}`)}</h1>\n`;
  yield `<p class="dim">${xmlText(runsLine(comparison))}</p>\n`;
  const notes = remarks(comparison).map((remark) => `<li>${xmlText(remark)}</li>\n`);
  if (notes.length > 0) yield `<ul>\n${notes.join("")}</ul>\n`;
  for (const { title: name, changes } of changeLists(comparison))
    yield section(name, ["cell", "change", "why", "replay"], changes, changeRow);
  if (comparison.slower.length > 0)
    yield section("Slower", ["cell", "change"], comparison.slower, (one) => row([code(one.cell.id), xmlText(slowerLine(one))]));
  yield "</main>\n</body>\n</html>\n";
}

function section<T>(title: string, head: readonly string[], rows: readonly T[], render: (one: T) => string): string {
  const columns = head.map((name) => `<th scope="col">${name}</th>`).join("");
  const rest = rows.length - MOST_ROWS;
  const more = rest > 0 ? `<p class="dim">… and ${count(rest, "more cell")}, all in the records</p>\n` : "";
  const body = rows.slice(0, MOST_ROWS).map(render).join("");
  const table = `<table>\n<thead><tr>${columns}</tr></thead>\n<tbody>\n${body}</tbody>\n</table>`;
  // what scrolls must be reached by keyboard
  const region = xmlAttributes({ class: "scroll", role: "region", tabindex: 0, "aria-label": title });
  return `<section>\n<h2>${xmlText(title)} (${rows.length})</h2>\n<div${region}>\n${table}\n</div>\n${more}</section>\n`;
}

function changeRow(change: Change): string {
  const { sign } = MARKS[change.cell.verdict];
  return row([`${xmlText(sign)} ${code(change.cell.id)}`, xmlText(changeLine(change)), xmlText(whyLine(change)), code(change.cell.replay)]);
}

/** Cells that are HTML already. */
function row(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>\n`;
}

function code(text: string): string {
  return `<code>${xmlText(text)}</code>`;
}
