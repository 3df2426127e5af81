// What a recording of a process tree holds: every system call that changes a file system, in one global order.

/** What every operation has. `k` counts from 1 over the whole process tree; failed ones count too and carry `error`. */
interface Call {
  readonly k: number;
  readonly pid: number;
  /** Absolute, parents resolved; empty for a file that has no name any more (`deleted`). */
  readonly path: string;
  readonly deleted?: boolean;
  /** Such as `ENOSPC`: it failed and changed nothing. */
  readonly error?: string;
  /** It failed because we made it fail. */
  readonly injected?: boolean;
}

/** Rights are octal text such as `644`, owners numbers; what is left out was not known or, for a failed call, does not exist. */
interface Rights {
  readonly mode?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** Where bytes lie in the recording's data. */
export type DataRange = readonly [start: number, length: number];

export type Operation =
  | (Call & Rights & { readonly op: "create" | "mkdir" | "bind" })
  | (Call & Rights & { readonly op: "mknod"; readonly type?: "fifo" | "socket" | "char" | "block" | "file" })
  | (Call & Rights & { readonly op: "symlink"; readonly target: string })
  /** `sync`: the descriptor is synchronous, so what was written is durable. `append`: it goes to the end, wherever that is. */
  | (Call & {
      readonly op: "write";
      readonly offset: number;
      readonly data?: DataRange;
      readonly sync?: boolean;
      readonly append?: boolean;
    })
  | (Call & { readonly op: "truncate"; readonly size: number })
  /** `mode`: the flags of the call, a number: 0, 1 = keep the size, 2 = punch a hole, … */
  | (Call & { readonly op: "fallocate"; readonly offset: number; readonly size: number; readonly mode?: number })
  | (Call & { readonly op: "rename"; readonly to: string; readonly exchange?: boolean })
  | (Call & { readonly op: "link"; readonly to: string })
  | (Call & { readonly op: "unlink" | "rmdir" })
  | (Call & { readonly op: "chmod"; readonly mode: string })
  | (Call & { readonly op: "chown"; readonly uid: number; readonly gid: number })
  | (Call & { readonly op: "setxattr" | "removexattr"; readonly name: string })
  | (Call & { readonly op: "fsync" | "fdatasync" | "msync" | "utimes" })
  | (Omit<Call, "path"> & { readonly op: "sync" | "syncfs"; readonly path?: string });
export type OperationKind = Operation["op"];

/**
 * What a process was about to look at, in its turn between the operations; its path in the process's own words. `entry`: whether
 * it is there, its type, rights and target · `stat`: its size, too · `content` · `names`: of a directory's entries · `directory`:
 * whether it is one · `exec`: a program to be started. `stay`: a link at the end is looked at itself. `anew`: it is opened to be
 * written from the beginning, there or not.
 */
export interface Look {
  readonly look: "entry" | "stat" | "content" | "names" | "directory" | "exec";
  readonly path: string;
  /** Absent where it was none of the product's. */
  readonly pid?: number;
  readonly stay?: boolean;
  readonly anew?: boolean;
}

/** What was seen beside the operations. `after`: the operation before it, 0 if there was none. */
export type RecordedNote = { readonly after: number } & (
  | { readonly note: "exec"; readonly pid: number; readonly parent: number; readonly argv: readonly string[] }
  | { readonly note: "exit"; readonly pid: number; readonly status?: number; readonly signal?: string }
  | { readonly note: "mark"; readonly name: string }
  /** Something the recorder cannot follow. */
  | { readonly note: "unseen"; readonly what: string; readonly pid: number; readonly path?: string }
);

/** What lay below the watched directories when the recording began. */
export interface BaseEntry {
  /** Absolute, as in the operations. */
  readonly path: string;
  readonly type: "file" | "directory" | "link" | "other";
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly target?: string;
  readonly data?: DataRange;
}

export interface Recording {
  readonly base: readonly BaseEntry[];
  readonly operations: readonly Operation[];
  readonly notes: readonly RecordedNote[];
  /** The bytes that base and operations refer to. */
  readonly data: Uint8Array;
}

/**
 * What a crash can leave, from the mildest to the harshest; power-loss states are those of a loss right after an operation.
 * `kill`: every operation so far · `ext4-nothing-unsynced`: the state at the last sync · `metadata-auto-da-alloc`: names
 * and rights survive, data that was not synced does not, but for what ext4 flushes when a file is replaced or rewritten ·
 * `metadata-only`: the same without that flush (xfs) · `posix`: only what was synced, files and directories each for
 * themselves · `drop-one`: every operation but one that was not durable.
 */
export const crashVariants = ["kill", "ext4-nothing-unsynced", "metadata-auto-da-alloc", "metadata-only", "posix", "drop-one"] as const;
export type CrashVariant = (typeof crashVariants)[number];
