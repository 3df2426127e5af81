// The door of judging: outcome, findings and verdict of a cell, and the gate of a run. Pure.
export { CHECKS } from "./checks/index.ts";
export type { Check } from "./checks/index.ts";
export { referencesOf } from "./facts.ts";
export type { JudgeInput } from "./facts.ts";
export { judge } from "./judge.ts";
export type { Judgement } from "./judge.ts";
export { layoutRules } from "./rules.ts";
export type { LayoutRules, PathRule, Wrapped } from "./rules.ts";
export { summarizeSweep } from "./sweep.ts";
export type { SweepSource } from "./sweep.ts";
export { treeDiff } from "./tree-diff.ts";
export type { TreeDifference } from "./tree-diff.ts";
export { gateOf, verdictOf } from "./verdict.ts";
