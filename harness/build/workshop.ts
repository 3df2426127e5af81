// For tests only: a tiny product in a temporary folder, and what is asked of it.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArtifactRef, type Product, type Release, product, release } from "../model/index.ts";
import { buildArtifacts } from "./index.ts";
import type { BuildContext, StoredArtifact } from "./types.ts";

export interface Workshop extends AsyncDisposable {
  readonly root: string;
  readonly directory: string;
  readonly cache: string;
  readonly context: BuildContext;
}

export const NODE_AGENT = `#!/usr/bin/env node
const [command] = process.argv.slice(2);
if (command === "about") console.log(JSON.stringify({ file: __filename, folder: __dirname, main: require.main === module, argv: process.argv.slice(1) }));
if (command === "fail") process.exit(3);
if (command === "run") {
  process.on("SIGTERM", () => { console.log("stopping"); process.exit(0); });
  process.once("SIGINT", () => { console.log("stopping"); process.exit(0); });
  process.stdin.on("data", () => console.log("pong"));
  console.log("ready");
}
`;

export const SHELL_AGENT = `#!/bin/sh
case $1 in
  about) echo "about $*" ;;
  fail) exit 3 ;;
  run) echo ready; while read -r line; do echo pong; done ;;
esac
`;

const BUILD = `
import { chmodSync, mkdirSync, symlinkSync, writeFileSync, appendFileSync } from "node:fs";
const { UPMATRIX_OUT: out, ...env } = process.env;
appendFileSync(new URL("builds.log", import.meta.url), env.UPMATRIX_VERSION + "\\n");
mkdirSync(out + "/bin");
mkdirSync(out + "/empty");
writeFileSync(out + "/agent", ${JSON.stringify(NODE_AGENT)}, { mode: 0o700 });
writeFileSync(out + "/bin/tool", ${JSON.stringify(SHELL_AGENT)});
chmodSync(out + "/bin/tool", 0o755);
const about = Object.entries(env).filter(([name]) => name.startsWith("UPMATRIX_")).sort();
writeFileSync(out + "/about.json", JSON.stringify(Object.fromEntries(about)), { mode: 0o600 });
writeFileSync(out + "/" + "long-".repeat(30), "x".repeat(100000));
if (process.platform !== "win32") symlinkSync("bin/tool", out + "/tool");
`;

/** A product with one build script; `changes` replaces parts of product.yaml. */
export async function workshop(changes: Record<string, unknown> = {}, options: Partial<BuildContext> = {}): Promise<Workshop> {
  const root = await mkdtemp(join(tmpdir(), "upmatrix-build-"));
  const directory = join(root, "tiny");
  const cache = join(root, "cache");
  await mkdir(directory);
  await writeFile(join(directory, "build.mjs"), BUILD);
  const releases = [tinyRelease("1.0.0"), tinyRelease("2.0.0", { traits: ["slow", "careful"] })];
  const context = {
    products: { tiny: { product: tinyProduct(changes), directory, releases } },
    cache,
    platform: "linux-x64",
    parallel: 2,
    ...options,
  };
  return { root, directory, cache, context, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

export function tinyProduct(changes: Record<string, unknown> = {}): Product {
  return product.parse({
    summary: "A tiny product",
    artifact: { name: "tiny-{version}-{platform}.tar.gz", build: { command: ["node", "build.mjs"], inputs: ["*.mjs"] } },
    install: [["true"]],
    services: [{ name: "agent", unit: "agent.service" }],
    version: { file: "version" },
    health: { file: "health" },
    active: { path: "current" },
    upgrade: { command: ["true"], busy: [{ process: "upgrade" }] },
    layout: {},
    processes: [{ name: "agent", match: "agent run" }],
    logs: {},
    ...changes,
  });
}

export function tinyRelease(version: string, changes: Record<string, unknown> = {}): Release {
  return release.parse({ version, built: "2026-03-02T09:00:00Z", ...changes });
}

export function ref(version: string, changes: Partial<ArtifactRef> = {}): ArtifactRef {
  return { product: "tiny", version, rebuilt: false, ...changes };
}

/** Builds one artifact. */
export async function buildOne(context: BuildContext, wanted: ArtifactRef = ref("1.0.0")): Promise<StoredArtifact> {
  const [artifact] = (await buildArtifacts([wanted], context)).values();
  if (artifact === undefined) throw new Error("nothing was built");
  return artifact;
}
