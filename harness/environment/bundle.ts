// Bundles the programs that run inside an environment into one file each, kept by content. Hides esbuild.
import { createHash } from "node:crypto";
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { build, type Plugin } from "esbuild";

export interface Bundle {
  /** The file to start with Node. */
  readonly path: string;
  readonly digest: string;
}

/** Where the bundles are kept when nobody says otherwise. */
export const DEFAULT_CACHE = path.join(".upmatrix", "cache");

const EXTENSION = path.extname(import.meta.filename);

/**
 * The program is loaded by this file, which keeps V8's compiled code beside it: a third of the start-up time. By a call and not
 * by NODE_COMPILE_CACHE, which every product process would inherit. CommonJS, because loading a module takes as long again.
 */
export const START = `require("node:module").enableCompileCache?.(__dirname + "/compiled");
require("./program.cjs");
`;

/**
 * The programs use functions of the model that stand beside schemas, but parse nothing: their input is ours. Without zod they
 * start in half the time and are a tenth as big. Every word of a schema becomes nothing; using one fails loudly.
 */
const WITHOUT_SCHEMAS: Plugin = {
  name: "without-schemas",
  setup(building) {
    building.onResolve({ filter: /^zod$/ }, () => ({ path: "zod", namespace: "without-schemas" }));
    building.onLoad({ filter: /.*/, namespace: "without-schemas" }, () => ({
      contents: `
        const refuse = () => { throw new Error("Cannot check a schema here: programs inside environments carry none"); };
        export const z = new Proxy(() => {}, {
          apply: () => z,
          get: (_, word) => (/^(safe)?(parse|decode|encode)(Async)?$/i.test(String(word)) ? refuse : z),
        });`,
    }));
  },
};

/** The cell program. */
export async function bundleCellProgram(cache: string = DEFAULT_CACHE): Promise<Bundle> {
  return bundleProgram(path.join(import.meta.dirname, "..", "cell", `main${EXTENSION}`), cache);
}

/** Any program of ours: `program.cjs` and, beside it, the `start.cjs` to start. */
export async function bundleProgram(entry: string, cache: string): Promise<Bundle> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node22",
    logLevel: "silent",
    legalComments: "none",
    plugins: [WITHOUT_SCHEMAS],
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`esbuild made no file of ${entry}`);
  const digest = createHash("sha256").update(START).update(file.contents).digest("hex").slice(0, 16);
  const folder = path.resolve(cache, "cell", digest);
  await writeOnce(path.join(folder, "program.cjs"), file.contents);
  await writeOnce(path.join(folder, "start.cjs"), START);
  return { path: path.join(folder, "start.cjs"), digest };
}

/** Two runs may bundle at once: the file appears whole or not at all. */
async function writeOnce(file: string, content: string | Uint8Array): Promise<void> {
  if (await stat(file).catch(() => undefined)) return;
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, file);
}
