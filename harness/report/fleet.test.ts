// What the terminal, JUnit and Markdown tell of a cell with several hosts and services.
import { expect, test } from "vitest";
import type { MemberRecord, Observation } from "../model/index.ts";
import { cellDetail } from "./cell-detail.ts";
import { downtimeText, fleetBlocks } from "./fleet.ts";
import { junit } from "./junit.ts";
import { SAMPLE, sampleCell } from "./sample.ts";

const member = (name: string, more: Partial<MemberRecord> = {}): MemberRecord => ({
  ...{ name, from: "1.0.0", to: "1.1.0", healthy: true, removed: false, restarted: true, downtimeMs: 20, downtimeTotalMs: 20 },
  ...more,
});

const cell = sampleCell({
  verdict: "failed",
  downtimeMs: 80,
  downtimeTotalMs: 120,
  findings: [
    { check: "consistent-sources", path: null, expected: "host-1/agent (versions): one answer", actual: "runs says 1.1.0", step: 7 },
  ],
  members: [
    member("host-1/agent", { downtimeMs: 80, downtimeTotalMs: 120 }),
    member("host-1/proxy", { to: "1.0.0", restarted: false, downtimeMs: 0, downtimeTotalMs: 0 }),
    member("host-2/agent", { removed: true }),
    member("host-4", { restartedServices: ["agent"], downtimeMs: 0, downtimeTotalMs: 0 }),
    member("host-3/agent", { from: null, to: null, healthy: false, restarted: null, downtimeMs: null, downtimeTotalMs: null }),
  ],
  facts: { attempts: "2", "last-error": null },
});

const seen = [
  { t: 5, kind: "network", change: "cut", between: ["host-1", "inventory"], evidence: "2 connections reset" },
  { t: 9, kind: "host", host: "host-2", event: "removed" },
  { t: 12, kind: "member", member: "host-1/agent", version: "1.1.0", healthy: true },
  {
    t: 15,
    kind: "burst",
    request: "upgrade",
    count: 10,
    statuses: { 202: 4, 429: 5 },
    unanswered: 1,
    unclear: ["429 with an empty answer"],
  },
  {
    t: 20,
    kind: "snapshot",
    label: "after",
    snapshot: {
      ...{ tree: [], version: "1.1.0", healthy: true, processes: [], busy: [], unreadable: [], diskBytes: 0 },
      active: { exists: true, target: null, version: null, detail: "" },
      statements: [
        { of: "versions", member: "host-1/agent", says: { runs: "1.1.0", inventory: "1.0.0", intent: null } },
        { of: "versions", member: "host-1/proxy", says: { runs: "1.0.0", inventory: "1.0.0", intent: "1.0.0" } },
      ],
    },
  },
] satisfies Observation[];

test("who runs what, what is said of it, and what was done to it", () => {
  const text = fleetBlocks(cell, seen).map(({ title, lines }) => [title, ...lines.map((one) => one.text)]);
  expect(text).toEqual([
    [
      "Hosts and services",
      "host-1/agent: 1.0.0 → 1.1.0, another main process, downtime 80ms (120ms in all)",
      "host-1/proxy: stays at 1.0.0, the same main process",
      "host-2/agent: 1.0.0, removed",
      "host-4: 1.0.0 → 1.1.0, another main process of agent",
      "host-3/agent: no answer, not healthy",
    ],
    ["Facts in the end", "attempts: 2", "last-error: no answer"],
    ["Sources that do not agree", "after the upgrade, host-1/agent (versions): runs 1.1.0, inventory 1.0.0, intent no answer"],
    [
      "What was done to hosts, lines and companions",
      "    5ms  line host-1 – inventory cut: 2 connections reset",
      "    9ms  host-2 removed",
      "   15ms  10 × upgrade: 4 × 202, 5 × 429, 1 not answered, 429 with an empty answer",
    ],
  ]);
});

test("it stands in the terminal and in JUnit, and of one agent nothing does", () => {
  const text = cellDetail(cell, seen, { color: false, width: 120 });
  expect(text).toContain("downtime 80ms (120ms in all)");
  expect(text).toContain("Hosts and services");
  expect(text).toContain("host-1/agent: 1.1.0 answers, healthy");
  expect(junit({ ...SAMPLE, cells: [cell] }, () => seen)).toContain("host-1/proxy: stays at 1.0.0, the same main process");
  expect(fleetBlocks(sampleCell(), [])).toEqual([]);
  expect(downtimeText({ downtimeMs: 310, downtimeTotalMs: 310 })).toEqual(["downtime 310ms"]);
  expect(downtimeText({ downtimeMs: null })).toEqual([]);
});
