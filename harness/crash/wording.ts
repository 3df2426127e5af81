// How operations and crash states are named and told: the same words in plan, log and report.
import type { CrashVariant, Operation } from "../model/index.ts";

const AFTERWARDS: Record<Exclude<CrashVariant, "kill" | "drop-one">, string> = {
  "ext4-nothing-unsynced": "what was there at the last sync",
  "metadata-auto-da-alloc": "names but not unsynced data, save where ext4 flushes",
  "metadata-only": "names but not unsynced data",
  posix: "only what was synced, names by a sync of their directory",
};

/** Such as `rename of …/x to …/current`. */
export function tellOperation(operation: Operation): string {
  const what = operation.deleted === true ? "a file without a name" : shortPath(operation.path ?? "");
  switch (operation.op) {
    case "sync":
      return "sync";
    case "rename":
      return `${operation.exchange === true ? "exchange" : "rename"} of ${what} ${operation.exchange === true ? "with" : "to"} ${shortPath(operation.to)}`;
    case "link":
      return `link of ${what} to ${shortPath(operation.to)}`;
    case "symlink":
      return `symlink ${what} to ${operation.target}`;
    case "write":
      return `write of ${operation.data?.[1] ?? 0} bytes to ${what}`;
    case "truncate":
      return `truncate of ${what} to ${operation.size} bytes`;
    default:
      return `${operation.op} of ${what}`;
  }
}

/** The path that an operation is known by: where it leads to, if it gives a name. */
export function mainPath(operation: Operation): string {
  return "to" in operation ? operation.to : (operation.path ?? "");
}

/** The name of a state, such as `0207-after-rename-current.posix`. */
export function stateName(operation: Operation | undefined, variant: CrashVariant, drop: number | undefined, count: number): string {
  const number = (k: number): string => String(k).padStart(Math.max(4, String(count).length), "0");
  const what = operation === undefined ? `${number(0)}-before-anything` : `${number(operation.k)}-after-${operationTag(operation)}`;
  if (variant === "kill") return what;
  return drop === undefined ? `${what}.${variant}` : `${what}.${variant}-${number(drop)}`;
}

/** The same in words. */
export function stateSentence(operation: Operation | undefined, variant: CrashVariant, dropped: Operation | undefined): string {
  const when = operation === undefined ? "before the first operation" : `after operation ${operation.k}, ${tellOperation(operation)}`;
  if (variant === "kill") return when;
  if (variant !== "drop-one") return `${when}; the power is lost, what survives is ${AFTERWARDS[variant]}`;
  const lost = dropped === undefined ? "one operation" : `operation ${dropped.k}, ${tellOperation(dropped)}`;
  return `${when}; the power is lost, what survives is all but ${lost}`;
}

/** Operation and last component of its path, in characters that a file name and a shell take: `rename-current`. */
export function operationTag(operation: Operation): string {
  return [operation.op, tagOf(lastOf(mainPath(operation)))].filter((part) => part !== "").join("-");
}

export function tagOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** Operations of one kind in one directory are much alike: `rename /r/agent`. */
export function signatureOf(operation: Operation): string {
  const path = mainPath(operation);
  return path === "" ? operation.op : `${operation.op} ${path.slice(0, path.lastIndexOf("/")) || "/"}`;
}

/** `…/current`: enough for a reader who has the number of the operation. */
export function shortPath(path: string): string {
  const last = lastOf(path);
  return path === `/${last}` ? path : `…/${last}`;
}

export function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
