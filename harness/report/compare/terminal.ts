// A comparison for a terminal: good news first, so that bad news and the decision are on the screen at the end.
import { MARKS, type Paint } from "../marks.ts";
import { clip, count, LEAST_WIDTH, oneLine, wrap } from "../text.ts";
import { type Change, type Comparison, isWorse } from "./compare.ts";
import { changeLine, changeLists, decisionLine, remarks, runsLine, slowerLine, whyLine } from "./words.ts";

const MOST_ROWS = 30;

export function compareText(comparison: Comparison, paint: Paint, columns: number): string {
  const width = Math.max(LEAST_WIDTH, columns);
  const lists = changeLists(comparison).map(({ title, changes, tone }) => [
    paint(tone, `${title}: ${count(changes.length, "cell")}`),
    ...changes.slice(0, MOST_ROWS).flatMap((change) => changeRows(change, paint, width)),
    ...more(changes.length, paint),
  ]);
  const slower = comparison.slower
    .slice(0, MOST_ROWS)
    .flatMap((one) => [`  ${oneLine(one.cell.id)}`, paint("dim", `      ${slowerLine(one)}`)]);
  const blocks = [
    remarks(comparison).flatMap((remark) => wrap(remark, width)),
    comparison.slower.length === 0
      ? []
      : [paint("odd", `Slower: ${comparison.slower.length}`), ...slower, ...more(comparison.slower.length, paint)],
    ...lists.toReversed(),
    wrap(capital(decisionLine(comparison)), width).map((line) => paint(isWorse(comparison) ? "bad" : "good", line)),
  ];
  const text = blocks.filter((block) => block.length > 0).map((block) => block.join("\n"));
  return `${[paint("dim", runsLine(comparison)), ...text].join("\n\n")}\n`;
}

/** The address is never cut: it is copied. */
function changeRows(change: Change, paint: Paint, width: number): string[] {
  const { sign, tone } = MARKS[change.cell.verdict];
  const why = whyLine(change);
  return [
    `  ${paint(tone, sign)} ${oneLine(change.cell.id)}`,
    paint("dim", `      ${clip(`${changeLine(change)}${why === "" ? "" : `: ${why}`}`, width - 6)}`),
    ...(change.cell.verdict === "failed" || change.cell.verdict === "errored"
      ? [paint("dim", `      ${oneLine(change.cell.replay)}`)]
      : []),
  ];
}

function more(all: number, paint: Paint): string[] {
  return all > MOST_ROWS ? [paint("dim", `  … and ${all - MOST_ROWS} more`)] : [];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
