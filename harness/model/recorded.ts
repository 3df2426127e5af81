// A recorded upgrade as one file: what lay there before, every operation, and what lay there in the end.
import type { BaseEntry, Operation, RecordedNote, Recording } from "./operation.ts";

/** Beginning of the mark that a recording carries at each start of a service. */
export const SERVICE_MARK = "service-started";

/** An entry of the tree at the end, to compare the replayed end with. */
export interface EndEntry extends Omit<BaseEntry, "data"> {
  /** SHA-256 in hex, files only. */
  readonly digest?: string;
}

export interface RecordedRun extends Recording {
  readonly end: readonly EndEntry[];
}

interface Head {
  readonly base: readonly BaseEntry[];
  readonly operations: readonly Operation[];
  readonly notes: readonly RecordedNote[];
  readonly end: readonly EndEntry[];
}

const LENGTH_BYTES = 4;

/** Four bytes with the length of a JSON text, the text, and the data. */
export function packRecorded({ data, ...head }: RecordedRun): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head satisfies Head));
  const packed = new Uint8Array(LENGTH_BYTES + text.length + data.length);
  new DataView(packed.buffer).setUint32(0, text.length);
  packed.set(text, LENGTH_BYTES);
  packed.set(data, LENGTH_BYTES + text.length);
  return packed;
}

/** The opposite of `packRecorded`. */
export function unpackRecorded(packed: Uint8Array): RecordedRun {
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0);
  const head = JSON.parse(new TextDecoder().decode(packed.subarray(LENGTH_BYTES, LENGTH_BYTES + length))) as Head; // written by packRecorded
  return { ...head, data: packed.subarray(LENGTH_BYTES + length) };
}
