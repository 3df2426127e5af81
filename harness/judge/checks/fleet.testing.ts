// For tests only: for every check of fleets something broken that it catches, and something sound, close to it, that it spares.
import type { Cell, Member, Snapshot, Step } from "../../model/index.ts";
import { all, fleetCell, fleetSnapshot, type FleetTale, member, partly, restart } from "../fleet-testing.ts";
import { KILL, type Seen, triggered } from "../testing.ts";

export type FleetCase = readonly [what: string, cell: Cell, tale: FleetTale];
export interface FleetPair {
  readonly broken: readonly FleetCase[];
  readonly sound: readonly FleetCase[];
}

const TO = { "*": "2.0.0" };
const AGENTS = { agent: "2.0.0" };
const agents = partly({ services: ["agent"] });
const RUN: Step = { kind: "fleet", do: { run: "retry", code: [0] } };
const AWAIT: Step = { kind: "fleet", do: { await: { attempts: { atLeast: 2 } } } };
const CUT: Step = { kind: "fleet", do: { network: "cut", between: ["host-1", "inventory"] } };
const BURST: Step = { kind: "fleet", do: { burst: "upgrade", count: 10, parallel: 2 } };
const REBOOT: Step = { kind: "fleet", do: { reboot: "host-2" } };

/** All members go to the new release, with what else is seen in step 5. */
const during = (...seen: readonly Seen[]): FleetTale => ({ during: { 5: [triggered(0), ...seen] } });
const wait = (steps: number): Seen[] => Array.from({ length: steps }, () => ({ kind: "problem", message: "time goes by" }));
const after = (changes: Partial<Snapshot>, versions: Readonly<Record<string, string>> = TO): FleetTale => {
  const snapshot = fleetSnapshot(versions, changes);
  return { snapshots: { after: snapshot, rebooted: snapshot } };
};
const says = (...values: readonly (string | null)[]): NonNullable<Snapshot["statements"]> => [
  {
    of: "versions",
    member: "host-1/agent",
    says: Object.fromEntries(["runs", "disk", "inventory"].map((name, index) => [name, values[index] ?? null])),
  },
];
const burst = (statuses: Readonly<Record<string, number>>, unanswered = 0, unclear: readonly string[] = []): FleetTale => ({
  during: { 6: [{ kind: "burst", request: "upgrade", count: 10, statuses, unanswered, unclear }] },
});
const restarted = (names: readonly string[]): Member[] =>
  (fleetSnapshot(AGENTS).members ?? []).map((one) => (names.includes(one.name) ? { ...one, process: "another" } : one));
/** A member with two services of its own, before and after. */
const pairOf = (name: string, before: readonly (string | null)[], later: readonly (string | null)[]): FleetTale => {
  const look = (snapshot: Snapshot, [first = null, second = null]: readonly (string | null)[]): Snapshot => {
    const change = (one: Member): Member => (one.name === name ? { ...one, process: null, processes: { first, second } } : one);
    return { ...snapshot, members: (snapshot.members ?? []).map(change) };
  };
  return { snapshots: { before: look(fleetSnapshot({}), before), after: look(fleetSnapshot(AGENTS), later) } };
};
const asked = (changes: Parameters<typeof fleetCell>[0], own: readonly Step[] = [partly()]): Cell => fleetCell(changes, own);
const down = (name: string, ...meanwhile: readonly Seen[]): Seen[] => [member(name, null), ...meanwhile, member(name, "2.0.0")];

const FIRED: Seen = { kind: "fault", fault: 0, event: "fired", evidence: "SIGKILL to 100" };
const UNDONE: Seen = { kind: "fault", fault: 0, event: "undone", evidence: "inventory runs again" };
const NOT_UNDONE: Seen = { kind: "fault", fault: 0, event: "not-undone", evidence: "inventory ended before it answered" };
const store = (event: "started" | "exited" | "stopped" | "failed", code?: number): Seen => ({
  ...{ kind: "service", service: "inventory", event },
  ...(code === undefined ? {} : { code, signal: null }),
});

const selects = (version: string): Partial<Snapshot> => ({ active: { exists: true, target: null, version, detail: "" } });

