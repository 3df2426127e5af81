// One history, two databases: what is asked of it holds for a file and for a real PostgreSQL server.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { execa } from "execa";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CellRecord, RunRecord } from "../model/index.ts";
import { SAMPLE, sampleCell } from "../report/sample.ts";
import { type History, HistoryError, openHistory } from "./index.ts";
import { PostgresServer, postgresPrograms } from "./testing/server.ts";

const PROGRAM = path.join(import.meta.dirname, "testing", "add.ts");
const programs = postgresPrograms();
const required = process.env["UPMATRIX_REQUIRE_POSTGRES"] === "1";

let folder: string;
let server: PostgresServer | undefined;
let places = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "upmatrix-history-"));
  if (programs !== undefined) server = await PostgresServer.start(programs);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A file, or a database of its own on the server. */
interface Kind {
  readonly name: string;
  readonly place: () => Promise<string>;
  /** Runs a statement behind the history's back. */
  readonly meddle: (place: string, sql: string) => Promise<void>;
}

const file: Kind = {
  name: "a file",
  place: async () => path.join(folder, "below", `history-${++places}.db`),
  meddle: async (place, sql) => {
    using database = new DatabaseSync(place);
    database.exec(sql);
  },
};
const postgres: Kind = {
  name: "PostgreSQL",
  place: async () => {
    if (server === undefined) throw new Error("PostgreSQL is required here, and no initdb was found");
    const name = `history_${++places}`;
    await query(server.url, `CREATE DATABASE ${name}`);
    return server.url.replace("/postgres?", `/${name}?`);
  },
  meddle: query,
};

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

const run = (name: string, startedAt: string, cells: readonly CellRecord[]): RunRecord => ({
  ...SAMPLE,
  run: name,
  startedAt,
  cells: [...cells],
});
const told = async (history: History, id: string) => (await history.of(id)).map((past) => [past.run, past.verdict]);

// the reason stands in the title, so that a run without PostgreSQL says what it did not test
const KINDS: readonly (Kind & { readonly able: boolean })[] = [
  { ...file, able: true },
  programs === undefined && !required
    ? { ...postgres, name: "PostgreSQL (skipped: no initdb and postgres on this machine)", able: false }
    : { ...postgres, able: true },
];

