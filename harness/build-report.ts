// `npm run build:report`: bundles the report's browser part ahead, so that writing a report needs no bundler. The result is
// committed; a test compares it with what would be built.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { build, transform } from "esbuild";

const FOLDER = path.join(import.meta.dirname, "report", "html");
export const GENERATED = path.join(FOLDER, "app.generated.ts");

/** Browsers that know `light-dark()` and DecompressionStream, from 2024 on. */
const TARGET = ["chrome123", "firefox120", "safari17.5"];

/** The module that holds script and style as text, and their hashes for the Content-Security-Policy. */
export async function buildReportApp(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(FOLDER, "app", "main.tsx")],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: TARGET,
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    charset: "ascii",
    logLevel: "silent",
    absWorkingDir: FOLDER,
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error("Cannot build the report: esbuild made no file of its script");
  const style = await transform(await readFile(path.join(FOLDER, "app", "style.css"), "utf8"), {
    loader: "css",
    minify: true,
    target: TARGET,
    charset: "ascii",
  });
  // inside of a script element neither an end tag nor the beginning of a comment may stand
  const app = script.text.trim().replaceAll("</", "<\\/").replaceAll("<!--", "<\\!--");
  return [
    "// Made by `npm run build:report` from app/; contains preact and @preact/signals (MIT). Do not edit.",
    constant("APP", app),
    constant("APP_HASH", hash(app)),
    constant("STYLE", style.code.trim()),
    constant("STYLE_HASH", hash(style.code.trim())),
    "",
  ].join("\n");
}

function constant(name: string, value: string): string {
  return `export const ${name} = ${JSON.stringify(value)};`;
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

if (import.meta.main) await writeFile(GENERATED, await buildReportApp());
