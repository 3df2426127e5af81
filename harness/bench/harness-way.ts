// The harness's way through the sample: cells in all slots of the warm pool, observations on disk, then judged. The references
// they are judged by are taken once, for a run takes one a release and not one a cell.
import { cp } from "node:fs/promises";
import path from "node:path";
import pLimit from "p-limit";
import type { StoredArtifact } from "../build/index.ts";
import { type Cell, type CellRecord, type JobArtifact, jobArtifactKey, milliseconds, type RunRecord } from "../model/index.ts";
import { RecordFolder, rejudge } from "../run/index.ts";
import type { Ground } from "./ground.ts";

export class HarnessWay {
  readonly #ground: Ground;
  #runs = 0;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** `ms`: from the start of the first cell until the last is judged. */
  async runCells(cells: readonly Cell[]): Promise<{ readonly ms: number; readonly records: readonly CellRecord[] }> {
    const { project, environment, warm, reports, run } = this.#ground;
    const folder = await RecordFolder.make(reports, `${run}-timed-${(this.#runs += 1)}`);
    await cp(path.join(warm.directory, "references"), path.join(folder.directory, "references"), { recursive: true });
    await folder.keepPlan({ products: project.products, cells });
    const began = performance.now();
    const files = await pLimit(environment.slots).map(cells, (cell) => this.#runCell(cell, folder));
    this.#ground.signal.throwIfAborted();
    const judged = await rejudge(withFiles(warm.record, cells, files), {
      directory: folder.directory,
      known: project.matrix.known,
      today: warm.record.startedAt.slice(0, 10),
    });
    return { ms: performance.now() - began, records: judged.cells };
  }

  async #runCell(cell: Cell, folder: RecordFolder): Promise<string> {
    const { project, environment, signal } = this.#ground;
    const product = project.products[cell.product];
    if (product === undefined) throw new Error(`Cannot run ${cell.id}: the project has no product ${cell.product}`);
    const file = folder.observations(cell.id);
    await environment.run({
      job: {
        id: cell.id,
        product,
        script: cell.script,
        versions: { from: cell.from, to: cell.to, next: cell.next },
        artifacts: this.#artifacts(cell),
        limits: { stepMs: milliseconds(project.matrix.limits.step), cellMs: milliseconds(project.matrix.limits.cell) },
      },
      observe: (observation) => file.add(observation),
      signal,
    });
    await file.close();
    return file.name;
  }

  #artifacts(cell: Cell): Record<string, JobArtifact> {
    const releases = this.#ground.releases(cell);
    const inside = ({ key, name, ref, archive, files, archiveBytes, unpackedBytes }: StoredArtifact): JobArtifact => {
      return {
        name,
        version: ref.version,
        directory: this.#ground.environment.artifactDirectory(key),
        archive,
        files,
        archiveBytes,
        unpackedBytes,
      };
    };
    const roles = ["from", "to", "next"] as const;
    return Object.fromEntries(roles.map((role) => [jobArtifactKey(role, undefined), inside(releases[role])]));
  }
}

/** The record of the warming run, as if it had observed what lies in these files. */
function withFiles(record: RunRecord, cells: readonly Cell[], files: readonly string[]): RunRecord {
  const names = new Map(cells.map(({ id }, index) => [id, files[index]]));
  return {
    ...record,
    cells: record.cells.flatMap((cell) => (names.has(cell.id) ? [{ ...cell, observations: names.get(cell.id) ?? null }] : [])),
  };
}
