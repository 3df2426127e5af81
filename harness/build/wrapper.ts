// Makes the wrapper of one executable: which flavour it needs, what it does, and when.
import { type Variant, milliseconds } from "../model/index.ts";
import { ArtifactError } from "./error.ts";
import { extendedExpression } from "./expression.ts";
import { SCRIPT_FOR_NODE, SCRIPT_FOR_SHELL, SHELL_MISBEHAVIOURS } from "./wrapper-scripts.ts";

/** Everything wrappers are made of, for content keys: a changed wrapper makes other artifacts. */
export const WRAPPER_SOURCE = [SCRIPT_FOR_NODE, SCRIPT_FOR_SHELL, ...Object.values(SHELL_MISBEHAVIOURS)].join("\0");

type Behaviour =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "exit-after"; readonly code: number; readonly ms: number }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "hang" | "ignore-stop" };

/** The wrapper of a program whose first line is `firstLine`: JavaScript when Node runs it, else a shell script. */
export function wrapperFor(firstLine: string, variant: Variant): string {
  return isNodeProgram(firstLine) ? nodeWrapper(firstLine, variant) : shellWrapper(variant);
}

export function isNodeProgram(firstLine: string): boolean {
  return /^#!.*\bnode\b/.test(firstLine);
}

function nodeWrapper(shebang: string, variant: Variant): string {
  const settings = JSON.stringify({ arguments: variant.arguments, then: behaviour(variant) });
  // A function, because a replacement text would read "$&" in a pattern as an instruction.
  return `${shebang}\n${SCRIPT_FOR_NODE.replace("__SETTINGS__", () => settings)}`;
}

function shellWrapper(variant: Variant): string {
  const then = behaviour(variant);
  const body = SHELL_MISBEHAVIOURS[then.kind]
    .replaceAll("__CODE__", "code" in then ? String(then.code) : "")
    .replaceAll("__SECONDS__", "ms" in then ? String(then.ms / 1000) : "");
  return SCRIPT_FOR_SHELL.replace("__MATCHES__", () => shellCondition(variant.arguments)).replace("__MISBEHAVE__", () => body);
}

function shellCondition(pattern: string | undefined): string {
  if (pattern === undefined) return "true";
  return `printf '%s\\n' "$*" | grep -Eq -e ${shellQuote(extendedExpression(pattern))}`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function behaviour({ then }: Variant): Behaviour {
  if (then === "hang" || then === "ignore-stop") return { kind: then };
  if ("delay" in then) return { kind: "delay", ms: milliseconds(then.delay) };
  if ("exit" in then) {
    return then.after === undefined
      ? { kind: "exit", code: then.exit }
      : { kind: "exit-after", code: then.exit, ms: milliseconds(then.after) };
  }
  throw new ArtifactError(`Cannot wrap: the misbehaviour ${JSON.stringify(then satisfies never)} is unknown`);
}
