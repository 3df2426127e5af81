// `upmatrix check` and `upmatrix schema`: the project's files, validated, and what editors validate them with.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Command } from "commander";
import { checkProject, jsonSchemas } from "../load/index.ts";
import { openProject } from "./session.ts";

export async function checkCommand(_options: object, command: Command): Promise<void> {
  const project = await openProject(command);
  for (const warning of checkProject(project, new Date())) console.log(warning);
  const releases = Object.values(project.matrix.products).reduce((sum, { releases: list }) => sum + list.length, 0);
  console.log(
    `${Object.keys(project.products).length} products, ${releases} releases, ${Object.keys(project.scenarios).length} scenarios: all valid`,
  );
}

export async function schemaCommand(options: { readonly to: string }, command: Command): Promise<void> {
  const folder = path.resolve(command.optsWithGlobals<{ directory: string }>().directory, options.to);
  await mkdir(folder, { recursive: true });
  for (const [name, schema] of Object.entries(jsonSchemas())) {
    const file = path.join(folder, `${name}.schema.json`);
    await writeFile(file, `${JSON.stringify(schema, null, 2)}\n`);
    console.log(path.relative(process.cwd(), file));
  }
}
