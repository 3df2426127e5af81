// What a schema cannot say about product.yaml: regular expressions, placeholders, and names that refer to each other.
import type { Product, Trigger } from "../model/index.ts";
import { resolveTrigger } from "../plan/index.ts";
import { checkFleet, probesOf } from "./check-fleet.ts";
import { didYouMean, listed } from "./names.ts";
import { checkPlaceholders } from "./placeholders.ts";
import type { Problem } from "./problems.ts";
import { reporter } from "./reporter.ts";
import type { Loaded, Report } from "./reporter.ts";
import type { Path } from "./source.ts";

/** Problems of a product that fits its schema. */
export function checkProduct({ source, value: product }: Loaded<Product>): Problem[] {
  const problems: Problem[] = [];
  const report = reporter(source, problems);
  for (const [path, pattern] of patterns(product)) checkPattern(path, pattern, report);
  checkPlaceholders(product, report);
  checkFleet(product, report);
  checkTwins(product.services, "services", "name", report);
  checkTwins(product.services, "services", "unit", report);
  checkTwins(product.processes, "processes", "name", report);
  checkTwins(product.companions, "companions", "name", report);
  checkTwins(product.consistency, "consistency", "name", report);
  for (const key of ["points", "rollbackPoints"] as const) {
    for (const [name, trigger] of Object.entries(product[key])) checkPoint([key, name], trigger, product, report);
  }
  return problems;
}

function* patterns(product: Product): Generator<readonly [Path, string | undefined]> {
  for (const [path, { match }] of probesOf(product)) yield [[...path, "match"], match];
  for (const [index, sign] of product.upgrade.busy.entries())
    yield [["upgrade", "busy", index, "process"], "process" in sign ? sign.process : undefined];
  for (const [index, { match }] of product.processes.entries()) yield [["processes", index, "match"], match];
  for (const [index, updater] of product.updaters.entries()) yield [["updaters", index], updater];
  for (const [name, variant] of Object.entries(product.variants)) yield [["variants", name, "arguments"], variant.arguments];
}

function checkPattern(path: Path, pattern: string | undefined, report: Report): void {
  if (pattern === undefined) return;
  try {
    RegExp(pattern);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, "") : String(error);
    report(path, `Cannot compile the regular expression: ${why}`, String.raw`escape signs that are meant as they stand with \ `.trimEnd());
  }
}

function checkTwins<K extends string>(items: readonly { readonly [key in K]: string }[], list: string, key: K, report: Report): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (seen.has(item[key]))
      report([list, index, key], `Cannot use the ${key} ${JSON.stringify(item[key])} twice in ${list}`, "give each its own");
    seen.add(item[key]);
  }
}

function checkPoint(path: Path, trigger: Trigger, product: Product, report: Report): void {
  const found = resolveTrigger(trigger, product);
  if ("unknown" in found) {
    const names = [...Object.keys(product.points), ...Object.keys(product.rollbackPoints)];
    if (names.includes(found.unknown))
      report(path, `Cannot find out when ${String(path.at(-1))} is: its points lead in a circle`, "give it a trigger of its own");
    else
      report(
        [...path, "point"],
        `Cannot find the point ${JSON.stringify(found.unknown)}: ${listed(names)}`,
        didYouMean(found.unknown, names),
      );
    return;
  }
  const services = product.services.map((service) => service.name);
  const name = typeof found.trigger === "object" && "service" in found.trigger ? found.trigger.service : undefined;
  if (name === undefined || services.includes(name) || (typeof trigger === "object" && "point" in trigger)) return;
  report([...path, "service"], `Cannot find the service ${JSON.stringify(name)}: ${listed(services)}`, didYouMean(name, services));
}
