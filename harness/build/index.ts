// The door of build: turns releases of products into stored artifacts, and keeps them by content.
export { buildArtifacts } from "./build.ts";
export { BuildError, type BuildFailure } from "./error.ts";
export { compileOnce } from "./compile.ts";
export { buildClock } from "./clock.ts";
export { buildRecorder } from "./recorder.ts";
export { pruneCache } from "./store.ts";
export type { BuildContext, BuildProduct, StoredArtifact } from "./types.ts";
