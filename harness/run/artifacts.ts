// Which artifacts cells need, and how a job names them.
import {
  type Action,
  type ArtifactRef,
  artifactName,
  artifactsOf,
  type Cell,
  type FleetStep,
  type JobArtifact,
  jobArtifactKey,
  type Step,
} from "../model/index.ts";
import type { StoredArtifact } from "../build/index.ts";

/** Every artifact the cells install or upgrade to, once each, in the order they are first needed. */
export function neededArtifacts(cells: Iterable<Cell>): ArtifactRef[] {
  const needed = new Map<string, ArtifactRef>();
  const seen = new Set<string>();
  for (const cell of cells) {
    if (cell.skip !== undefined) continue;
    // cells of one pair and one set of variants need the same artifacts
    const key = `${cell.product} ${cell.from} ${cell.to} ${cell.next} ${cell.script.baseline ?? ""} ${cell.script.candidate ?? ""} ${cell.scenario}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (const { ref } of artifactUses(cell)) needed.set(artifactName(ref), ref);
  }
  return [...needed.values()];
}

/** The artifacts of a cell's job, keyed as the cell program asks for them. */
export function jobArtifacts(
  cell: Cell,
  stored: ReadonlyMap<string, StoredArtifact>,
  folder: (key: string) => string,
): Record<string, JobArtifact> {
  return Object.fromEntries(
    artifactUses(cell).map(({ key, ref }) => {
      const artifact = stored.get(artifactName(ref));
      if (artifact === undefined) throw new Error(`Cannot run ${cell.id}: ${artifactName(ref)} was not built`);
      const { name, archive, files, archiveBytes, unpackedBytes } = artifact;
      return [key, { name, version: ref.version, directory: folder(artifact.key), archive, files, archiveBytes, unpackedBytes }];
    }),
  );
}

/** Every artifact a cell may install, upgrade to or serve, with the key its job knows it by. */
export function artifactUses(cell: Cell): { readonly key: string; readonly ref: ArtifactRef }[] {
  const uses = cell.script.steps.flatMap((step) => (step.kind === "install" || step.kind === "upgrade" ? usesOf(cell, step) : []));
  // `substitute` serves the sound release whatever the steps need
  const substitutes = cell.script.faults.flatMap(({ do: action }) =>
    typeof action === "object" && "serve" in action && "substitute" in action.misbehave
      ? usesOf(cell, { kind: "upgrade", role: action.misbehave.substitute, faults: false })
      : [],
  );
  const reinstalled = cell.script.faults.flatMap(({ do: action }) =>
    typeof action === "object" && "reinstall" in action ? usesOf(cell, { kind: "install", role: action.reinstall }) : [],
  );
  const steps = cell.script.steps.flatMap((step) => (step.kind === "fleet" ? usesOfFleet(cell, step.do) : []));
  const acted = cell.script.faults.flatMap(({ do: action }) => usesOfFleet(cell, action));
  return [...uses, ...substitutes, ...reinstalled, ...steps, ...acted];
}

/** A companion is upgraded to a release as it was published: what is broken in a variant is the agent. */
function usesOfFleet(cell: Cell, action: Action | FleetStep): ReturnType<typeof usesOf> {
  if (typeof action !== "object" || !("companion" in action) || action.do !== "upgrade") return [];
  return usesOf(cell, { kind: "upgrade", role: action.release, faults: false });
}

function usesOf(cell: Cell, step: Extract<Step, { kind: "install" | "upgrade" }>): { readonly key: string; readonly ref: ArtifactRef }[] {
  const roles = step.role === "again" ? (["to", "next"] as const) : ([step.role] as const);
  return artifactsOf(cell, step).map((ref, index) => ({ key: jobArtifactKey(roles[index] ?? roles[0], step.variant), ref }));
}
