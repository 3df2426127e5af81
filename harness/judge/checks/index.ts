// The checks, all of them, in the order of their weight: of what is seen in one moment, a cause stands above what follows from it.
// A new check is a line here. Not in the list, because they decide whether a cell can be judged at all: the baseline, and that every fault fired.
import { burstAnswered, facts, ownSteps } from "./asked.ts";
import type { Check } from "./check.ts";
import { companionsRun } from "./companions.ts";
import { concurrency } from "./concurrency.ts";
import { nextUpgradeWorks, rebootChangesNothing } from "./later.ts";
import { explicitLayout, layoutAfterRollback, layoutAfterUpgrade } from "./layout.ts";
import { emptyFiles, temporaryNames } from "./leftovers.ts";
import { diskBounded, downtime, overlap } from "./limits.ts";
import { consistentSources, restarts } from "./members.ts";
import { expectedOutcome, overInTime, updatingCommand, upgradesInTurn } from "./outcome.ts";
import { activePointer, versionReported } from "./pointer.ts";
import { processes } from "./processes.ts";
import { readableState } from "./state-files.ts";
import { userFiles } from "./user-files.ts";

export type { Check } from "./check.ts";

export const CHECKS: readonly Check[] = [
  expectedOutcome,
  nextUpgradeWorks,
  upgradesInTurn,
  ownSteps,
  activePointer,
  userFiles,
  readableState,
  consistentSources,
  facts,
  emptyFiles,
  updatingCommand,
  overInTime,
  versionReported,
  processes,
  companionsRun,
  layoutAfterUpgrade,
  layoutAfterRollback,
  explicitLayout,
  rebootChangesNothing,
  temporaryNames,
  diskBounded,
  burstAnswered,
  restarts,
  downtime,
  overlap,
  concurrency,
];
