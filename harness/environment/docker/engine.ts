// The connection to the Docker engine: DOCKER_HOST or the local socket, nothing else. Hides how an engine fails to answer.
import Docker from "dockerode";
import { thisOwner } from "../owner.ts";
import { EnvironmentError, reasonOf } from "../types.ts";

export interface Engine {
  readonly docker: Docker;
  readonly version: string;
  readonly description: string;
  /** As Node names it. */
  readonly arch: string;
  readonly processors: number;
  readonly memoryBytes: number;
  /** Whether a container's memory can be limited: the kernel may lack the controller, or keep it from a rootless engine. */
  readonly limitsMemory: boolean;
  /** AppArmor's default profile forbids mounts: it has to be switched off where it is on. */
  readonly apparmor: boolean;
}

/** Everything of a run carries its id in this label. */
export const RUN_LABEL = "upmatrix.run";
/** And the process that made it in this one. */
export const OWNER_LABEL = "upmatrix.owner";
/** Images we made; they outlive runs. */
export const IMAGE_LABEL = "upmatrix.image";

const PING_MS = 5000;
const ARCHITECTURES: Record<string, string> = { x86_64: "x64", amd64: "x64", aarch64: "arm64", arm64: "arm64" };

/** Connects, or says why not and what to do. */
export async function connect(): Promise<Engine> {
  const docker = new Docker();
  const answer = await answerOf(docker);
  if (typeof answer === "string") throw unavailable(answer);
  const { info, version } = answer;
  if (info.OSType !== "linux") throw unavailable(`the engine runs ${info.OSType} containers, Linux ones are needed`);
  return {
    docker,
    version,
    description: `Docker ${version} on ${info.OperatingSystem}, ${info.Architecture}`,
    arch: ARCHITECTURES[info.Architecture] ?? info.Architecture,
    processors: info.NCPU,
    memoryBytes: info.MemTotal,
    limitsMemory: info.MemoryLimit === true,
    apparmor: (info.SecurityOptions ?? []).some((option) => option.includes("apparmor")),
  };
}

interface Info {
  readonly OSType: string;
  readonly OperatingSystem: string;
  readonly Architecture: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly MemoryLimit?: boolean;
  readonly SecurityOptions: readonly string[] | null;
}

async function answerOf(docker: Docker): Promise<{ info: Info; version: string } | string> {
  const silence = Promise.withResolvers<string>();
  const timer = setTimeout(() => silence.resolve(`no answer within ${PING_MS} ms`), PING_MS);
  const asked = Promise.all([docker.info(), docker.version()]).then(
    ([info, { Version }]) => ({ info: info as Info, version: Version }), // dockerode leaves the type of its answer open
    (error: unknown) => reasonOf(error) || "no answer",
  );
  return Promise.race([asked, silence.promise]).finally(() => clearTimeout(timer));
}

function unavailable(why: string): EnvironmentError {
  const at = process.env["DOCKER_HOST"];
  return new EnvironmentError({
    what: "Cannot use Docker",
    why: at === undefined ? why : `${why} (DOCKER_HOST=${at})`,
    whatToDo: "Start Docker, point DOCKER_HOST at an engine, or choose the environment `host`",
  });
}

/** What everything of a run is labelled with. */
export function labelsOf(run: string): Record<string, string> {
  return { [RUN_LABEL]: run, [OWNER_LABEL]: thisOwner() };
}

/** The HTTP status of an engine's refusal; undefined for everything else that was thrown. */
export function statusOf(error: unknown): number | undefined {
  return typeof error === "object" && error !== null && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
}

/** Removes a container and its anonymous volumes; one that is gone, or going, is no error. */
export async function removeContainer(docker: Docker, id: string): Promise<void> {
  const container = docker.getContainer(id);
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return;
    if (status !== 409) throw error;
    await container.wait({ condition: "removed" }).catch(() => undefined); // it went while we asked
  }
}
