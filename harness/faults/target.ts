// What a fault may see of a cell and do to it. The cell program implements it; faults know nothing else.
import type { Action, CompanionStep, NetworkStep, ProcessEntry, ServerMisbehaviour, Trigger } from "../model/index.ts";

export type OperationTrigger = Extract<Trigger, { operation: unknown }>;
export type OperationAction = Extract<Action, { kill: unknown } | { fail: unknown }>;

export interface FaultTarget {
  /** Existing paths in the install tree that match. */
  paths(glob: string): string[];
  /** A value that changes whenever the path's content, target or inode does; undefined when it is not there. */
  identity(path: string): string | undefined;
  /** What the product's logs have gained since they were last asked for with the same key. */
  logged(key: object): string;
  processes(): ProcessEntry[];
  /** Those a fault aims at, on all machines or on one host. */
  aimedAt(who: "agent" | "updater" | "watcher" | "all", host?: string): ProcessEntry[];
  /** False when it had ended already. */
  signal(pid: number, name: NodeJS.Signals): boolean;
  /** Kills everything, or all that runs on one host. */
  killAll(host?: string): Promise<ProcessEntry[]>;
  /** Calls back on every start of the service; returns what stops that. */
  onServiceStart(service: string, callback: (pid: number) => void): () => void;
  misbehave(glob: string, misbehave: ServerMisbehaviour, hit: (evidence: string) => void): () => void;
  watchRequests(glob: string, bytes: number, reached: (evidence: string) => void | Promise<void>): () => void;
  /**
   * Has the action done at the moment of an operation, while the process that carries it out is held. Resolves once it is
   * armed, with what disarms it.
   */
  interrupt(trigger: OperationTrigger, action: OperationAction, fired: (evidence: string) => void): Promise<() => Promise<void>>;
  /** Calls back when the running product answers as this release, and did not when it was asked for; returns what stops that. */
  onAnswer(role: "from" | "to" | "next", callback: (version: string) => void): () => void;
  /** Ends what `interrupt` began for good: operations succeed again. Says so. */
  letOperationsPass(): string;
  /** Cuts the power, of all machines or of one host, and starts again; returns what was killed. */
  reboot(host?: string): Promise<string[]>;
  /** Changes the line between two machines; returns what came of it, or undefined when there is no such line. */
  changeNetwork(step: NetworkStep): string | undefined;
  /** Does something to a companion; returns what came of it, or throws. */
  changeCompanion(step: CompanionStep): Promise<string>;
  /** Triggers the upgrade under way once more, without waiting for its end; returns the command. */
  triggerAgain(): string;
  /** Remounts the install tree with these options; returns an error text, or undefined when it worked. */
  remount(options: string): string | undefined;
  /** Fills memory until the kernel kills one of the product's processes, and frees it again; tells who is gone, or why nobody. */
  exhaustMemory(): Promise<
    | {
        readonly taken: string;
        readonly kills: { readonly before: number; readonly after: number };
        readonly gone: readonly ProcessEntry[];
      }
    | { readonly problem: string }
  >;
  /** What becomes of the service manager. `thaw` takes a freeze back. */
  disturbManager(how: "freeze" | "crash" | "re-execute" | "thaw"): string;
  /** Damages the files that match; tells what it did to each. Empty: there is none. */
  damage(glob: string, how: "corrupt" | "truncate" | "empty"): string[];
  /** Takes tools from the search path; tells what was found where, what is there all the same, and how to put it back. */
  hide(tools: readonly string[]): { readonly taken: readonly string[]; readonly left: readonly string[]; undo(): void };
  /** Sets the product's wall clock; tells which of its processes follow and which do not. */
  jumpClock(ms: number): { readonly followers: readonly string[]; readonly deaf: readonly string[] };
  /** Uninstalls and installs afresh; tells what was done. */
  reinstall(role: "from" | "to"): Promise<string>;
  /** Of the file system that holds the install tree: files there are, and files there can be. */
  inodes(): { readonly total: number; readonly used: number };
  /** Of the file system that holds the install tree. */
  disk(): { readonly totalBytes: number; readonly usedBytes: number };
  /** Sizes that free space is measured in. */
  sizes(): { readonly archive: number; readonly unpacked: number; readonly installed: number };
}

/** What came of firing: evidence, and how to take it back where that can be done. */
export interface Fired {
  readonly evidence: string;
  /** `impossible`: it could not be done here and proves nothing. `moot`: this release has nothing that it could be done to. `waiting`: evidence comes later, by `hit`. */
  readonly event: "fired" | "impossible" | "waiting" | "moot";
  readonly undo?: () => string | Promise<string>;
}
