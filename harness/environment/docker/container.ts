// Starts containers for cells: always without a network, labelled with the run, and removed by the engine itself when their
// first process ends. Hides testcontainers.
import type Docker from "dockerode";
import { GenericContainer } from "testcontainers";
import { type Engine, labelsOf } from "./engine.ts";
import { ARTIFACTS, WAIT } from "./protocol.ts";

// Its helper container would have to be pulled; we remove what we start, and label it for those who come after us.
process.env["TESTCONTAINERS_RYUK_DISABLED"] ??= "true";

export interface ContainerSpec {
  readonly engine: Engine;
  readonly image: string;
  readonly run: string;
  readonly volume: string;
  readonly memoryBytes: number | undefined;
  /** `warm`: read-only root, and what namespaces and mounts need. `mounts`: what mounts need. `plain`: nothing extra. */
  readonly rights: "warm" | "mounts" | "plain";
  /** Mounts of their own: path → options. */
  readonly trees: Readonly<Record<string, string>>;
}

class CellContainer extends GenericContainer {
  constructor(spec: ContainerSpec) {
    super(spec.image);
    const { apparmor } = spec.engine;
    this.autoCleanup = false;
    this.networkMode = "none";
    this.hostConfig = {
      ...this.hostConfig,
      AutoRemove: true,
      ReadonlyRootfs: spec.rights === "warm",
      Binds: [`${spec.volume}:${ARTIFACTS}:ro`],
      Tmpfs: { ...spec.trees },
      CapAdd: spec.rights === "warm" ? ["SYS_ADMIN", "NET_ADMIN"] : spec.rights === "mounts" ? ["SYS_ADMIN"] : [],
      SecurityOpt: [
        ...(spec.rights === "warm" ? ["seccomp=unconfined"] : []),
        ...(apparmor && spec.rights !== "plain" ? ["apparmor=unconfined"] : []),
      ],
      ...(spec.memoryBytes === undefined ? {} : { Memory: spec.memoryBytes, MemorySwap: spec.memoryBytes }),
    };
    this.withUser("0:0").withLabels(labelsOf(spec.run)).withEntrypoint(["/bin/sh", "-c", WAIT]).withCommand([]);
  }
}

/** A started container. Whoever asked removes it. */
export async function startContainer(spec: ContainerSpec): Promise<Docker.Container> {
  const started = await new CellContainer(spec).start();
  return spec.engine.docker.getContainer(started.getId());
}
