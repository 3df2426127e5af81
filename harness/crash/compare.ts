// Whether two recordings of the same upgrade did the same: if not, a state computed from one says little about another run.
import type { Operation, Recording } from "../model/index.ts";
import { steadyPaths } from "./steady.ts";
import { lastOf, tellOperation } from "./wording.ts";

export type RecordingComparison =
  | { readonly equal: true }
  /** `difference` is the first one, in words; `k`: its operation in the first recording, if it has one. */
  | { readonly equal: false; readonly role: string; readonly difference: string; readonly k?: number };

/**
 * Compares what each kind of process did, in its own order; how processes took turns may differ.
 * @param ignored paths that do not count, such as logs
 */
export function compareRecordings(one: Recording, other: Recording, ignored: (path: string) => boolean): RecordingComparison {
  const ones = sequences(one, ignored);
  const others = sequences(other, ignored);
  for (const role of new Set([...ones.keys(), ...others.keys()])) {
    const first = ones.get(role) ?? [];
    const second = others.get(role) ?? [];
    const at = Array.from({ length: Math.max(first.length, second.length) }, (_, index) => index).find(
      (index) => first[index]?.key !== second[index]?.key,
    );
    if (at === undefined) continue;
    const tell = (did: Did | undefined): string => (did === undefined ? "nothing more" : tellOperation(did.operation));
    const difference = `${role}: change ${at + 1} is ${tell(first[at])} in the first recording, and ${tell(second[at])} in the second`;
    const k = first[at]?.operation.k;
    return { equal: false, role, difference, ...(k === undefined ? {} : { k }) };
  }
  return { equal: true };
}

interface Did {
  readonly operation: Operation;
  /** Equal for operations that are the same in two runs. */
  readonly key: string;
}

/** What the processes of each role did, one process after the other. */
function sequences(recording: Recording, ignored: (path: string) => boolean): Map<string, Did[]> {
  const steady = steadyPaths(recording);
  const roleOf = roles(recording);
  const byProcess = new Map<string, { readonly role: string; readonly did: Did[] }>();
  for (const operation of recording.operations) {
    const path = operation.path ?? "";
    if ((path !== "" && ignored(path)) || ("to" in operation && ignored(operation.to))) continue;
    const { role, program } = roleOf(operation);
    const actor = byProcess.get(program) ?? { role, did: [] };
    byProcess.set(program, actor);
    const rest = [
      "to" in operation ? steady(operation.to) : "",
      "target" in operation ? steady(operation.target) : "",
      operation.error ?? "",
    ];
    actor.did.push({ operation, key: [operation.op, steady(path), ...rest].join("\0") });
  }
  const byRole = new Map<string, Did[]>();
  for (const { role, did } of byProcess.values()) byRole.set(role, [...(byRole.get(role) ?? []), ...did]);
  return byRole;
}

/** Which program a process was when it did something: its command without arguments that are another in each run. */
function roles({ notes }: Recording): (operation: Operation) => { readonly role: string; readonly program: string } {
  const programs = new Map<number, { readonly after: number; readonly role: string }[]>();
  for (const note of notes)
    if (note.note === "exec") {
      const role = note.argv.slice(0, 2).map(lastOf).join(" ");
      programs.set(note.pid, [...(programs.get(note.pid) ?? []), { after: note.after, role }]);
    }
  return ({ pid, k }) => {
    const program = programs.get(pid)?.findLast(({ after }) => after < k);
    return program === undefined
      ? { role: "a process that started no program", program: String(pid) }
      : { role: program.role, program: `${pid} ${program.after}` };
  };
}
