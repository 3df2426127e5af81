// The artifacts of a run in one labelled volume that all its containers see read-only. Filled through a container that is
// never started: so it works on engines far away. Hides what is there already.
import type Docker from "dockerode";
import type { ArtifactFiles } from "../types.ts";
import { archive } from "./archive.ts";
import { labelsOf, removeContainer, statusOf } from "./engine.ts";
import { ARTIFACTS } from "./protocol.ts";
import path from "node:path";

export class ArtifactVolume {
  readonly name: string;
  readonly #docker: Docker;
  readonly #keeper: Docker.Container;
  readonly #prepared = new Map<string, Promise<void>>();

  private constructor(docker: Docker, name: string, keeper: Docker.Container) {
    this.#docker = docker;
    this.name = name;
    this.#keeper = keeper;
  }

  static async create(docker: Docker, image: string, run: string): Promise<ArtifactVolume> {
    const name = `upmatrix-${run}-${process.pid}-${Date.now().toString(36)}`;
    const labels = labelsOf(run);
    await docker.createVolume({ Name: name, Labels: labels });
    try {
      const keeper = await docker.createContainer({
        Image: image,
        Entrypoint: ["/bin/true"],
        Labels: labels,
        HostConfig: { NetworkMode: "none", Binds: [`${name}:${ARTIFACTS}`] },
      });
      return new ArtifactVolume(docker, name, keeper);
    } catch (error) {
      await removeVolume(docker, name);
      throw error;
    }
  }

  /** Puts what is not there yet, all of it in one go. */
  async prepare(artifacts: readonly ArtifactFiles[]): Promise<void> {
    const fresh = [...new Map(artifacts.filter(({ key }) => !this.#prepared.has(key)).map((one) => [one.key, one])).values()];
    if (fresh.length > 0) {
      const putting = this.#put(fresh);
      for (const { key } of fresh) this.#prepared.set(key, putting);
      putting.catch(() => fresh.forEach(({ key }) => this.#prepared.delete(key)));
    }
    await Promise.all(artifacts.map(({ key }) => this.#prepared.get(key)));
  }

  async #put(artifacts: readonly ArtifactFiles[]): Promise<void> {
    const entries = artifacts.flatMap(({ key, directory, files }) =>
      files.map((file) => ({ path: `${slug(key)}/${file}`, content: { file: path.join(directory, file) } })),
    );
    const folders = [...new Set(entries.map((entry) => path.posix.dirname(entry.path)))];
    const whole = [...folders.map((folder) => ({ path: folder, content: "folder" as const })), ...entries];
    await this.#keeper.putArchive(archive(whole), { path: ARTIFACTS });
  }

  /** `keep`: a kept cell still uses it; the label finds it later. */
  async dispose(keep: boolean): Promise<void> {
    await Promise.allSettled(this.#prepared.values());
    await removeContainer(this.#docker, this.#keeper.id);
    if (!keep) await removeVolume(this.#docker, this.name);
  }
}

export function artifactFolder(key: string): string {
  return `${ARTIFACTS}/${slug(key)}`;
}

/** A folder name of its own for each key: nothing that is encoded can look like something else. */
function slug(key: string): string {
  return encodeURIComponent(key).replaceAll("%", "=");
}

/** Removes a volume; one that is gone is no error. */
export async function removeVolume(docker: Docker, name: string): Promise<void> {
  try {
    await docker.getVolume(name).remove();
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}
