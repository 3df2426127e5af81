// What a record tells of each host and service of a fleet: what it ran, how long it was down, whether it is the same process.
import { type CellRecord, changedProcesses, type MemberRecord } from "../model/index.ts";
import type { Downtime } from "./answers.ts";
import type { Fleet } from "./fleet.ts";
import type { Timeline } from "./timeline.ts";

/** In the order in which they came. */
export function membersOf({ snapshots }: Timeline, fleet: Fleet, down: readonly Downtime[]): NonNullable<CellRecord["members"]> {
  const [before, after] = (["before", "after"] as const).map((label) => snapshots.get(label)?.snapshot.members ?? []);
  return fleet.ever.map(({ name, host }) => {
    const [was, is] = [before, after].map((members) => members?.find((member) => member.name === name));
    const measured = down.find(({ member }) => member === name);
    return {
      name,
      from: was?.version ?? null,
      to: is?.version ?? null,
      healthy: is?.healthy ?? false,
      removed: host !== undefined && fleet.removed.has(host),
      ...restarted(changedProcesses(was, is), is?.processes !== undefined),
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
