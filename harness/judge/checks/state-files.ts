// Check of the state files. The cell program has tried the JSON ones; YAML is parsed here, where there is a parser.
import { parseAllDocuments } from "yaml";
import type { Snapshot } from "../../model/index.ts";
import { type Broken, type Check, defineCheck, firstSeen } from "./check.ts";

export const readableState: Check = defineCheck("readable-state", "Every state file can be read", ({ settled }) =>
  firstSeen(
    settled.flatMap(({ snapshot, step }) =>
      unreadable(snapshot).map(({ path, problem }): Broken => ({ path, expected: "a state file that can be read", actual: problem, step })),
    ),
  ),
);

function unreadable({ unreadable: known, unparsed = [] }: Snapshot): Snapshot["unreadable"] {
  return [
    ...known,
    ...unparsed.flatMap(({ path, text }) => {
      const problem = yamlProblem(text);
      return problem === undefined ? [] : [{ path, problem }];
    }),
  ];
}

/** One line about the first mistake; undefined when the text is YAML. Comments alone are; nothing but white space is a file that lost its content. */
function yamlProblem(text: string): string | undefined {
  if (text.trim() === "") return "holds only white space";
  const documents = parseAllDocuments(text, { prettyErrors: false, logLevel: "silent" });
  const [error] = documents.flatMap(({ errors }) => errors);
  if (error === undefined) return undefined;
  const line = text.slice(0, error.pos[0]).split("\n").length;
  return `is not YAML: line ${line}: ${error.message}`;
}
