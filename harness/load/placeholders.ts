// The {placeholders} of product.yaml: which exist, and which of them has a value where.
import type { Product } from "../model/index.ts";
import { nearest } from "./names.ts";
import type { Report } from "./reporter.ts";
import { strings } from "./strings.ts";
import type { Path } from "./source.ts";

const ALWAYS = ["root", "work", "units", "node", "url", "platform", "socket"];
const TARGET = [...ALWAYS, "version"];
const ARTIFACT = [...TARGET, "artifact", "artifacts"];
const NAME = ["version", "platform"];
const BUILD = ["out", "node", ...NAME];
const EVERY = [...new Set([...ARTIFACT, ...BUILD])];

/** Reports placeholders that do not exist, have no value where they stand, or stand where none is filled in. */
export function checkPlaceholders(product: Product, report: Report): void {
  for (const [path, text] of strings(product)) {
    const known = knownAt(path);
    for (const [whole, name = "", argument] of text.matchAll(/\{(\w+)(?::([^{}]*))?\}/g)) {
      if (known === null) {
        if (EVERY.includes(name)) report(path, `Cannot use ${whole} here: placeholders are not filled in here`, "write it without");
      } else if (!known.includes(name)) {
        reportUnknown(path, whole, name, known, report);
      } else if ((name === "socket") !== /^[\w-]+$/.test(argument ?? "")) {
        report(path, `Cannot fill in ${whole}`, name === "socket" ? "name the socket: {socket:agent}" : `write {${name}}`);
      }
    }
  }
}

function reportUnknown(path: Path, whole: string, name: string, known: readonly string[], report: Report): void {
  if (EVERY.includes(name)) {
    report(path, `Cannot fill in ${whole} here: it has no value yet`, `known here: ${inBraces(known)}`);
    return;
  }
  const near = nearest(name, EVERY);
  report(
    path,
    `Cannot fill in ${whole}: there is no such placeholder`,
    near === undefined ? `known here: ${inBraces(known)}` : `did you mean ${inBraces([near])}?`,
  );
}

function inBraces(names: readonly string[]): string {
  return names.map((name) => (name === "socket" ? "{socket:NAME}" : `{${name}}`)).join(" ");
}

/** What can be filled in at a place; null: nothing is filled in there. */
function knownAt([first, second, third]: Path): readonly string[] | null {
  switch (first) {
    case "artifact":
      if (second === "build") return third === "command" ? BUILD : null;
      return NAME;
    case "install":
      return ARTIFACT;
    case "services":
      return third === "definition" ? ARTIFACT : null;
    case "upgrade":
      return second === "command" ? ARTIFACT : null;
    case "env":
    case "uninstall":
      return TARGET;
    case "version":
    case "health":
      return second === "http" || second === "command" ? ALWAYS : null;
    case "active":
      return second === "command" ? ALWAYS : null;
    default:
      return null;
  }
}
