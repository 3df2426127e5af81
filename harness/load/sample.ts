// A small sound project in a temporary folder, for tests that break one of its files.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

export const MATRIX = `products:
  alpha:
    path: products/alpha
    releases:
      - { version: 1.0.0, built: 2026-01-05T09:00:00Z }
      - { version: 1.1.0, built: 2026-02-02T09:00:00Z, traits: [journal] }
`;

export const PRODUCT = `summary: An agent
artifact: { name: "alpha-{version}.tar.gz", build: { command: ["{node}", build.ts], inputs: [build.ts] } }
install: [["{node}", "{root}/install"]]
services: [{ name: agent, unit: agent.service }]
version: { http: "unix:{socket:agent}:/status", json: /version }
health: { file: health }
active: { path: current }
upgrade: { command: ["{node}", "{root}/agent", upgrade, "{version}"], busy: [{ file: lock }] }
layout: {}
processes: [{ name: agent, match: agent run$ }]
logs: {}
variants:
  crash: { wrap: agent, then: { exit: 1 } }
points:
  swap: { file: current, event: changes }
`;

export const SCENARIO = `summary: A clean upgrade
expect: [upgraded]
`;

/** File texts by path; undefined leaves one of the sound files out. */
export type Files = Readonly<Record<string, string | Uint8Array | undefined>>;

/** Writes the sound project with some files replaced; gone when the scope ends. */
export async function sampleProject(files: Files = {}): Promise<{ readonly directory: string } & AsyncDisposable> {
  const directory = await mkdtemp(path.join(tmpdir(), "upmatrix-load-"));
  const all: Files = { "matrix.yaml": MATRIX, "products/alpha/product.yaml": PRODUCT, "scenarios/clean.yaml": SCENARIO, ...files };
  for (const [name, content] of Object.entries(all)) {
    if (content === undefined) continue;
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), content);
  }
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}
