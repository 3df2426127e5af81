// The runtime image: the base with Node, the cell program and the warden, in two layers that are made once and kept by
// content – Node's is big and rarely changes, the programs' is small and changes often. Hides containers, archives, commits.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type Docker from "dockerode";
import { type Bundle, bundleProgram } from "../bundle.ts";
import { EnvironmentError } from "../types.ts";
import { archive, type ArchiveEntry } from "./archive.ts";
import { ensureBase, hasImage, throwIfInterrupted } from "./base.ts";
import { type Engine, IMAGE_LABEL, labelsOf, OWNER_LABEL, removeContainer, RUN_LABEL } from "./engine.ts";
import { missingLibraries, nodeFor, nodeKey } from "./node-runtime.ts";
import { COMPILE, NODE, SCRIPT } from "./protocol.ts";

export const WARDEN = "/upmatrix/warden/start.cjs";
const BAKE_MS = 60_000;
const SUPERSEDED_S = 3600;
const EXTENSION = path.extname(import.meta.filename);

export interface ImageRequest {
  readonly engine: Engine;
  readonly run: string;
  readonly image: string | undefined;
  readonly cell: Bundle;
  readonly cache: string;
  readonly log: (line: string) => void;
  /** Ends what is under way when it is aborted. */
  readonly signal: AbortSignal | undefined;
}

export interface RuntimeImage {
  readonly name: string;
  readonly base: string;
}

/** The runtime image, made when the engine does not hold it yet. */
export async function ensureRuntimeImage(request: ImageRequest): Promise<RuntimeImage> {
  const { engine, cache, log } = request;
  const base = await ensureBase(request);
  const node = await nodeFor(engine.arch, cache);
  const { Id } = await engine.docker.getImage(base).inspect();
  const nodeImage = `upmatrix/node:${digestOf(Id, nodeKey(node))}`;
  if (!(await hasImage(engine.docker, nodeImage))) {
    log(`Adding Node ${process.versions.node} to ${base}`);
    await layer(request, base, nodeImage, { fill: (container) => putNode(container, engine, node, base) });
  }
  const warden = await bundleProgram(path.join(import.meta.dirname, `warden${EXTENSION}`), cache);
  const script = await readFile(path.join(import.meta.dirname, "cell.sh"), "utf8");
  const name = `upmatrix/runtime:${digestOf(nodeImage, request.cell.digest, warden.digest, script)}`;
  if (!(await hasImage(engine.docker, name))) {
    await layer(request, nodeImage, name, {
      fill: (container) => putPrograms(container, request.cell, warden, script),
      bake: [NODE, COMPILE],
    });
    await removeSuperseded(engine.docker, nodeImage, name);
  }
  return { name, base };
}

function digestOf(...parts: string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}

async function putNode(container: Docker.Container, engine: Engine, node: string, base: string): Promise<void> {
  const libraries = await missingLibraries(container, engine.arch, base);
  await container.putArchive(archive([{ path: NODE.slice(1), content: { file: node }, mode: 0o755 }, ...libraries]), { path: "/" });
}

async function putPrograms(container: Docker.Container, cell: Bundle, warden: Bundle, script: string): Promise<void> {
  const program = (bundle: Bundle, folder: string): ArchiveEntry[] =>
    ["start.cjs", "program.cjs", "compile.cjs"].map((file) => ({
      path: `upmatrix/${folder}/${file}`,
      content: { file: path.join(path.dirname(bundle.path), file) },
    }));
  const folders: ArchiveEntry[] = ["scratch", "artifacts"].map((folder) => ({ path: `upmatrix/${folder}`, content: "folder" }));
  const entries: ArchiveEntry[] = [
    ...folders,
    ...program(cell, "cell"),
    ...program(warden, "warden"),
    { path: SCRIPT.slice(1), content: { text: script }, mode: 0o755 },
  ];
  await container.putArchive(archive(entries), { path: "/" });
}

interface LayerWork {
  fill(container: Docker.Container): Promise<void>;
  /** Run once: what it writes stands in the image. */
  readonly bake?: readonly string[];
}

async function layer({ engine: { docker }, run, signal }: ImageRequest, from: string, to: string, work: LayerWork): Promise<void> {
  throwIfInterrupted(signal, `before ${to} was made`);
  const container = await docker.createContainer({
    Image: from,
    Entrypoint: [...(work.bake ?? [NODE])],
    Cmd: [],
    User: "0:0",
    Labels: labelsOf(run),
    HostConfig: { NetworkMode: "none" },
  });
  try {
    await work.fill(container);
    if (work.bake !== undefined) await bake(container, from);
    const [repo, tag] = to.split(":") as [string, string]; // we put the name together ourselves
    await container.commit({
      repo,
      tag,
      changes: `LABEL ${IMAGE_LABEL}=${to.includes("runtime") ? from : "node"} ${RUN_LABEL}= ${OWNER_LABEL}=`,
    });
  } finally {
    await removeContainer(docker, container.id);
  }
}

async function bake(container: Docker.Container, image: string): Promise<void> {
  await container.start();
  const timer = setTimeout(() => void container.kill().catch(() => undefined), BAKE_MS);
  const { StatusCode } = await container.wait().finally(() => clearTimeout(timer));
  if (StatusCode === 0) return;
  const said = await container.logs({ stdout: true, stderr: true });
  throw new EnvironmentError({
    what: "Cannot run Node in the image",
    why: `${image}: exit code ${StatusCode}: ${said.toString().trim()}`,
    whatToDo: "Choose an image with glibc 2.28 or newer",
  });
}

/** Images with an older program on the same Node. Those in use refuse to go; a young one may be about to be used by another run. */
async function removeSuperseded(docker: Docker, nodeImage: string, current: string): Promise<void> {
  const images = await docker.listImages({ filters: { label: [`${IMAGE_LABEL}=${nodeImage}`] } });
  for (const { Id, RepoTags, Created } of images) {
    if ((RepoTags ?? []).includes(current) || Date.now() / 1000 - Created < SUPERSEDED_S) continue;
    await docker
      .getImage(Id)
      .remove()
      .catch(() => undefined);
  }
}
