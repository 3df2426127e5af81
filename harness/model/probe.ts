// How something is asked of a running product: over HTTP, by a command, from a file, or of a database.
import { z } from "zod";
import { relativeGlob } from "./units.ts";

export const argv = z
  .array(z.string().min(1))
  .min(1)
  .describe("A command as a list of arguments; {placeholders} are filled in, no shell is involved");
export const regexText = z.string().min(1);

const value = {
  json: z.string().startsWith("/").optional().describe("JSON pointer into the answer"),
  match: regexText.optional().describe("Regular expression; its first group is the value"),
  equals: z.string().optional().describe("The value that counts as yes (health)"),
};

/** Asks something of a running product: over HTTP, by a command, from a file, or of a SQLite database. */
export const probe = z
  .union([
    z.strictObject({ http: z.string().min(1).describe("URL, or unix:/path/to.sock:/request/path"), ...value }),
    z.strictObject({ command: argv, ...value }),
    z.strictObject({ file: relativeGlob.describe("In the install tree"), ...value }),
    z.strictObject({
      sqlite: z.string().min(1).describe("The database file, such as {data:api}/history.db"),
      query: z.string().min(1).describe("One SELECT; the first column of the first row is the answer"),
      ...value,
    }),
  ])
  .meta({ id: "probe" });
export type Probe = z.infer<typeof probe>;
