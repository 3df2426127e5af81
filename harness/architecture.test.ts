// The house rules that a reader relies on: who may import whom, one door a folder, and no product known by name.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const HOME = import.meta.dirname;

/** Folders a folder may import, besides itself. Whatever is not listed is forbidden. */
const ALLOWED: Record<string, readonly string[]> = {
  model: [],
  crash: ["model"],
  plan: ["model", "crash"],
  judge: ["model", "crash"],
  report: ["model", "crash"],
  load: ["model", "plan"],
  build: ["model"],
  faults: ["model"],
  cell: ["model", "faults", "crash"],
  environment: ["model"],
  history: ["model"],
  run: ["model", "crash", "plan", "judge", "load", "build", "environment"],
  cli: ["model", "crash", "plan", "report", "load", "build", "environment", "run", "history"],
  bench: ["model", "crash", "plan", "judge", "report", "load", "build", "environment", "run"],
};

/** The core does no I/O and knows no time: these may import no module of Node, and use neither clock nor process. */
const PURE = ["model", "crash", "plan", "judge", "report"];
/** The cell program starts in any image: nothing but Node's own modules and what is bundled from the harness. */
const NODE_ONLY = ["cell", "faults"];

interface Source {
  readonly folder: string;
  readonly name: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: Source[] = readdirSync(HOME, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && name.includes(path.sep) && !name.endsWith(".test.ts") && !name.includes("testing"))
  .map((name) => {
    const text = readFileSync(path.join(HOME, name), "utf8");
    const imports = [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+"([^"]+)"/gms)].map(([, from]) => from ?? "");
    return { folder: name.split(path.sep)[0] ?? "", name: name.split(path.sep).join("/"), text, imports };
  });

test("every folder is in the table", () => {
  expect([...new Set(sources.map(({ folder }) => folder))].sort()).toEqual(Object.keys(ALLOWED).sort());
});

test("a folder imports only what the table allows, and by its door", () => {
  const broken = sources.flatMap((source) =>
    source.imports
      .filter((from) => from.startsWith("."))
      .flatMap((from) => {
        const target = path.posix.normalize(path.posix.join(path.posix.dirname(source.name), from));
        const [folder = ""] = target.split("/");
        if (folder === source.folder) return [];
        if (!(ALLOWED[source.folder] ?? []).includes(folder)) return [`${source.name} may not import ${target}`];
        return target === `${folder}/index.ts` ? [] : [`${source.name} imports ${target} instead of ${folder}/index.ts`];
      }),
  );
  expect(broken).toEqual([]);
});

test("the core does no I/O and knows neither time nor process", () => {
  const broken = sources
    .filter(({ folder }) => PURE.includes(folder))
    .flatMap(({ name, text, imports }) => [
      ...imports.filter((from) => from.startsWith("node:")).map((from) => `${name} imports ${from}`),
      ...(/\bDate\.now\(|\bnew Date\(\)|\bprocess\.\w|\bperformance\.|\bMath\.random\(|\bfetch\(/.test(code(text))
        ? [`${name} knows the time, the process or the world`]
        : []),
    ]);
  expect(broken).toEqual([]);
});

test("the cell program needs nothing but Node", () => {
  const broken = sources
    .filter(({ folder }) => NODE_ONLY.includes(folder))
    .flatMap(({ name, imports }) =>
      imports.filter((from) => !from.startsWith(".") && !from.startsWith("node:")).map((from) => `${name} imports ${from}`),
    );
  expect(broken).toEqual([]);
});

test("the harness knows no product by name", () => {
  const products = readdirSync(path.join(HOME, "..", "fixtures"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const cli = { name: "cli.ts", text: readFileSync(path.join(HOME, "cli.ts"), "utf8") };
  const naming = [...sources, cli]
    .filter(({ text }) => products.some((product) => new RegExp(`\\b${product}\\b`, "i").test(code(text))))
    .map(({ name }) => name);
  expect(products.length).toBeGreaterThan(1);
  expect(naming).toEqual([]);
});

/** Without comments: an example in prose may name anything. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}
