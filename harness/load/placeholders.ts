// The {placeholders} of product.yaml: which exist, which of them has a value where, and what those with a name may name.
import type { Product } from "../model/index.ts";
import { didYouMean, listed, nearest } from "./names.ts";
import type { Report } from "./reporter.ts";
import { strings } from "./strings.ts";
import type { Path } from "./source.ts";

const MACHINE = ["root", "work", "units", "node", "url", "platform"];
const ALWAYS = [...MACHINE, "socket", "host", "hosts", "services", "link", "peer", "data"];
const TARGET = [...ALWAYS, "version"];
const ARTIFACT = [...TARGET, "artifact", "artifacts"];
const NAME = ["version", "platform"];
const BUILD = ["out", "node", ...NAME];
/** Of a companion, `data` is its own folder. It lives on no host; its lines lead to hosts only. */
const COMPANION = [...MACHINE, "socket", "peer", "data"];
const EVERY = [...new Set([...ARTIFACT, ...BUILD, "service", "n"])];

/** Whether a placeholder has a name behind a colon. */
const NAMED: Readonly<Record<string, "always" | "sometimes">> = {
  socket: "always",
  link: "always",
  peer: "always",
  data: "sometimes",
};

/** Reports placeholders that do not exist, have no value where they stand, or stand where none is filled in. */
export function checkPlaceholders(product: Product, report: Report): void {
  for (const [path, text] of strings(product)) {
    const known = knownAt(path);
    for (const [whole, name = "", argument] of text.matchAll(/\{(\w+)(?::([^{}]*))?\}/g)) {
      if (known === null) {
        if (EVERY.includes(name)) report(path, `Cannot use ${whole} here: placeholders are not filled in here`, "write it without");
      } else if (!known.includes(name)) {
        reportUnknown(path, whole, name, known, report);
      } else checkArgument({ path, whole, name, argument }, product, report);
    }
  }
}

interface Placeholder {
  readonly path: Path;
  readonly whole: string;
  readonly name: string;
  readonly argument: string | undefined;
}

function checkArgument({ path, whole, name, argument }: Placeholder, product: Product, report: Report): void {
  const named = NAMED[name];
  const companion = companionAt(path, product);
  const wanted = named === "always" || (named === "sometimes" && companion === undefined && argument === undefined);
  if (argument === undefined ? wanted : named === undefined || !/^[\w-]+$/.test(argument)) {
    report(path, `Cannot fill in ${whole}`, named === undefined ? `write {${name}}` : EXAMPLE[name]);
    return;
  }
  if (argument === undefined) return;
  const choice = choiceOf(name, companion, product);
  if (choice !== undefined && !choice.names.includes(argument)) {
    const { what, names, elsewhere } = choice;
    const hint =
      companion === undefined && elsewhere?.names.includes(argument) ? `use {${elsewhere.name}:${argument}}` : didYouMean(argument, names);
    report(path, `Cannot fill in ${whole}: ${what} is called so, ${listed(names)}`, hint);
  } else if (name === "peer" && path.at(-1) === "http")
    report(path, `Cannot ask ${whole}: it leads to every host, and a * stands for its name`, `one host is asked by {socket:${argument}}`);
}

const EXAMPLE: Readonly<Record<string, string>> = {
  socket: "name the socket: {socket:agent}",
  link: "name the endpoint: {link:api}",
  peer: "name the endpoint of the hosts: {peer:gossip}",
  data: "name the companion: {data:api}",
};

interface Choice {
  readonly what: string;
  readonly names: readonly string[];
  /** The placeholder that was meant when the name is one of these. */
  readonly elsewhere?: { readonly name: string; readonly names: readonly string[] };
}

/** What the name behind a colon must be; undefined: whatever one likes. */
function choiceOf(name: string, companion: Product["companions"][number] | undefined, { companions, hosts }: Product): Choice | undefined {
  const [links, peers] = [companions.flatMap(({ endpoints }) => endpoints), hosts?.endpoints ?? []];
  if (name === "link") return { what: "no endpoint of a companion", names: links, elsewhere: { name: "peer", names: peers } };
  if (name === "peer") return { what: "no endpoint of the hosts", names: peers, elsewhere: { name: "link", names: links } };
  if (name === "data") return { what: "no companion", names: companions.map((one) => one.name) };
  return companion === undefined ? undefined : { what: "none of its endpoints", names: companion.endpoints };
}

function companionAt([first, index]: Path, { companions }: Product): Product["companions"][number] | undefined {
  return first === "companions" && typeof index === "number" ? companions[index] : undefined;
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
  return names.map((name) => (NAMED[name] === undefined ? `{${name}}` : `{${name}:NAME}`)).join(" ");
}

/** What can be filled in at a place; null: nothing is filled in there. */
function knownAt(path: Path): readonly string[] | null {
  const [first, second, third] = path;
  switch (first) {
    case "artifact":
      if (second === "build") return third === "command" ? BUILD : null;
      return NAME;
    case "install":
    case "commands":
      return ARTIFACT;
    case "services":
      return third === "definition" ? ARTIFACT : asked(path, 3, ALWAYS);
    case "upgrade":
      return second === "command" ? ARTIFACT : asked(path, 4, ARTIFACT);
    case "env":
    case "uninstall":
      return TARGET;
    case "hosts":
      return second === "join" || second === "leave" ? ARTIFACT : null;
    case "requests":
      return third === "http" || third === "body" ? [...ARTIFACT, "n"] : null;
    case "version":
    case "health":
      return asked(path, 1, ALWAYS);
    case "active":
      return second === "command" ? ALWAYS : null;
    case "facts":
      return asked(path, 2, ARTIFACT);
    case "consistency":
      return asked(path, 4, [...ARTIFACT, "service"]);
    case "companions":
      if (third === "install") return [...COMPANION, "version", "artifact", "artifacts"];
      return third === "command" || third === "env" ? COMPANION : asked(path, 3, COMPANION);
    default:
      return null;
  }
}

/** In a probe whose parts stand at `depth`, what is asked is filled in; what is made of the answer is not. */
function asked(path: Path, depth: number, known: readonly string[]): readonly string[] | null {
  return ["http", "command", "file", "sqlite", "query"].includes(String(path[depth])) ? known : null;
}