export const FLEET_CASES: Readonly<Record<string, FleetPair>> = {
  "version-reported": {
    broken: [["no service runs what the pointer selects", asked({}), after(selects("1.1.0"))]],
    sound: [["it selects what one service runs, and another runs something else", asked({}, [agents]), after(selects("1.0.0"), AGENTS)]],
  },
  "own-steps": {
    broken: [
      ["a command ends with another code", asked({}, [partly(), RUN]), { failed: { 6: "retry ended with 1" } }],
      ["what was waited for did not come about", asked({}, [partly(), AWAIT]), { failed: { 6: "attempts is 1" } }],
      ["a companion does not come back when a fault is taken back", asked({}), during(NOT_UNDONE)],
      ["a host does not come back, ahead of the upgrade", asked({}, [REBOOT, partly()]), { failed: { 5: "host-2 is not healthy" } }],
    ],
    sound: [
      ["all came about", asked({}, [partly(), RUN, AWAIT]), {}],
      ["a line was cut", asked({}, [CUT, partly()]), {}],
      ["a fault was taken back", asked({}), during(UNDONE)],
    ],
  },
  facts: {
    broken: [
      ["another value", asked({ facts: { attempts: "1" } }), after({ facts: { attempts: "2" } })],
      ["too few", asked({ facts: { attempts: { atLeast: 2 } } }), after({ facts: { attempts: "1" } })],
      ["what it must not be", asked({ facts: { attempts: { not: "0" } } }), after({ facts: { attempts: "0" } })],
      ["no answer", asked({ facts: { attempts: { not: "0" } } }), after({ facts: { attempts: null } })],
      ["no number", asked({ facts: { attempts: { atMost: 2 } } }), after({ facts: { attempts: "none" } })],
    ],
    sound: [
      ["as expected", asked({ facts: { attempts: "1" } }), after({ facts: { attempts: "1" } })],
      ["within bounds", asked({ facts: { attempts: { atLeast: 1, atMost: 2, not: "0" } } }), after({ facts: { attempts: "2" } })],
      ["nothing is expected", asked({}), after({ facts: { attempts: null } })],
    ],
  },
  "consistent-sources": {
    broken: [
      ["the inventory is behind", asked({}), after({ statements: says("2.0.0", "2.0.0", "1.0.0") })],
      ["one says nothing", asked({}), after({ statements: says("2.0.0", "2.0.0", null) })],
      ["nobody knows anything", asked({}), after({ statements: says(null, null, null) })],
    ],
    sound: [["all say the same", asked({}), after({ statements: says("2.0.0", "2.0.0", "2.0.0") })]],
  },
  "burst-answered": {
    broken: [
      ["one is lost", asked({}, [partly(), BURST]), burst({ 202: 5, 429: 4 }, 1)],
      ["one fails", asked({}, [partly(), BURST]), burst({ 202: 5, 429: 4, 500: 1 })],
      ["turned down without a word", asked({}, [partly(), BURST]), burst({ 202: 5, 429: 5 }, 0, ["429 with an empty answer"])],
      ["some were never sent", asked({}, [partly(), BURST]), burst({ 202: 9 })],
    ],
    sound: [["taken on or turned down", asked({}, [partly(), BURST]), burst({ 202: 5, 429: 5 })]],
  },
  restarts: {
    broken: [
      [
        "a service that was not meant",
        asked({ restarts: { only: ["agent"] } }, [agents]),
        after({ members: restarted(["host-2/proxy"]) }, AGENTS),
      ],
      ["nothing was to restart", asked({ restarts: { only: [] } }, [agents]), after({}, AGENTS)],
      [
        "the second of two services of a host",
        asked({ restarts: { only: ["agent"] } }, [agents]),
        pairOf("host-2/proxy", ["1:1", "2:2"], ["1:1", "3:3"]),
      ],
      [
        "nobody knows the process",
        asked({ restarts: { only: ["agent"] } }, [agents]),
        after({ members: restarted([]).map((one) => ({ ...one, process: null })) }, AGENTS),
      ],
    ],
    sound: [
      [
        "one of two services goes on, the other one never ran",
        asked({ restarts: { only: ["agent"] } }, [agents]),
        pairOf("host-2/proxy", ["1:1", null], ["1:1", null]),
      ],
      ["only what was meant", asked({ restarts: { only: ["agent"] } }, [agents]), after({ members: restarted(["host-1/agent"]) }, AGENTS)],
      [
        "one more that is named",
        asked({ restarts: { only: ["agent", "host-2/proxy"] } }, [agents]),
        after({ members: restarted(["host-2/proxy"]) }, AGENTS),
      ],
    ],
  },
  downtime: {
    broken: [
      ["one service of one host is down too long", asked({ downtime: "20ms" }), during(...down("host-2/proxy", ...wait(3)))],
      [
        "a host that was set up anew is down afterwards",
        asked({ downtime: "20ms" }, [
          partly({ until: "accepted" }),
          { kind: "fleet", do: { remove: "host-2" } },
          { kind: "fleet", do: { add: "host-2" } },
        ]),
        {
          snapshots: { after: fleetSnapshot({ ...TO, "host-2": "1.0.0" }) },
          during: {
            5: [triggered(0)],
            6: [{ kind: "host", host: "host-2", event: "removed" }, member("host-2/agent", null), ...wait(5)],
            7: [member("host-2/agent", "1.0.0"), member("host-2/agent", null), ...wait(5), member("host-2/agent", "1.0.0")],
          },
        },
      ],
      [
        "short, but too often",
        asked({ downtime: { longest: "50ms", total: "30ms" } }),
        during(...down("host-1/agent", ...wait(1)), ...down("host-1/agent", ...wait(1))),
      ],
      ["no downtime was allowed", asked({ downtime: "0ms" }), during(...down("host-1/agent"))],
    ],
    sound: [
      ["one after another", asked({ downtime: "30ms" }), during(...down("host-1/agent", ...wait(1)), ...down("host-2/agent", ...wait(1)))],
      [
        "together as long as is allowed",
        asked({ downtime: { total: "40ms" } }),
        during(...down("host-1/agent", ...wait(1)), ...down("host-1/agent", ...wait(1))),
      ],
      ["none", asked({ downtime: "0ms" }), during(...all("2.0.0"))],
      [
        "a removed host is not down",
        asked({ downtime: "20ms" }, [partly({ until: "accepted" }), { kind: "fleet", do: { remove: "host-2" } }]),
        {
          during: { 5: [triggered(0)], 6: [{ kind: "host", host: "host-2", event: "removed" }, member("host-2/agent", null), ...wait(5)] },
        },
      ],
      [
        "a host that is set up anew is not down meanwhile",
        asked({ downtime: "20ms" }, [
          partly({ until: "accepted" }),
          { kind: "fleet", do: { remove: "host-2" } },
          { kind: "fleet", do: { add: "host-2" } },
        ]),
        {
          snapshots: { after: fleetSnapshot({ ...TO, "host-2": "1.0.0" }) },
          during: {
            5: [triggered(0)],
            6: [
              { kind: "host", host: "host-2", event: "removed" },
              ...["agent", "proxy"].map((name) => member(`host-2/${name}`, null)),
              ...wait(5),
            ],
            7: [
              { kind: "host", host: "host-2", event: "added" },
              ...wait(3),
              ...["agent", "proxy"].map((name) => member(`host-2/${name}`, "1.0.0")),
            ],
          },
        },
      ],
      [
        "a host that comes is not down before it first answers",
        asked({ downtime: "20ms" }, [partly({ until: "accepted" }), { kind: "fleet", do: { add: "host-3" } }]),
        {
          snapshots: { after: fleetSnapshot({ ...TO, "host-3": "1.0.0" }, { hosts: ["host-1", "host-2", "host-3"] }) },
          during: {
            5: [triggered(0)],
            6: [
              ...["agent", "proxy"].map((name) => member(`host-3/${name}`, null)),
              ...wait(5),
              ...["agent", "proxy"].map((name) => member(`host-3/${name}`, "1.0.0")),
            ],
          },
        },
      ],
    ],
  },
  overlap: {
    broken: [
      [
        "both answer in turn",
        asked({ overlap: "10ms" }),
        during(member("host-1/agent", "2.0.0"), member("host-1/agent", "1.0.0"), ...wait(2), member("host-1/agent", "2.0.0")),
      ],
      [
        "none is allowed",
        asked({ overlap: "0ms" }),
        during(member("host-1/agent", "2.0.0"), member("host-1/agent", "1.0.0"), member("host-1/agent", "2.0.0")),
      ],
    ],
    sound: [
      ["one after the other", asked({ overlap: "0ms" }), during(member("host-1/agent", "2.0.0"), ...wait(3))],
      [
        "as long as is allowed",
        asked({ overlap: "50ms" }),
        during(member("host-1/agent", "2.0.0"), member("host-1/agent", "1.0.0"), ...wait(2), member("host-1/agent", "2.0.0")),
      ],
      [
        "back to the old one, and once more",
        asked({ overlap: "0ms" }),
        during(
          member("host-1/agent", "2.0.0"),
          member("host-1/agent", null),
          member("host-1/agent", "1.0.0"),
          ...wait(2),
          member("host-1/agent", null),
          member("host-1/agent", "2.0.0"),
        ),
      ],
      [
        "another service, which is another agent",
        asked({ overlap: "0ms" }),
        during(member("host-1/agent", "2.0.0"), member("host-1/proxy", "1.0.0"), member("host-1/agent", "2.0.0")),
      ],
    ],
  },
  concurrency: {
    broken: [
      [
        "both hosts at once",
        asked({ concurrency: { hosts: 1, services: {} } }),
        during(
          member("host-1/agent", null),
          member("host-2/proxy", null),
          member("host-1/agent", "2.0.0"),
          member("host-2/proxy", "2.0.0"),
        ),
      ],
      [
        "the same service of both",
        asked({ concurrency: { services: { agent: 1 } } }),
        during(member("host-1/agent", null), member("host-2/agent", null), ...all("2.0.0")),
      ],
      [
        "processes change at once, quicker than anybody asks",
        asked({ concurrency: { hosts: 1, services: {} } }),
        during(
          ...["host-1", "host-2"].map((host): Seen => ({ kind: "service", service: `${host}/agent.service`, event: "exited" })),
          ...["host-1", "host-2"].map((host): Seen => ({ kind: "service", service: `${host}/agent.service`, event: "started" })),
        ),
      ],
    ],
    sound: [
      [
        "one after another",
        asked({ concurrency: { hosts: 1, services: { agent: 1 } } }),
        during(...restart("host-1/agent", "2.0.0"), ...restart("host-2/agent", "2.0.0")),
      ],
      [
        "two services of one host",
        asked({ concurrency: { hosts: 1, services: {} } }),
        during(member("host-1/agent", null), member("host-1/proxy", null), ...all("2.0.0")),
      ],
      [
        "different services of both",
        asked({ concurrency: { services: { agent: 1, proxy: 1 } } }),
        during(member("host-1/agent", null), member("host-2/proxy", null), ...all("2.0.0")),
      ],
      [
        "two, where two may",
        asked({ concurrency: { hosts: 2, services: {} } }),
        during(member("host-1/agent", null), member("host-2/agent", null), ...all("2.0.0")),
      ],
    ],
  },
  processes: {
    broken: [
      [
        "both agents on one host",
        asked({}),
        after({ processes: [1, 2].map((pid) => ({ pid, parent: 1, command: "/opt/agent run", on: "host-1" })) }),
      ],
    ],
    sound: [
      [
        "a companion that looks like one",
        asked({}),
        after({ processes: ["host-1", "host-2", "inventory"].map((on, pid) => ({ pid, parent: 1, command: "/opt/agent run", on })) }),
      ],
    ],
  },
  "companions-run": {
    broken: [
      ["it ended by itself", asked({}), during(store("exited", 3))],
      [
        "it does not come up again",
        asked({}),
        { during: { 8: [store("stopped"), store("started"), store("exited", 1), store("failed")] } },
      ],
    ],
    sound: [
      ["it was stopped, and is started later", asked({}), during(store("stopped"))],
      ["it ended, and runs again", asked({}), during(store("exited", 3), store("started"))],
      ["whoever was at work was killed", asked({ faults: [KILL], expect: ["upgraded"] }), during(FIRED, store("exited", 1))],
    ],
  },
  "user-files": {
    broken: [["lost on one host", asked({}), after({ tree: fleetSnapshot(TO).tree.filter(({ path }) => path !== "host-2/config.yaml") })]],
    sound: [["gone with its host", asked({}, [partly(), { kind: "fleet", do: { remove: "host-2" } }]), {}]],
  },
  "upgrades-in-turn": {
    broken: [
      [
        "the first host stays behind until the second one goes",
        asked({}, [partly({ hosts: ["host-1"] }), partly({ hosts: ["host-2"] })]),
        {},
      ],
    ],
    sound: [
      [
        "each in its turn",
        asked({}, [partly({ hosts: ["host-1"] }), partly({ hosts: ["host-2"] })]),
        { during: { 5: [triggered(0), ...["agent", "proxy"].flatMap((name) => restart(`host-1/${name}`, "2.0.0"))] } },
      ],
      ["the first was only begun", asked({}, [partly({ hosts: ["host-1"], until: "accepted" }), partly({ hosts: ["host-2"] })]), {}],
    ],
  },
};
