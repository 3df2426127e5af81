// Who opens a file to write it, and lets it be made where there is none, is not told whether there was one.
import type { Look, Operation } from "../model/index.ts";
import type { Removal } from "./removal.ts";
import type { Attributes } from "./tree.ts";

type Creation = Extract<Operation, { op: "create" | "mkdir" | "bind" }>;

/** A file that was made by being opened. */
export interface Making {
  readonly making: Look;
  readonly create: Creation;
  /** The rights that it got. */
  readonly rights: Attributes;
}

/** The same, each look of an opening that made a file told as one with the operation. They follow upon each other: both have one turn. */
export function withMakings(happenings: readonly (Operation | Look | Removal)[]): (Operation | Look | Removal | Making)[] {
  const told: (Operation | Look | Removal | Making)[] = [];
  for (const happening of happenings) {
    const before = told.at(-1);
    const making = before !== undefined && "look" in before && "op" in happening ? makingOf(before, happening) : undefined;
    if (making === undefined) told.push(happening);
    else told.splice(-1, 1, making);
  }
  return told;
}

/** A link at the end is followed unless the file must be a new one: then it matters whether there is one. */
function makingOf(look: Look, operation: Operation): Making | undefined {
  if (look.look !== "entry" || look.stay === true || operation.op !== "create" || operation.error !== undefined) return undefined;
  const { mode, uid, gid } = operation;
  if (look.pid !== operation.pid || mode === undefined || uid === undefined || gid === undefined) return undefined;
  return { making: look, create: operation, rights: { mode: Number.parseInt(mode, 8), uid, gid } };
}
