// Recorded upgrades, kept by content: what was recorded of the same artifacts with the same recorder need not be recorded again.
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import path from "node:path";
import { type Cell, type CellJob, type Observation, type RecordedRun, type Tier, unpackRecorded } from "../model/index.ts";

/** Name of the recording in its folder, here and in every environment. */
export const RECORDING_FILE = "recording.gz";
const AGAIN_FILE = "again.gz";
const OBSERVATIONS_FILE = "observations.ndjson";
/** A change of what is recorded, or how, makes old recordings worthless. */
const VERSION = 2;

export interface StoredRecording {
  readonly key: string;
  readonly directory: string;
  readonly recorded: RecordedRun;
  /** A second recording of the same, where operations are struck at. */
  readonly again: RecordedRun | undefined;
  /** Of the cell that was recorded. */
  readonly observations: readonly Observation[];
  readonly cached: boolean;
}

/** The key of a recording: everything that decides what is recorded. */
export function recordingKey(
  cell: Cell,
  job: Pick<CellJob, "product" | "script" | "versions" | "artifacts" | "hosts">,
  programs: readonly string[],
): string {
  const artifacts = Object.entries(job.artifacts).map(([name, { directory }]) => [name, directory]);
  const input = [
    VERSION,
    cell.product,
    cell.environment,
    job.product,
    job.script.steps,
    job.script.sweep,
    job.versions,
    artifacts,
    programs,
    ...(job.hosts === undefined ? [] : [job.hosts]),
  ];
  return createHash("sha256").update(JSON.stringify(input)).digest("hex").slice(0, 32);
}

export class RecordingStore {
  readonly #folder: string;

  /** @param cache the project's cache folder */
  constructor(cache: string) {
    this.#folder = path.join(cache, "recordings");
  }

  /** undefined: not recorded yet. */
  async load(key: string): Promise<StoredRecording | undefined> {
    const directory = path.join(this.#folder, key);
    const zipped = await readFile(path.join(directory, RECORDING_FILE)).catch(missing);
    const again = await readFile(path.join(directory, AGAIN_FILE)).catch(missing);
    const text = await readFile(path.join(directory, OBSERVATIONS_FILE), "utf8").catch(missing);
    if (zipped === undefined || text === undefined) return undefined;
    const observations = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Observation])); // written by `save`
    return { key, directory, ...unpacked({ zipped, again }), observations, cached: true };
  }

  /** Keeps which points a sweep had, so that they can be listed without recording it again. */
  async notePoints(sweep: string, tier: Tier, points: readonly Cell[]): Promise<void> {
    const file = this.#pointsFile(sweep, tier);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(`${file}.${process.pid}.part`, JSON.stringify(points));
    await rename(`${file}.${process.pid}.part`, file);
  }

  /** The points that a sweep had when it last ran; undefined: it never did. */
  async knownPoints(sweep: string, tier: Tier): Promise<readonly Cell[] | undefined> {
    const text = await readFile(this.#pointsFile(sweep, tier), "utf8").catch(missing);
    return text === undefined ? undefined : (JSON.parse(text) as Cell[]); // written by `notePoints`
  }

  #pointsFile(sweep: string, tier: Tier): string {
    return path.join(this.#folder, "points", `${encodeURIComponent(sweep)}.${tier}.json`);
  }

  /** Keeps a recording: whole, or not at all. */
  async save(key: string, recordings: Zipped, observations: readonly Observation[]): Promise<StoredRecording> {
    const directory = path.join(this.#folder, key);
    const made = `${directory}.${process.pid}.part`;
    await rm(made, { recursive: true, force: true });
    await mkdir(made, { recursive: true });
    await writeFile(path.join(made, RECORDING_FILE), recordings.zipped);
    if (recordings.again !== undefined) await writeFile(path.join(made, AGAIN_FILE), recordings.again);
    await writeFile(path.join(made, OBSERVATIONS_FILE), observations.map((observation) => `${JSON.stringify(observation)}\n`).join(""));
    await rm(directory, { recursive: true, force: true });
    await rename(made, directory);
    return { key, directory, ...unpacked(recordings), observations, cached: false };
  }
}

/** A recording and, where there is one, a second one of the same, as they are kept. */
export interface Zipped {
  readonly zipped: Uint8Array;
  readonly again?: Uint8Array | undefined;
}

function unpacked({ zipped, again }: Zipped): Pick<StoredRecording, "recorded" | "again"> {
  const whole = (bytes: Uint8Array): RecordedRun => unpackRecorded(gunzipSync(bytes));
  return { recorded: whole(zipped), again: again === undefined ? undefined : whole(again) };
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
