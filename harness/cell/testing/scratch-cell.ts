// A place of a cell in a temporary folder, with an observer that collects: for tests of the cell program's parts.
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type CellJob, product } from "../../model/index.ts";
import { Observer, type Seen } from "../observer.ts";
import { Place } from "../place.ts";
import { Processes } from "../processes.ts";

export interface ScratchCell extends AsyncDisposable {
  readonly folder: string;
  readonly place: Place;
  readonly observer: Observer;
  readonly seen: Seen[];
  readonly processes: Processes;
  /** Resolves as soon as such an observation is there. */
  until(wanted: (seen: Seen) => boolean): Promise<Seen>;
}

export function scratchCell(overrides: Record<string, unknown> = {}): ScratchCell {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "upmatrix-test-")));
  const job = scratchJob(folder, overrides);
  mkdirSync(job.root);
  mkdirSync(job.work);
  const seen: Seen[] = [];
  const observer = new Observer(() => undefined);
  observer.listen((one) => seen.push(one));
  const processes = new Processes(job.work, false);
  return {
    folder,
    place: new Place(job),
    observer,
    seen,
    processes,
    until: (wanted) =>
      new Promise((resolve) => {
        const there = seen.find(wanted);
        if (there !== undefined) return resolve(there);
        const stop = observer.listen((one) => {
          if (!wanted(one)) return;
          stop();
          resolve(one);
        });
      }),
    async [Symbol.asyncDispose]() {
      await processes.killAll();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function scratchJob(folder: string, overrides: Record<string, unknown>): CellJob {
  const described = product.parse({
    summary: "A product for tests",
    artifact: { name: "agent-{version}.tar.gz", fetch: { url: "agent.tar.gz" } },
    install: [["true"]],
    services: [{ name: "agent", unit: "agent.service" }],
    version: { file: "version" },
    health: { file: "health", equals: "ok" },
    upgrade: { command: ["true"], busy: [{ file: "busy" }] },
    layout: {},
    processes: [{ name: "agent", match: "agent" }],
    logs: {},
    ...overrides,
  });
  return {
    id: "test/1.0.0..2.0.0/none@host",
    product: described,
    script: {
      scenario: "none",
      summary: "",
      tier: "gate",
      steps: [],
      faults: [],
      expect: [],
      settled: "strict",
      layout: { present: [], absent: [] },
    },
    versions: { from: "1.0.0", to: "2.0.0", next: "2.0.0" },
    artifacts: {},
    root: path.join(folder, "root"),
    work: path.join(folder, "work"),
    capabilities: [],
    limits: { stepMs: 10_000, cellMs: 20_000 },
  };
}
