// Reads a record back. A record of 100,000 cells is never held as text and as data at once: what we wrote has a line for each cell.
import { createReadStream } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type CellRecord, cellRecord, type RunRecord, runRecord } from "../model/index.ts";
import { CELLS_BEGIN, CELLS_END } from "./record-folder.ts";
import { textSharer } from "./texts.ts";

/** A run that is not there, or whose record cannot be read. */
export class RecordError extends Error {}

/** Reads a record back: a run's folder, its record.json, or `latest`. Throws with the reason when it is not one. */
export async function readRecord(reports: string, run: string): Promise<{ record: RunRecord; directory: string }> {
  const candidates = [path.resolve(run), path.resolve(reports, run)];
  for (const candidate of candidates) {
    const file = candidate.endsWith(".json") ? candidate : path.join(candidate, "record.json");
    const record = await readFileOfRecord(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw explained(error, file);
    });
    if (record !== undefined) return { record, directory: await realpath(path.dirname(file)) };
  }
  throw new RecordError(`Cannot find a run at ${candidates.join(" or ")}: name a folder below ${reports}, or "latest"`);
}

async function readFileOfRecord(file: string): Promise<RunRecord> {
  return (await readByLines(file)) ?? readWhole(file);
}

/** undefined: the record is not laid out as we write it; somebody else has formatted it. */
async function readByLines(file: string): Promise<RunRecord | undefined> {
  const share = textSharer();
  const head: string[] = [];
  const cells: CellRecord[] = [];
  let part: "head" | "cells" | "end" = "head";
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (part === "head" && line === CELLS_BEGIN) part = "cells";
    else if (part === "head") head.push(line);
    else if (part === "cells" && line === CELLS_END) part = "end";
    else if (part === "cells") {
      if (!/^ {4}\{.*\},?$/.test(line)) return undefined;
      cells.push(share(cellRecord.parse(JSON.parse(line.replace(/,$/, "")))));
    }
  }
  if (part !== "end") return undefined;
  return { ...runRecord.parse(JSON.parse(`${head.join("\n")}"cells": []}`)), cells };
}

async function readWhole(file: string): Promise<RunRecord> {
  const share = textSharer();
  const record = runRecord.parse(JSON.parse(await readFile(file, "utf8")));
  return { ...record, cells: record.cells.map((cell) => share(cell)) };
}

function explained(error: Error, file: string): Error {
  if (error instanceof SyntaxError) return new RecordError(`Cannot read ${file}: it is no whole JSON: ${error.message}`, { cause: error });
  if (!(error instanceof z.ZodError)) return error;
  const [issue] = error.issues;
  const where = issue?.path.join(".") ?? "";
  return new RecordError(`Cannot read ${file}: ${where}: ${issue?.message}; it was perhaps written by another version of upmatrix`, {
    cause: error,
  });
}
