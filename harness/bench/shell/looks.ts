// What wait.pl looks at, taken from product.yaml. Hides the form of that file.
import type { BusySign, Probe, Product } from "../../model/index.ts";
import { type Fill, quoted } from "./fill.ts";

export interface LookAt {
  readonly root: string;
  /** Value of UPMATRIX_CELL. */
  readonly cell: string;
  /** Folder of systemctl.sh's state. */
  readonly state: string;
}

/** The lines of the file that wait.pl reads. */
export function looksOf(product: Product, at: LookAt, fill: Fill): string {
  const lines = [
    ["root", at.root],
    ["cell", at.cell],
    ["state", at.state],
    ["version", ...probeFields(product.version, fill)],
    ["health", ...probeFields(product.health, fill)],
    ...product.upgrade.busy.map((sign) => ["busy", ...busyFields(sign)]),
  ];
  return lines.map((fields) => `${fields.join("\t")}\n`).join("");
}

function probeFields(probe: Probe, fill: Fill): string[] {
  const rest = [nameIn(probe.json), probe.match ?? "", probe.equals ?? ""];
  if ("http" in probe) return ["http", fill(probe.http), ...rest];
  if ("file" in probe) return ["file", probe.file, ...rest];
  if ("sqlite" in probe) throw new Error(`Cannot ask ${probe.sqlite} without the harness: perl knows no SQLite`);
  return ["command", probe.command.map((word) => quoted(fill(word))).join(" "), ...rest];
}

/** The last name of a JSON pointer: enough where no two objects of an answer share a name, and the cell's end is checked. */
function nameIn(pointer: string | undefined): string {
  return pointer?.split("/").at(-1) ?? "";
}

function busyFields(sign: BusySign): string[] {
  if ("process" in sign) return ["process", sign.process, ""];
  if ("probe" in sign) throw new Error("Cannot ask whether an upgrade goes on without the harness: it takes a probe");
  if (sign.file.includes("**")) throw new Error(`Cannot look for ${sign.file} without the harness: perl's glob knows no **`);
  return ["file", sign.file, sign.contains ?? ""];
}
