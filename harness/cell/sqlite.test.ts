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
  const ask = (query: string): string | null => queryDatabase(file, query, cell.observer);
  expect(ask("select 1")).toBeNull();
  using database = new DatabaseSync(file);
  database.exec("create table attempts (id integer, state text, note blob); insert into attempts values (7, 'FAILED', x'6869')");
  expect(ask("select count(*), 5 from attempts")).toBe("1");
  expect(ask("select state from attempts")).toBe("FAILED");
  expect(ask("select note from attempts")).toBe("hi");
  expect(ask("select state from attempts where id = 8")).toBeNull();
  expect(ask("select null")).toBeNull();
  expect(ask("select id from guests")).toBeNull();
  database.exec("begin exclusive");
  expect(ask("select state from attempts")).toBeNull();
  database.exec("commit");
  expect(ask("select state from attempts")).toBe("FAILED");
  expect(ask("delete from attempts")).toBeNull();
  expect(ask("select count(*) from attempts")).toBe("1");
  expect(cell.seen).toEqual([]);
});

test("a question that no database could answer is a problem", async () => {
  await using cell = scratchCell();
  const file = path.join(cell.folder, "some.db");
  writeFileSync(file, "");
  expect(queryDatabase(file, "selec 1", cell.observer)).toBeNull();
  expect(cell.seen).toEqual([{ kind: "problem", message: expect.stringContaining('near "selec": syntax error') }]);
});
