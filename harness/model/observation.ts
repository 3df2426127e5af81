// What the cell program sees and streams out as NDJSON, one observation a line. Written while running, judged afterwards.
import type { SnapshotLabel } from "./cell.ts";
import type { ConditionName } from "./conditions.ts";

export interface TreeEntry {
  /** Relative to the install tree, forward slashes. */
  readonly path: string;
  readonly type: "file" | "directory" | "link" | "other";
  /** Permission bits, octal such as `755`; absent on Windows. */
  readonly mode?: string;
  /** `uid:gid`; absent on Windows. */
  readonly owner?: string;
  /** Bytes, files only. */
  readonly size?: number;
  /** SHA-256 in hex, files only. */
  readonly digest?: string;
  /** Where a link points. */
  readonly target?: string;
  /** The content of a small text file, for diffs. */
  readonly text?: string;
}

/** A directory tree, sorted by path. */
export type Tree = readonly TreeEntry[];

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** Name of the host or companion it runs on; absent where there is only one machine. */
  readonly on?: string;
}

/**
 * A member: a host, a service, or a service of a host, that has a version of its own. Named `host`, `service` or
 * `host/service`; the only member of a product with neither is its name-less agent, and not listed.
 */
export interface Member {
  readonly name: string;
  readonly host?: string;
  readonly service?: string;
  readonly version: string | null;
  readonly healthy: boolean;
  /** Main process of the service, with what tells it from a later one of that number; null when none runs. */
  readonly process: string | null;
  /**
   * Of a host whose several services have no versions of their own: the main process of each, by the service's name. The
   * host's version is of one of them, and nothing says of which; `process` is null then.
   */
  readonly processes?: Readonly<Record<string, string | null>>;
}

/** What several sources say of one member, by the source's name; null: nothing. */
export interface Statement {
  /** Name of the product's `consistency` entry. */
  readonly of: string;
  readonly member: string;
  readonly says: Readonly<Record<string, string | null>>;
}

/** Everything looked at in one moment. */
export interface Snapshot {
  readonly tree: Tree;
  /** The version that the running product reports; null when nothing answers. */
  readonly version: string | null;
  readonly healthy: boolean;
  readonly active: { readonly exists: boolean; readonly target: string | null; readonly version: string | null; readonly detail: string };
  readonly processes: readonly ProcessEntry[];
  /** Signs that an upgrade is still going on. */
  readonly busy: readonly string[];
  /** State files that do not parse or are empty. */
  readonly unreadable: readonly { readonly path: string; readonly problem: string }[];
  /** State files in YAML, which the cell program cannot parse; absent when there is none. */
  readonly unparsed?: readonly { readonly path: string; readonly text: string }[];
  /** Bytes of all files in the tree. */
  readonly diskBytes: number;
  /** Absent where there is only one agent. */
  readonly members?: readonly Member[];
  readonly statements?: readonly Statement[];
  /** The product's facts; null: no answer. */
  readonly facts?: Readonly<Record<string, string | null>>;
}

/** `moot`: what the fault acts upon does not exist in this release; the cell is skipped. */
export type FaultEvent = "armed" | "fired" | "undone" | "not-undone" | "impossible" | "moot";

/** One observation; `t` is milliseconds since the cell began, from a monotonic clock. */
export type Observation = { readonly t: number } & (
  | { readonly kind: "step"; readonly step: number; readonly event: "started" }
  | { readonly kind: "step"; readonly step: number; readonly event: "ended"; readonly ok: boolean; readonly message: string }
  | {
      readonly kind: "service";
      readonly service: string;
      readonly event: "started" | "exited" | "stopped" | "failed";
      readonly pid?: number;
      readonly code?: number | null;
      readonly signal?: string | null;
      readonly detail?: string;
    }
  /** A change in what the running product answers; its members' changes come by themselves. */
  | { readonly kind: "health"; readonly version: string | null; readonly healthy: boolean }
  | { readonly kind: "member"; readonly member: string; readonly version: string | null; readonly healthy: boolean }
  | { readonly kind: "host"; readonly host: string; readonly event: "added" | "removed" | "rebooted" }
  | {
      readonly kind: "network";
      readonly change: "cut" | "slow" | "heal";
      readonly between: readonly [string, string];
      readonly evidence: string;
    }
  | {
      readonly kind: "burst";
      readonly request: string;
      readonly count: number;
      /** How many were answered with each status. */
      readonly statuses: Readonly<Record<string, number>>;
      /** Not answered at all. */
      readonly unanswered: number;
      /** Turned down without a word why: status outside accepted and throttled, or an empty answer to a throttled one. */
      readonly unclear: readonly string[];
    }
  | {
      readonly kind: "command";
      readonly argv: readonly string[];
      readonly code: number | null;
      readonly signal: string | null;
      readonly stdout: string;
      readonly stderr: string;
      readonly durationMs: number;
      /** For the command that triggers an upgrade: whether its exit code means accepted. */
      readonly accepted?: boolean;
    }
  | { readonly kind: "request"; readonly path: string; readonly status: number; readonly bytes: number; readonly misbehaved?: string }
  | { readonly kind: "fault"; readonly fault: number; readonly event: FaultEvent; readonly evidence: string }
  | { readonly kind: "condition"; readonly condition: ConditionName; readonly holds: boolean; readonly evidence: string }
  | { readonly kind: "snapshot"; readonly label: SnapshotLabel; readonly snapshot: Snapshot }
  | { readonly kind: "log"; readonly source: "agent" | "updater" | "service"; readonly path: string; readonly tail: string }
  | { readonly kind: "problem"; readonly message: string }
  /** Part of what was recorded, gzipped, in base64; kept apart from the other observations. */
  | { readonly kind: "recorded"; readonly chunk: string }
  /**
   * A point of a sweep begins or is over; its observations lie between. `same`: what was not done, because it would go as it
   * went at another point. `foretold`: what is told of that was computed, and seen by nobody.
   */
  | { readonly kind: "point"; readonly name: string; readonly event: "started" }
  | {
      readonly kind: "point";
      readonly name: string;
      readonly event: "ended";
      readonly how: "complete" | "deadline" | "interrupted";
      readonly same?: SameAs;
      readonly foretold?: boolean;
    }
  /** Of a composed point: a part of it was seen at another point, where everything that decides it was the same. */
  | { readonly kind: "same"; readonly part: keyof SameAs; readonly point: string; readonly why: string }
  /**
   * A point that was foretold from another one was really booted after all; `problem`: what came was not what was foretold. Then
   * both were booted once more; `undetermined`: one of them came to another end than before. So a state does not decide how this
   * product boots, and nothing that was foretold counts. null: both came as before, so that the foretelling was wrong.
   */
  | {
      readonly kind: "witness";
      readonly point: string;
      readonly like: string;
      readonly problem: string | null;
      readonly undetermined: string | null;
    }
  | { readonly kind: "end"; readonly end: CellEnd }
);

/** The points of a sweep at which parts of another one were really seen, by name; a part that is left out was done itself. */
export interface SameAs {
  /** From the boot on, until all is steady. */
  readonly boot?: string;
  /** What follows: one more upgrade. */
  readonly rest?: string;
}

/**
 * How a cell ended: `complete` (all steps were taken or one gave up), `deadline`, `interrupted`, or `lost` (the
 * environment died). `leaks` lists what it left behind and had to be removed.
 */
export interface CellEnd {
  readonly how: "complete" | "deadline" | "interrupted" | "lost";
  readonly detail: string;
  readonly leaks: readonly string[];
}
