// Support of the tests: a small run with one cell of every verdict, and the observations of those that went wrong.
import { type CellRecord, type Observation, type RunRecord, type Snapshot, type StepRecord, type Tree, runRecord } from "../model/index.ts";

const SENTENCES = [
  "Install 1.4.0",
  "Start its services and wait until they are healthy",
  "Edit the files that belong to the user",
  "Take a snapshot before the upgrade",
  "Trigger the upgrade to 2.0.0 (crash-on-start) with the faults armed and wait until it is over",
  "Wait until no updater is at work and the agent's state is steady",
  "Take a snapshot after the upgrade",
  "Reboot and wait until the agent is healthy",
];

/** A cell that passed, changed by `parts`. */
export function sampleCell(parts: Partial<CellRecord> = {}): CellRecord {
  const from = parts.from ?? "1.4.0";
  const to = parts.to ?? "2.0.0";
  const scenario = parts.scenario ?? "clean";
  const product = parts.product ?? "sample";
  const id = `${product}/${from}..${to}/${scenario}@docker`;
  return {
    id,
    product,
    from,
    to,
    next: "2.1.0",
    kind: "upgrade",
    inverted: false,
    scenario,
    summary: "A sound upgrade; the new release must run",
    environment: "docker",
    tier: "gate",
    verdict: "passed",
    outcome: "upgraded",
    expect: ["upgraded"],
    findings: [],
    fault: null,
    downtimeMs: 310,
    durationMs: 2400,
    reason: "",
    steps: [],
    observations: null,
    replay: `upmatrix replay ${id}`,
    ...parts,
  };
}

const rolledBack = sampleCell({
  scenario: "crash-on-start",
  summary: "The candidate crashes when it starts; the agent must roll back",
  verdict: "failed",
  outcome: "rolled-back",
  expect: ["rolled-back"],
  downtimeMs: 4120,
  durationMs: 9210,
  findings: [
    { check: "layout", path: "data/agent-1.4.0/state.json", expected: "as before the upgrade", actual: "content differs", step: 7 },
    { check: "layout", path: "data/agent-2.0.0", expected: "absent", actual: "a directory with 8 entries", step: 7 },
    { check: "updater-left", path: null, expected: "no updater is left running", actual: "pid 412: agent watch --grace 2s", step: 7 },
  ],
  fault: { fired: true, evidence: ["kill SIGKILL updater: pid 398"] },
  steps: steps(8, { 5: "The trigger was accepted with exit code 0" }),
});

const baseline = sampleCell({
  scenario: "disk-full",
  to: "2.1.0",
  verdict: "errored",
  outcome: null,
  expect: ["refused", "rolled-back"],
  downtimeMs: null,
  summary: "The disk is full while the upgrade is unpacked",
  reason: "baseline: 1.4.0 was not healthy within 10s",
  steps: steps(2, {}, "Not healthy within 10s: the socket refused the connection"),
});

const wrongFile = { check: "preserved", path: "agent.yml", expected: "as the user left it", actual: "other content", step: 7 };

