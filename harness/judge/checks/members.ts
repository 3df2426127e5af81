// Checks of single hosts and services: what must not restart, and what several sources say of each.
import { changedProcesses, mainProcesses, matchesMember } from "../../model/index.ts";
import { disagreement } from "../consistency.ts";
import { type Broken, type Check, defineCheck, firstSeen } from "./check.ts";

export const restarts: Check = defineCheck(
  "restarts",
  "Only what the scenario names restarts: all else has the main process it had before",
  ({ cell, before, timeline, fleet }): Broken[] => {
    const { restarts: allowed } = cell.script;
    const after = timeline.snapshots.get("after");
    if (allowed === undefined || after === undefined || fleet === null) return [];
    const { step, snapshot } = after;
    const others = fleet.members.filter((member) => !allowed.only.some((pattern) => matchesMember(pattern, member)));
    return others.flatMap(({ name, host }): Broken[] => {
      if (host !== undefined && fleet.added.has(host)) return []; // it was not there before
      const [was, is] = [before, snapshot].map(({ members }) => members?.find((member) => member.name === name));
      const [earlier, later] = [was, is].map((member): Processes => (member === undefined ? {} : mainProcesses(member)));
      const all = Object.keys({ ...earlier, ...later });
      // where nobody can tell, none is known to go on
      return (changedProcesses(was, is) ?? (all.length === 0 ? [""] : all)).map((service) => {
        const [first, last] = [earlier?.[service], later?.[service]];
        const expected = first === null || first === undefined ? "a main process that goes on" : `process ${first} goes on`;
        const actual = last === null || last === undefined ? "no main process is known" : `process ${last}`;
        const who = service === "" ? name : `${service} on ${name}`;
        return { path: null, expected: `${who}: ${expected}`, actual, step };
      });
    });
  },
);

export const consistentSources: Check = defineCheck(
  "consistent-sources",
  "What runs, what lies on disk and what is known elsewhere is the same, whenever nothing is under way",
  ({ settled }) =>
    firstSeen(
      settled.flatMap(({ snapshot, step }) => {
        if (snapshot.busy.length > 0) return [];
        return (snapshot.statements ?? []).flatMap((statement): Broken[] => {
          const found = disagreement(statement);
          if (found === undefined) return [];
          return [{ path: null, expected: `${found.member}: one answer of ${found.sources}`, actual: found.actual, step }];
        });
      }),
    ),
);

type Processes = ReturnType<typeof mainProcesses>;
