// The door of running: plans become records here, and old records are judged again.
export { buildProducts, defaultParallel, type Inspection, run, type RunEvent, type RunOptions, type RunResult } from "./run.ts";
export { neededArtifacts } from "./artifacts.ts";
export { evidenceOf } from "./evidence.ts";
export { readRecord, RecordError } from "./read-record.ts";
export { observationsNow, readObservations, RecordFolder } from "./record-folder.ts";
export { replayProblem } from "./self-checks.ts";
export type { RecorderFile } from "./sweep-tools.ts";
export { RecordingStore } from "./recordings.ts";
export { rejudge } from "./rejudge.ts";