export const SAMPLE: RunRecord = runRecord.parse({
  record: 1,
  upmatrix: "0.1.0",
  run: "r-0042",
  startedAt: "2026-05-04T10:00:00.000Z",
  endedAt: "2026-05-04T10:01:12.000Z",
  tier: "gate",
  gate: "closed",
  exitCode: 1,
  interrupted: false,
  environments: [{ name: "docker", platform: "linux", description: "namespaces in 2 containers", capabilities: ["reboot"] }],
  unavailable: [{ name: "host", reason: "not asked for" }],
  settings: [{ product: "sample", name: "grace-period", published: "10m", test: "2s" }],
  leftOut: [
    { product: "sample", scenario: "clean", environment: "docker", selection: "traits", cells: 12 },
    { product: "sample", scenario: "crash-on-start", environment: "docker", selection: "traits", cells: 12 },
  ],
  skipped: [{ id: "sample/1.4.0..2.0.0/read-only@docker", reason: "needs signature, which sample does not provide" }],
  sweeps: [],
  problems: ["A container could not be removed: no such container"],
  cells: [
    sampleCell(),
    sampleCell({ to: "2.1.0" }),
    sampleCell({ from: "2.0.0", to: "2.1.0" }),
    rolledBack,
    { ...rolledBack, ...sampleCell({ ...rolledBack, from: "1.3.0", id: "sample/1.3.0..2.0.0/crash-on-start@docker" }) },
    sampleCell({ from: "2.1.0", to: "1.4.0", kind: "downgrade", verdict: "failed", findings: [wrongFile], steps: steps(8) }),
    sampleCell({ from: "2.1.0", to: "1.9.9", inverted: true, kind: "downgrade" }),
    baseline,
    sampleCell({
      from: "1.3.0",
      verdict: "known",
      findings: [wrongFile],
      reason: "agent.yml is rewritten, https://example.org/7, until 2027-01-01",
    }),
    sampleCell({ from: "1.3.0", to: "2.1.0", verdict: "fixed", reason: "sample/1.3.0..*: agent.yml is rewritten" }),
    sampleCell({
      from: "2.0.0",
      to: "1.4.0",
      verdict: "skipped",
      outcome: null,
      durationMs: 0,
      reason: "needs rollback, which sample does not provide",
    }),
  ],
} satisfies RunRecord);

export function sampleDetails(cell: CellRecord): readonly Observation[] | undefined {
  if (cell.verdict === "failed") return cell.kind === "downgrade" ? afterDowngrade() : afterRollback();
  return cell.verdict === "errored" ? beforeBaseline() : undefined;
}

function steps(done: number, messages: Readonly<Record<number, string>> = {}, failure?: string): StepRecord[] {
  return SENTENCES.map((sentence, index) => {
    const number = index + 1;
    if (number > done) return { sentence, status: "not-reached", message: "", durationMs: null };
    const failed = failure !== undefined && number === done;
    return {
      sentence,
      status: failed ? "failed" : "done",
      message: failed ? failure : (messages[number] ?? ""),
      durationMs: 40 * number ** 2,
    };
  });
}

const STATE = (version: string, extra: string): string => `{\n  "version": "${version}",\n${extra}  "policy": 4,\n  "spool": "on"\n}\n`;

const BEFORE: Tree = [
  {
    path: "agent.yml",
    type: "file",
    mode: "640",
    owner: "0:0",
    size: 31,
    digest: "aa".repeat(32),
    text: "name: one\nextra: by the user\n",
  },
  { path: "current", type: "link", target: "data/agent-1.4.0" },
  { path: "data", type: "directory", mode: "755", owner: "0:0" },
  { path: "data/agent-1.4.0", type: "directory", mode: "755", owner: "0:0" },
  { path: "data/agent-1.4.0/agent", type: "file", mode: "755", owner: "0:0", size: 48_213, digest: "bb".repeat(32) },
  {
    path: "data/agent-1.4.0/state.json",
    type: "file",
    mode: "600",
    owner: "0:0",
    size: 60,
    digest: "cc".repeat(32),
    text: STATE("1.4.0", ""),
  },
  { path: "log", type: "directory", mode: "755", owner: "0:0" },
];

const AFTER: Tree = [
  ...BEFORE.slice(0, 5),
  {
    path: "data/agent-1.4.0/state.json",
    type: "file",
    mode: "644",
    owner: "0:0",
    size: 81,
    digest: "dd".repeat(32),
    text: STATE("2.0.0", `  "migrated": true,\n`),
  },
  { path: "data/agent-2.0.0", type: "directory", mode: "755", owner: "0:0" },
  ...["agent", "components", "components/a", "components/b", "manifest.json", "run", "run/lock", "state.json"].map(
    (name) => ({ path: `data/agent-2.0.0/${name}`, type: "file", mode: "644", owner: "0:0", size: 10, digest: "ee".repeat(32) }) as const,
  ),
  { path: "log", type: "directory", mode: "755", owner: "0:0" },
  { path: "log/updater.log", type: "file", mode: "644", owner: "0:0", size: 2_300, digest: "ff".repeat(32) },
];

