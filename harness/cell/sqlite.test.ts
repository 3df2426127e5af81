// What a database answers, and what is no answer.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { queryDatabase } from "./sqlite.ts";
import { scratchCell } from "./testing/scratch-cell.ts";

test("the first column of the first row; no row, no table, a writer and a broken file are no answer", async () => {
  await using cell = scratchCell();
  const file = path.join(cell.folder, "some.db");
  const ask = (query: string, patienceMs = 0): Promise<string | null> => queryDatabase(file, query, cell.observer, patienceMs);
  expect(await ask("select 1")).toBeNull();
  using database = new DatabaseSync(file);
  database.exec("create table attempts (id integer, state text, note blob); insert into attempts values (7, 'FAILED', x'6869')");
  expect(await ask("select count(*), 5 from attempts")).toBe("1");
  expect(await ask("select state from attempts")).toBe("FAILED");
  expect(await ask("select note from attempts")).toBe("hi");
  expect(await ask("select state from attempts where id = 8")).toBeNull();
  expect(await ask("select null")).toBeNull();
  expect(await ask("select id from guests")).toBeNull();
  database.exec("begin exclusive");
  expect(await ask("select state from attempts")).toBeNull();
  const patient = ask("select state from attempts", 5000);
  setImmediate(() => database.exec("commit"));
  expect(await patient).toBe("FAILED");
  expect(await ask("select state from attempts")).toBe("FAILED");
  expect(await ask("delete from attempts")).toBeNull();
  expect(await ask("select count(*) from attempts")).toBe("1");
  expect(cell.seen).toEqual([]);
});

test("a question that no database could answer is a problem", async () => {
  await using cell = scratchCell();
  const file = path.join(cell.folder, "some.db");
  writeFileSync(file, "");
  expect(await queryDatabase(file, "selec 1", cell.observer, 1000)).toBeNull();
  expect(cell.seen).toEqual([{ kind: "problem", message: expect.stringContaining('near "selec": syntax error') }]);
});
