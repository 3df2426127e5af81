// The door of the crash model: what a kill, a power loss or a failing system call can leave, computed from one recording.
// Pure: it replays operations on inodes in memory; nothing is written to a disk here.
export type { Digest } from "./content.ts";
export type { TreeFile } from "./tree.ts";
export { candidateCount, crashStates, treeAt, type CrashOptions, type CrashState } from "./states.ts";
