// Shares equal texts: the records of many cells say the same sentences over and over.
import type { CellRecord } from "../model/index.ts";

/** A function that gives a record back with each text of its steps, its summary and names kept once. */
export function textSharer(): (record: CellRecord) => CellRecord {
  const texts = new Map<string, string>();
  const one = (text: string): string => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
  return (record) => ({
    ...record,
    product: one(record.product),
    from: one(record.from),
    to: one(record.to),
    next: one(record.next),
    scenario: one(record.scenario),
    summary: one(record.summary),
    steps: record.steps.map((step) => ({ ...step, sentence: one(step.sentence), message: one(step.message) })),
  });
}
