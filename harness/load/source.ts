// A YAML file as data with positions. Hides the YAML library: its errors, aliases, ranges and byte-order marks.
import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument, visit } from "yaml";
import type { Document, Node, Pair, YAMLError, YAMLMap } from "yaml";
import type { Position, Problem } from "./problems.ts";

/** Keys and indices from the top of a file down to a value. */
export type Path = readonly PropertyKey[];

export interface Source {
  readonly file: string;
  readonly data: unknown;
  /** Where a value stands, or its key; for what is not there, the nearest thing around it. */
  locate(path: Path, part?: "key" | "value"): Position;
  /** A scalar as it is written in the file; undefined for anything else. */
  written(path: Path): string | undefined;
}

export type Parsed = { readonly source: Source } | { readonly problems: readonly Problem[] };

/** Reads the bytes of a YAML file: data and positions, or what is wrong with it. A UTF-8 byte-order mark is tolerated. */
export function parseSource(file: string, bytes: Uint8Array): Parsed {
  const text = decode(bytes);
  if (text === null) {
    return { problems: [{ file, line: 1, column: 1, message: "Cannot read the file: it is not UTF-8 text", hint: "save it as UTF-8" }] };
  }
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, merge: true, stringKeys: true });
  const position = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems = documentProblems(document).map(({ offset, ...said }) => Object.assign({ file, ...position(offset) }, said));
  if (problems.length > 0) return { problems };
  return dataOf(file, document, position);
}

function dataOf(file: string, document: Document, position: (offset: number) => Position): Parsed {
  const offset = (path: Path, part?: "key" | "value"): number => offsetOf(document, path, part ?? "value");
  try {
    const data: unknown = document.toJS();
    const locate = (path: Path, part?: "key" | "value"): Position => position(offset(path, part));
    const written = (path: Path): string | undefined => {
      const node = walk(document, path).node;
      return isScalar(node) ? node.source : undefined;
    };
    return { source: { file, data, locate, written } };
  } catch (error) {
    // The library's guard against aliases that grow without bound is the only thing left that throws here.
    return {
      problems: [{ file, line: 1, column: 1, message: `Cannot read the YAML: ${error instanceof Error ? error.message : String(error)}` }],
    };
  }
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

interface Said {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

/** The first syntax error (others follow from it), and every duplicate key and bad alias. */
function documentProblems(document: Document.Parsed): Said[] {
  const duplicates = document.errors.filter((error) => error.code === "DUPLICATE_KEY");
  const syntax = document.errors.find((error) => error.code !== "DUPLICATE_KEY");
  if (syntax !== undefined) return [syntaxProblem(syntax)];
  if (document.contents === null) return [{ offset: 0, message: "Cannot read the file: it is empty" }];
  const warnings = document.warnings.map((warning) => syntaxProblem(warning));
  return [...duplicates.map((error) => duplicateProblem(document, error)), ...warnings, ...aliasProblems(document)];
}

function syntaxProblem(error: YAMLError): Said {
  const offset = error.pos[0];
  if (error.code === "TAB_AS_INDENT") return { offset, message: "Cannot indent with a tab", hint: "YAML wants spaces" };
  if (error.code === "MULTIPLE_DOCS")
    return { offset, message: "Cannot read more than one YAML document in a file", hint: "remove the line ---" };
  return { offset, message: `Cannot read the YAML: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}` };
}

function duplicateProblem(document: Document, error: YAMLError): Said {
  const offset = error.pos[0];
  let name = "";
  visit(document, {
    Scalar(key, node) {
      if (key === "key" && node.range?.[0] === offset) name = String(node.value);
    },
  });
  return { offset, message: `Cannot use the key ${JSON.stringify(name)} twice`, hint: "remove one, or merge them" };
}

/** Aliases of nothing, and of what they stand in themselves. */
function aliasProblems(document: Document): Said[] {
  const problems: Said[] = [];
  visit(document, {
    Alias(_, alias, ancestors) {
      const offset = alias.range?.[0] ?? 0;
      const target = alias.resolve(document);
      if (target === undefined) {
        problems.push({ offset, message: `Cannot resolve the alias *${alias.source}: no anchor &${alias.source} stands before it` });
      } else if (ancestors.some((ancestor) => ancestor === target)) {
        problems.push({ offset, message: `Cannot resolve the alias *${alias.source}: it stands inside its own anchor` });
      }
    },
  });
  return problems;
}

function offsetOf(document: Document, path: Path, part: "key" | "value"): number {
  const { node, key, around, found } = walk(document, path);
  const nearest = found ? (part === "key" ? (key ?? node) : (node ?? key)) : around;
  return nearest?.range?.[0] ?? around?.range?.[0] ?? 0;
}

interface Walked {
  readonly node: Node | null;
  /** The key of `node`, when it stands in a mapping. */
  readonly key: Node | null;
  /** The innermost thing that was found. */
  readonly around: Node | null;
  readonly found: boolean;
}

function walk(document: Document, path: Path): Walked {
  let node: Node | null = document.contents;
  let key: Node | null = null;
  for (const segment of path) {
    const inside = isAlias(node) ? (node.resolve(document) ?? null) : node;
    const pair = isMap(inside) ? pairOf(inside, String(segment)) : undefined;
    const item = isSeq(inside) ? inside.items[Number(segment)] : pair?.value;
    if (pair === undefined && item === undefined) return { node, key, around: inside, found: false };
    key = pair !== undefined && isNode(pair.key) ? pair.key : null;
    node = isNode(item) ? item : null;
  }
  return { node, key, around: node, found: true };
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === name);
}
