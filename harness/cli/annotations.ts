// Tells GitHub Actions what went wrong, at the line of the matrix where somebody would begin to look, where we run in it.
import path from "node:path";
import type { Project } from "../load/index.ts";
import type { CellRecord, RunRecord } from "../model/index.ts";
import { githubAnnotations, type Place } from "../report/index.ts";

/** Prints nothing elsewhere. */
export function printAnnotations(record: RunRecord, project: Project): void {
  if (process.env["GITHUB_ACTIONS"] !== "true") return;
  const file = path
    .relative(process.env["GITHUB_WORKSPACE"] ?? process.cwd(), project.matrixFile)
    .split(path.sep)
    .join("/");
  for (const line of githubAnnotations(record, (cell) => placeIn(project, file, cell))) console.log(line);
}

/**
 * What is fixed: the entry to remove. Else the release of the pair that was built last, for before it was there nothing failed.
 */
export function placeIn({ matrix, knownPositions, releasePositions }: Project, file: string, cell: CellRecord | null): Place {
  if (cell === null) return { file };
  const known = matrix.known.findIndex(({ pattern }) => pattern === cell.known?.pattern);
  const [newest] = (matrix.products[cell.product]?.releases ?? [])
    .filter(({ version }) => version === cell.from || version === cell.to)
    .toSorted((a, b) => Date.parse(b.built) - Date.parse(a.built));
  const release = newest === undefined ? undefined : releasePositions[cell.product]?.[newest.version];
  const position = cell.verdict === "fixed" ? knownPositions[known] : release;
  return position === undefined ? { file } : { file, position };
}
