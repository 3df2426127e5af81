// reports/<run>/index.html: one file that needs no server and loads nothing. Without scripts it still tells the decision.
import type { RunRecord } from "../../model/index.ts";
import type { Details } from "../junit.ts";
import { xmlText } from "../xml.ts";
import { APP, APP_HASH, STYLE, STYLE_HASH } from "./app.generated.ts";
import { contentOf } from "./content.ts";
import type { ReportData } from "./data.ts";

export interface HtmlOptions {
  /** The observations of a cell, when there are some; asked for the few cells that are told at length. */
  readonly details: Details;
  /** Compresses a text with gzip and encodes it in base64. */
  readonly pack: (text: string) => string;
}

/** The report in pieces, to be written one after the other. */
export function* htmlStream(record: RunRecord, { details, pack }: HtmlOptions): Generator<string> {
  const content = contentOf(record, details);
  yield head(content.data);
  yield still(content.data);
  yield `<script type="text/plain" id="data">${pack(JSON.stringify(content.data))}</script>\n`;
  yield `<script type="text/plain" id="details">${pack(content.details)}</script>\n`;
  yield `<script>${APP}</script>\n</body>\n</html>\n`;
}

/** Nothing may be loaded, and no script or style may run but the two that are part of this file. */
function head({ run, decision, gate }: ReportData): string {
  const policy = `default-src 'none'; script-src '${APP_HASH}'; style-src '${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<title>${gate === "open" ? "✓" : "✗"} ${xmlText(decision)} · ${xmlText(run)}</title>
<style>${STYLE}</style>
</head>
<body>
`;
}

/** What is seen at once, and all that is seen where scripts are forbidden. */
function still({ run, facts, decision, gate, counts, reasons }: ReportData): string {
  const list = reasons.map(({ text }) => `<li>${xmlText(text)}</li>`).join("");
  return `<div id="app"><header class="top"><h1>Compatibility report</h1><p class="facts">${xmlText([`run ${run}`, ...facts].join(" · "))}</p></header>
<main><section class="decision ${gate}"><h2>${gate === "open" ? "✓" : "✗"} ${xmlText(decision)}</h2><ol>${list}</ol><p>${xmlText(counts)}</p></section>
<noscript><p>The tables need scripts, which are off here. summary.md and junit.xml beside this file tell the rest.</p></noscript></main></div>
`;
}