for (const kind of KINDS) {
  describe.runIf(kind.able)(kind.name, () => {
    test("remembers every cell that ran, in the order of the runs, also when it is opened again", async () => {
      const place = await kind.place();
      const cell = sampleCell({
        verdict: "failed",
        inputs: "abc",
        findings: [{ check: "layout", path: "a", expected: "b", actual: "c", step: 7 }],
      });
      {
        await using history = await openHistory(place);
        await history.add(run("r-2", "2026-05-02T10:00:00.000Z", [cell]));
        await history.add(
          run("r-1", "2026-05-01T10:00:00.000Z", [
            sampleCell({ downtimeMs: null }),
            sampleCell({ scenario: "skipped", verdict: "skipped" }),
          ]),
        );
      }
      await using history = await openHistory(place);
      expect(await history.cells()).toEqual([cell.id]);
      expect(await history.of(cell.id)).toEqual([
        expect.objectContaining({ run: "r-1", verdict: "passed", downtimeMs: null, inputs: null, finding: "" }),
        {
          ...{ run: "r-2", startedAt: "2026-05-02T10:00:00.000Z", upmatrix: "0.1.0", id: cell.id, verdict: "failed", outcome: "upgraded" },
          ...{
            reason: "",
            finding: "layout a: expected b, found c",
            durationMs: 2400,
            downtimeMs: 310,
            inputs: "abc",
            replay: cell.replay,
          },
        },
      ]);
    });

    test("a run that is judged again takes its own place", async () => {
      await using history = await openHistory(await kind.place());
      await history.add(run("r-1", SAMPLE.startedAt, [sampleCell(), sampleCell({ scenario: "other" })]));
      await history.add(run("r-1", SAMPLE.startedAt, [sampleCell({ verdict: "known" })]));
      expect(await told(history, sampleCell().id)).toEqual([["r-1", "known"]]);
      expect(await history.cells()).toEqual([sampleCell().id]);
    });

    test("a run is in it as a whole or not at all", async () => {
      await using history = await openHistory(await kind.place());
      await history.add(run("r-1", SAMPLE.startedAt, [sampleCell()]));
      const twice = [sampleCell({ scenario: "new" }), sampleCell({ verdict: "failed" }), sampleCell({ verdict: "failed" })];
      await expect(history.add(run("r-1", SAMPLE.startedAt, twice))).rejects.toThrow(HistoryError);
      expect(await history.cells()).toEqual([sampleCell().id]);
      expect(await told(history, sampleCell().id)).toEqual([["r-1", "passed"]]);
    });

    test("holds what agents write", async () => {
      await using history = await openHistory(await kind.place());
      const reason = "'; DROP TABLE upmatrix_cells; -- \u0000 \ud800 😀 \\ $1 %s\n";
      const cell = sampleCell({ reason, verdict: "errored" });
      await history.add(run("r'1", SAMPLE.startedAt, [cell]));
      const [past] = await history.of(cell.id);
      expect(past?.run).toBe("r'1");
      expect(past?.reason.replaceAll("\ufffd", "\u0000").replaceAll("\ud800", "\u0000")).toBe(reason.replace("\ud800", "\u0000"));
    });

    test("runs that end at once wait for each other", async () => {
      const place = await kind.place();
      const names = ["a", "b", "c", "d"];
      await Promise.all(names.map((name) => execa(process.execPath, [PROGRAM, place, name, "5"], { timeout: 120_000 })));
      await using history = await openHistory(place);
      const runs = (await history.of(sampleCell().id)).map((past) => past.run);
      expect(runs.toSorted()).toEqual(names.flatMap((name) => [1, 2, 3, 4, 5].map((number) => `${name}-${number}`)));
    });

    test("that another upmatrix has written is left alone", async () => {
      const place = await kind.place();
      await (await openHistory(place))[Symbol.asyncDispose]();
      await kind.meddle(place, "UPDATE upmatrix_schema SET version = 99");
      await expect(openHistory(place)).rejects.toThrow(/its tables are of version 99, and this upmatrix knows 1/);
      await expect(openHistory(place)).rejects.toThrow(HistoryError);
    });

    test("takes more cells than a statement has parameters", async () => {
      await using history = await openHistory(await kind.place());
      const cells = Array.from({ length: 10_000 }, (_, index) => sampleCell({ scenario: `s-${index}` }));
      await history.add(run("r-1", SAMPLE.startedAt, cells));
      expect((await history.cells()).length).toBe(10_000);
    });
  });
}

describe("what cannot be used is told with its name", () => {
  test("a file that is no database", async () => {
    const place = path.join(folder, "text.db");
    await writeFile(place, "This is not a database, it is a text that is long enough to be read as one.\n".repeat(20));
    await expect(openHistory(place)).rejects.toThrow(new RegExp(`Cannot use the history ${place}: .*not a database`));
  });

  test("a folder, and a file below a file", async () => {
    await expect(openHistory(folder)).rejects.toThrow(HistoryError);
    const below = path.join(folder, "a-file");
    await writeFile(below, "");
    await expect(openHistory(path.join(below, "history.db"))).rejects.toThrow(HistoryError);
  });

  test("a server that does not answer, without its password", async () => {
    const failed: unknown = await openHistory("postgres://me:secret@127.0.0.1:9/x").catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(HistoryError);
    expect(String(failed)).toMatch(/Cannot reach the history postgres:\/\/me@127\.0\.0\.1:9\/x: .*ECONNREFUSED/);
    expect(String(failed)).not.toContain("secret");
  });

  test("a database of another kind", async () => {
    await expect(openHistory("mysql://host/x")).rejects.toThrow(/expected a file, or a URL such as postgres:/);
  });
});
