// Bundles the programs that run inside an environment into one file each, kept by content. Hides esbuild.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { build, type Plugin } from "esbuild";

export interface Bundle {
  /** The file to start with Node. */
  readonly path: string;
  readonly digest: string;
}

/** Where the bundles are kept when nobody says otherwise. */
export const DEFAULT_CACHE = path.join(".upmatrix", "cache");

const execute = promisify(execFile);
const EXTENSION = path.extname(import.meta.filename);

/** Both programs below read the bundle in the same way: what was compiled fits only the very same text. */
const READ = `const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");
const file = __dirname + "/program.cjs";
const compiled = __dirname + "/compiled-" + process.version;
const source = "(function (exports, require, module, __filename, __dirname) {" + readFileSync(file, "utf8") + "\\n})";
`;

/**
 * Loads the program with the code that V8 compiled of it before, where there is some and this V8 takes it: every cell starts it
 * anew, and compiling takes it a quarter of its time. Not by Node's own cache: that holds only what a program runs while it loads,
 * and products would inherit NODE_COMPILE_CACHE.
 */
const START = `${READ}let cachedData;
try { cachedData = readFileSync(compiled); } catch {} // none of this Node: only slower
new Script(source, { filename: file, cachedData }).runInThisContext()(exports, require, module, file, __dirname);
`;

/** Compiles every function of the program. The flags as they were, for they are part of what is kept. */
const COMPILE = `${READ}const { setFlagsFromString } = require("node:v8");
setFlagsFromString("--no-lazy");
const script = new Script(source, { filename: file });
setFlagsFromString("--lazy");
writeFileSync(compiled + "." + process.pid, script.createCachedData());
renameSync(compiled + "." + process.pid, compiled);
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

/** Any program of ours: `program.cjs` and, beside it, the `start.cjs` to start, and `compile.cjs` that makes it start faster. */
export async function bundleProgram(entry: string, cache: string): Promise<Bundle> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node22",
    supported: { "dynamic-import": false }, // a script that is loaded as ours has nobody who could answer one: require does
    logLevel: "silent",
    legalComments: "none",
    plugins: [WITHOUT_SCHEMAS],
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`esbuild made no file of ${entry}`);
  const digest = createHash("sha256").update(START).update(COMPILE).update(file.contents).digest("hex").slice(0, 16);
  const folder = path.resolve(cache, "cell", digest);
  await writeOnce(path.join(folder, "program.cjs"), file.contents);
  await writeOnce(path.join(folder, "start.cjs"), START);
  await writeOnce(path.join(folder, "compile.cjs"), COMPILE);
  return { path: path.join(folder, "start.cjs"), digest };
}

/** Compiles a bundle for the Node that runs us, unless it was. Throws when that cannot run it. */
export async function compileHere(bundle: Bundle): Promise<void> {
  const folder = path.dirname(bundle.path);
  if (await isThere(path.join(folder, `compiled-${process.version}`))) return;
  await execute(process.execPath, [path.join(folder, "compile.cjs")]);
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}

/** Two runs may bundle at once: the file appears whole or not at all. */
async function writeOnce(file: string, content: string | Uint8Array): Promise<void> {
  if (await isThere(file)) return;
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, file);
}
