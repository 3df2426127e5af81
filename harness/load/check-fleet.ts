// What a schema cannot say about the hosts, companions and sources of a product: names that meet, queries that could change something.
import type { Probe, Product } from "../model/index.ts";
import { didYouMean, listed } from "./names.ts";
import type { Report } from "./reporter.ts";
import type { Path } from "./source.ts";

/** Problems of what a product has besides one agent on one machine. */
export function checkFleet(product: Product, report: Report): void {
  checkNames(product, report);
  checkEndpoints(product, report);
  checkConsistency(product, report);
  for (const [path, probe] of probesOf(product)) checkQuery(path, probe, report);
}

/** Every probe of a product, with the path that leads to it. */
export function* probesOf(product: Product): Generator<readonly [Path, Probe]> {
  yield [["version"], product.version];
  yield [["health"], product.health];
  for (const [index, sign] of product.upgrade.busy.entries()) if ("probe" in sign) yield [["upgrade", "busy", index, "probe"], sign.probe];
  for (const [index, { version, health }] of product.services.entries()) {
    if (version !== undefined) yield [["services", index, "version"], version];
    if (health !== undefined) yield [["services", index, "health"], health];
  }
  for (const [index, { ready }] of product.companions.entries()) yield [["companions", index, "ready"], ready];
  for (const [name, fact] of Object.entries(product.facts)) yield [["facts", name], fact];
  for (const [index, { sources }] of product.consistency.entries()) {
    for (const [name, source] of Object.entries(sources)) yield [["consistency", index, "sources", name], source];
  }
}

/** Hosts, companions and the operator are the ends of lines: a name must tell which is meant. */
function checkNames({ hosts, companions }: Product, report: Report): void {
  const isHost = new RegExp(`^${hosts?.prefix ?? "host"}-\\d+$`);
  for (const [index, { name }] of companions.entries()) {
    const path = ["companions", index, "name"];
    if (name === "operator") report(path, 'Cannot call a companion "operator": commands are run there', "give it another name");
    else if (isHost.test(name))
      report(path, `Cannot call a companion ${JSON.stringify(name)}: a host is called so`, "give it another name");
  }
}

/** Whoever reaches an endpoint knows it by its name alone. */
function checkEndpoints({ hosts, companions }: Product, report: Report): void {
  const owners = new Map<string, string>();
  const all: readonly (readonly [Path, string, readonly string[]])[] = [
    [["hosts"], "every host", hosts?.endpoints ?? []],
    ...companions.map(({ name, endpoints }, index) => [["companions", index], name, endpoints] as const),
  ];
  for (const [path, name, endpoints] of all) {
    for (const [place, endpoint] of endpoints.entries()) {
      const owner = owners.get(endpoint);
      if (owner !== undefined)
        report(
          [...path, "endpoints", place],
          `Cannot use the endpoint ${JSON.stringify(endpoint)} twice: it leads to ${owner} already`,
          "give each its own",
        );
      owners.set(endpoint, owner ?? name);
    }
  }
}

function checkConsistency({ consistency, services, hosts }: Product, report: Report): void {
  const names = services.map(({ name }) => name);
  for (const [index, { of, services: only }] of consistency.entries()) {
    if (of === "hosts" && hosts === undefined)
      report(["consistency", index, "of"], "Cannot compare what is said of hosts: the product has none", "write services, or add hosts:");
    for (const [place, name] of (only ?? []).entries()) {
      const path = ["consistency", index, "services", place];
      if (of === "hosts") report(path, "Cannot choose services where hosts are compared", "write of: services");
      else if (!names.includes(name))
        report(path, `Cannot find the service ${JSON.stringify(name)}: ${listed(names)}`, didYouMean(name, names));
    }
  }
}

/** A probe looks; it is asked every few milliseconds, and in no order. */
function checkQuery(path: Path, probe: Probe, report: Report): void {
  if (!("query" in probe)) return;
  const text = probe.query.trim();
  if (!/^(?:select|with)\b/i.test(text))
    report([...path, "query"], `Cannot ask with ${JSON.stringify(text.slice(0, 40))}: it is no SELECT`, "a probe must change nothing");
  else if (text.replace(/;$/, "").includes(";"))
    report([...path, "query"], "Cannot ask two things in one query", "write one SELECT without ;");
}
