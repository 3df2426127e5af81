// The door of the crash model: what a kill, a power loss or a failing system call can leave, computed from one recording.
// Pure: it replays operations on inodes in memory; nothing is written to a disk here.
export { Hasher, type Digest } from "./content.ts";
export { FileTree, type TreeFile } from "./tree.ts";
export { answerTo } from "./look.ts";
export { Course, leaveAlike, type Happened } from "./course.ts";
export { candidateCount, crashStates, treeAt, treeOf, type CrashOptions, type CrashState } from "./states.ts";
export { storyOf, unfollowed } from "./story.ts";
export { errnoPoints, minimise, recurringPoints, sample, type ErrnoPoint, type SampleWay } from "./points.ts";
export { compareRecordings, type RecordingComparison } from "./compare.ts";
export { causeOf, type CrashedState } from "./cause.ts";
export { signatureOf } from "./wording.ts";
