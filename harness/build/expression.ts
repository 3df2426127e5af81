// Translates a JavaScript regular expression for `grep -E`, which is what a shell wrapper has. What grep cannot say is refused.
import { ArtifactError } from "./error.ts";

const CLASSES: Readonly<Record<string, string>> = { d: "0-9", w: "[:alnum:]_", s: "[:space:]" };

/** The POSIX extended regular expression that matches the same texts as `pattern`. Throws when there is none. */
export function extendedExpression(pattern: string): string {
  // Escapes, groups and brackets differ between the two. Whether a quantifier is lazy changes what it takes, not whether it matches.
  const token = /\\(?<escape>.)|(?<bracket>\[\^?(?:\\.|[^\]\\])*\])|(?<group>\(\?(?::|.?))|(?<lazy>[*+?}])\?|(?<plain>[^])/g;
  let translated = "";
  for (const { groups = {} } of pattern.matchAll(token)) translated += translate(groups, pattern);
  return translated;
}

function translate({ escape, bracket, group, lazy, plain }: Readonly<Record<string, string | undefined>>, pattern: string): string {
  if (plain !== undefined) return plain;
  if (lazy !== undefined) return lazy;
  if (bracket !== undefined) return translateBracket(bracket, pattern);
  if (group === "(?:") return "(";
  if (escape !== undefined) return translateEscape(escape, pattern);
  return refuse(group ?? "", pattern);
}

function translateEscape(character: string, pattern: string): string {
  if (!/[A-Za-z0-9]/.test(character)) return /[.*+?^$()[\]{}|\\]/.test(character) ? `\\${character}` : character;
  const inside = CLASSES[character.toLowerCase()];
  if (inside === undefined) return refuse(`\\${character}`, pattern);
  return character === character.toLowerCase() ? `[${inside}]` : `[^${inside}]`;
}

/** In POSIX brackets a backslash is a character like any other, so each escape has to go. */
function translateBracket(bracket: string, pattern: string): string {
  const start = bracket.startsWith("[^") ? "[^" : "[";
  let first = "";
  let last = "";
  const members = bracket.slice(start.length, -1).replace(/\\(.)|\[[:.=]/g, (text, character: string | undefined) => {
    if (character === undefined) return refuse(text, pattern);
    const inside = CLASSES[character];
    if (inside !== undefined) return inside;
    if (/[A-Za-z0-9^]/.test(character)) return refuse(text, pattern);
    if (character === "]") first = "]";
    else if (character === "-") last = "-";
    else return character;
    return "";
  });
  if (first + members + last === "") return refuse(bracket, pattern);
  return `${start}${first}${members}${last}]`;
}

function refuse(what: string, pattern: string): never {
  throw new ArtifactError(
    `Cannot use ${JSON.stringify(pattern)} as the variant's arguments: the wrapped file is no Node program, so its wrapper asks grep -E, which has no ${JSON.stringify(what)}; write it without`,
  );
}
