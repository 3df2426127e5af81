// What a record tells of each host and service of a fleet: what it ran, how long it was down, whether it is the same process.
import { type CellRecord, changedProcesses, type MemberRecord } from "../model/index.ts";
import type { Downtime } from "./answers.ts";
import type { Fleet } from "./fleet.ts";
import type { Timeline } from "./timeline.ts";

/**
 * In the order in which they came. Where the upgrade ended in a crash, what counts is what came up at the next boot; whether
 * the upgrade restarted anything cannot be told then.
 */
export function membersOf({ snapshots }: Timeline, fleet: Fleet, down: readonly Downtime[]): NonNullable<CellRecord["members"]> {
  const upgraded = snapshots.get("after");
  const [before, after] = [snapshots.get("before"), upgraded ?? snapshots.get("rebooted")].map((seen) => seen?.snapshot.members ?? []);
  return fleet.ever.map(({ name, host }) => {
    const [was, is] = [before, after].map((members) => members?.find((member) => member.name === name));
    const measured = down.find(({ member }) => member === name);
    return {
      name,
      from: was?.version ?? null,
      to: is?.version ?? null,
      healthy: is?.healthy ?? false,
      removed: host !== undefined && fleet.removed.has(host),
      ...restarted(upgraded === undefined ? null : changedProcesses(was, is), is?.processes !== undefined),
      downtimeMs: measured?.ms ?? null,
      downtimeTotalMs: measured?.totalMs ?? null,
    };
  });
}

/** @param named whether it is a host with several services, so that it is to be told which of them restarted */
function restarted(changed: readonly string[] | null, named: boolean): Pick<MemberRecord, "restarted" | "restartedServices"> {
  if (changed === null) return { restarted: null };
  return { restarted: changed.length > 0, ...(named ? { restartedServices: [...changed] } : {}) };
}
