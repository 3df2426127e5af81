// The errors of this folder: one artifact's failure, and all failures of a build in one.

/** Why one artifact cannot be had: what, why, and what to do about it. Printed without a stack. */
export class ArtifactError extends Error {
  override readonly name = "ArtifactError";
}

export interface BuildFailure {
  /** The artifact's name. */
  readonly artifact: string;
  readonly message: string;
}

/** Every artifact that could not be built, with the reason of each. Printed without a stack. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  readonly failures: readonly BuildFailure[];

  constructor(failures: readonly BuildFailure[], options?: ErrorOptions) {
    super(compose(failures), options);
    this.failures = failures;
  }
}

/** The text of anything thrown; unknown errors keep their stack, because only it says where they come from. */
export function reason(error: unknown): string {
  if (error instanceof ArtifactError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function compose(failures: readonly BuildFailure[]): string {
  const count = failures.length === 1 ? "1 artifact" : `${failures.length} artifacts`;
  return [`Cannot build ${count}:`, ...failures.map(({ artifact, message }) => `\n${artifact}: ${message}`)].join("\n");
}
