// What went wrong as annotations of GitHub Actions: workflow commands that it shows at the matrix and on the run's page.
import { causes } from "./causes.ts";
import { cellLine, findingLine } from "./cell-detail.ts";
import { ATTENTION } from "./marks.ts";
import type { CellRecord, RunRecord } from "../model/index.ts";
import { clip, count, plain } from "./text.ts";

/** GitHub shows ten errors of a step and drops the others without a word. */
const MOST_ERRORS = 10;
const MOST_WARNINGS = 10;
const MOST_FINDINGS = 5;
const TITLE = 200;
const MESSAGE = 2000;

/** A place in the repository. */
export interface Place {
  /** Relative to the repository. */
  readonly file: string;
  /** From 1; absent: the file as a whole. */
  readonly position?: { readonly line: number; readonly column: number };
}

/**
 * One error for each cause, the most urgent first; the tenth names how many more there are. One warning for each problem around
 * the cells. An open gate has no errors.
 *
 * @param placeOf where a cell's annotation stands; of null: where those of the run as a whole do
 */
export function githubAnnotations(record: RunRecord, placeOf: (cell: CellRecord | null) => Place): string[] {
  const found = causes(record.cells.filter(({ verdict }) => ATTENTION.includes(verdict)));
  const room = found.length > MOST_ERRORS ? MOST_ERRORS - 1 : MOST_ERRORS;
  const errors = found.slice(0, room).map(({ cell, others }) => {
    const title = `${cell.verdict}: ${cell.id}${others.length === 0 ? "" : ` and ${count(others.length, "other cell")}`}`;
    const findings = cell.verdict === "failed" ? cell.findings.slice(0, MOST_FINDINGS).map(findingLine) : [cellLine(cell)];
    return command("error", { ...placeOf(cell), title }, [cell.summary, ...findings, cell.replay].join("\n"));
  });
  const rest = found.slice(room);
  const cells = rest.reduce((sum, { others }) => sum + 1 + others.length, 0);
  const more =
    rest.length === 0
      ? []
      : [command("error", { ...placeOf(null), title: `${count(cells, "more cell")} to look at` }, "The report has them all")];
  const warnings = record.problems
    .slice(0, MOST_WARNINGS)
    .map((problem) => command("warning", { ...placeOf(null), title: "Around the cells" }, problem));
  return [...errors, ...more, ...warnings];
}

function command(kind: "error" | "warning", { file, position, title }: Place & { readonly title: string }, message: string): string {
  const where = [`file=${property(file)}`, ...(position === undefined ? [] : [`line=${position.line}`, `col=${position.column}`])];
  const properties = [...where, `title=${property(clip(plain(title).replaceAll("\n", " "), TITLE))}`].join(",");
  return `::${kind} ${properties}::${data(clip(plain(message), MESSAGE))}`;
}

/** What would end the command or start another one is written as its code. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