function snapshot(tree: Tree, version: string | null): Snapshot {
  const active = { exists: true, target: "data/agent-1.4.0", version, detail: "" };
  const processes = [
    { pid: 401, parent: 1, command: "node /opt/sample/current/agent run" },
    { pid: 412, parent: 1, command: "node /opt/sample/data/agent-2.0.0/agent watch --grace 2s" },
  ];
  return { tree, version, healthy: version !== null, active, processes, busy: [], unreadable: [], diskBytes: 50_000 };
}

function afterRollback(): Observation[] {
  return [
    { t: 0, kind: "step", step: 4, event: "started" },
    { t: 5, kind: "snapshot", label: "before", snapshot: snapshot(BEFORE, "1.4.0") },
    { t: 6, kind: "step", step: 4, event: "ended", ok: true, message: "" },
    { t: 7, kind: "step", step: 5, event: "started" },
    { t: 8, kind: "fault", fault: 0, event: "armed", evidence: "when a process matching agent watch starts" },
    { t: 1310, kind: "service", service: "agent", event: "exited", code: 1, signal: null, pid: 390 },
    { t: 1312, kind: "health", version: null, healthy: false },
    { t: 1320, kind: "fault", fault: 0, event: "fired", evidence: "kill SIGKILL updater: pid 398 (agent watch --grace 2s)" },
    { t: 1410, kind: "service", service: "agent", event: "started", pid: 401 },
    { t: 5432, kind: "health", version: "1.4.0", healthy: true },
    { t: 5440, kind: "step", step: 7, event: "started" },
    { t: 5450, kind: "snapshot", label: "after", snapshot: snapshot(AFTER, "1.4.0") },
    {
      t: 5460,
      kind: "log",
      source: "updater",
      path: "log/updater.log",
      tail: `${Array.from({ length: 14 }, (_, line) => `10:00:0${line % 10} info copied file ${line + 1} of 14`).join("\n")}\n10:00:09 \u001b[31mERROR\u001b[0m cannot remove data/agent-2.0.0: busy\n`,
    },
    {
      t: 5461,
      kind: "log",
      source: "agent",
      path: "log/agent.log",
      tail: "state migrated to 2.0.0\nFATAL cannot bind\n\tat listen (agent.js:12)\n",
    },
    { t: 5470, kind: "end", end: { how: "complete", detail: "", leaks: [] } },
  ];
}

function afterDowngrade(): Observation[] {
  const [config, ...rest] = BEFORE;
  const rewritten = [{ ...config!, size: 10, digest: "11".repeat(32), text: "name: one\n" }, ...rest]; // BEFORE has entries
  return [
    { t: 5, kind: "snapshot", label: "before", snapshot: snapshot(BEFORE, "2.1.0") },
    { t: 50, kind: "snapshot", label: "after", snapshot: { ...snapshot(rewritten, "1.4.0"), processes: [] } },
  ];
}

function beforeBaseline(): Observation[] {
  const argv = ["/opt/sample/current/agent", "status", "--json"];
  return [
    { t: 3, kind: "service", service: "agent", event: "failed", detail: "start limit reached: 5 starts within 10s" },
    { t: 9, kind: "command", argv, code: 7, signal: null, stdout: "", stderr: "connect ECONNREFUSED agent.sock\n", durationMs: 34 },
    { t: 20, kind: "log", source: "agent", path: "log/agent.log", tail: "Error: ENOSPC: no space left on device, write\n" },
    { t: 30, kind: "end", end: { how: "complete", detail: "", leaks: ["process 77 agent run"] } },
  ];
}
