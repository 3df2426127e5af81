// A plan as a numbered tree of text, for people. Knows indentation and marks; decides nothing.
import { address, conditionNames, factWords, sentence } from "../model/index.ts";
import type { Cell, LeftOut, Plan, Script } from "../model/index.ts";
import { describeCondition, describeFault } from "./describe.ts";

/** How deep the tree goes: pairs with the number of their cells, each cell in a line, or every step of every cell. */
export type PlanDetail = "pairs" | "cells" | "steps";

export interface PlanFormat {
  readonly detail?: PlanDetail;
  /** What else is known of a cell, for the end of its line. */
  readonly note?: (cell: Cell) => string;
}

/** The plan as text: products, their pairs, and under them the cells. Ends with what was left out. */
export function formatPlan(plan: Plan, options: PlanFormat = {}): string {
  const { detail = "cells", note = () => "" } = options;
  const lines = [headline(plan)];
  for (const [productNumber, [product, ofProduct]] of numbered(groupBy(plan.cells, (cell) => cell.product))) {
    lines.push("", `${productNumber} ${product}`);
    for (const [pairNumber, [, cells]] of numbered(groupBy(ofProduct, pairName))) {
      lines.push(...formatPair(`${productNumber}.${pairNumber}`, cells, detail, note));
    }
  }
  if (plan.leftOut.length > 0) lines.push("", ...formatLeftOut(plan.leftOut));
  return `${lines.join("\n")}\n`;
}

/** A cell's full plan: its steps as numbered sentences, its faults in words, its expected outcomes. */
export function formatCell(cell: Cell): string {
  return `${[cell.id, ...cellDetails(cell).map((line) => `  ${line}`)].join("\n")}\n`;
}

function headline(plan: Plan): string {
  const skipped = plan.cells.filter((cell) => cell.skip !== undefined).length;
  const leftOut = plan.leftOut.reduce((sum, group) => sum + group.cells, 0);
  const total = plan.cells.length;
  return `${cellCount(total)}: ${number(total - skipped)} to run, ${number(skipped)} skipped; ${number(leftOut)} left out by selection`;
}

function formatPair(number_: string, cells: readonly Cell[], detail: PlanDetail, note: (cell: Cell) => string): string[] {
  const [first] = cells;
  if (first === undefined) return [];
  const skipped = cells.filter((cell) => cell.skip !== undefined).length;
  const count = detail === "pairs" ? ` · ${cellCount(cells.length)}${skipped === 0 ? "" : `, ${number(skipped)} skipped`}` : "";
  const lines = [`  ${number_} ${pairName(first)} · ${first.kind}${first.inverted ? ", inverted" : ""}${count}`];
  if (detail === "pairs") return lines;
  for (const [cellNumber, cell] of numbered(cells)) {
    lines.push(
      `    ${number_}.${cellNumber} ${cell.scenario} @${cell.environment}${cell.skip === undefined ? note(cell) : ` · skipped: ${cell.skip}`}`,
    );
    if (detail === "steps") lines.push(...cellDetails(cell).map((line) => `      ${line}`));
  }
  return lines;
}

function cellDetails(cell: Cell): string[] {
  const { script } = cell;
  return [
    script.summary,
    ...(cell.skip === undefined ? [] : [`Skipped: ${cell.skip}`]),
    ...script.steps.map((step, index) => `${String(index + 1).padStart(2)}. ${sentence(step, cell)}`),
    ...conditionNames(script.conditions).map((name) => `Condition: ${describeCondition(name, script.conditions)}`),
    ...script.faults.map((fault) => `Fault: ${describeFault(fault)}`),
    `Expected: ${script.expect.join(" or ")}`,
    ...fleetDetails(script),
    ...(script.settled === "strict" ? [] : ["The layout counts after one more reboot and a sound upgrade"]),
    ...script.layout.present.map((path) => `Must be there: ${path}`),
    ...script.layout.absent.map((path) => `Must not be there: ${path}`),
  ];
}

/** What must hold of time, hosts and services. */
function fleetDetails({ hosts, downtime, overlap, runs, restarts, concurrency, facts }: Script): string[] {
  const { longest, total } = typeof downtime === "object" ? downtime : { longest: downtime, total: undefined };
  const atOnce = [
    ...(concurrency?.hosts === undefined ? [] : [`${concurrency.hosts} of the hosts`]),
    ...Object.entries(concurrency?.services ?? {}).map(([name, most]) => `${most} × ${name}`),
  ];
  return [
    ...(hosts === undefined ? [] : [`Hosts: ${hosts}`]),
    ...Object.entries(runs ?? {}).map(([member, role]) => `In the end ${member} runs the release \`${role}\``),
    ...(longest === undefined ? [] : [`Without a healthy agent: ${longest} at most`]),
    ...(total === undefined ? [] : [`Without a healthy agent, all together: ${total} at most`]),
    ...(overlap === undefined ? [] : [`Two versions answer at once: ${overlap} at most`]),
    ...(restarts === undefined ? [] : [`Restarts: ${restarts.only.length === 0 ? "nothing" : `only ${restarts.only.join(", ")}`}`]),
    ...(atOnce.length === 0 ? [] : [`Down or changing at once: ${atOnce.join(", ")} at most`]),
    ...(facts === undefined ? [] : [`In the end ${factWords(facts)}`]),
  ];
}

function formatLeftOut(leftOut: readonly LeftOut[]): string[] {
  return [
    "Left out by selection",
    ...leftOut.map(
      (group) => `  ${group.product} · ${group.scenario} @${group.environment}: ${cellCount(group.cells)} (pairs: ${group.selection})`,
    ),
  ];
}

function pairName(cell: Cell): string {
  const isChain = cell.id === address({ ...cell, chain: cell.next });
  return `${cell.from} → ${cell.to}${isChain ? ` → ${cell.next}` : ""}`;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, keyOf)];
}

function numbered<T>(items: readonly T[]): [number, T][] {
  return items.map((item, index) => [index + 1, item]);
}

function cellCount(count: number): string {
  return `${number(count)} ${count === 1 ? "cell" : "cells"}`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
