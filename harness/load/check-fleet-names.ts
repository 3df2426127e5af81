// Names of hosts, services, companions, commands, requests and facts in a scenario that none of the products declares.
import { hostNames, matchesMember, memberNames, type Product, type Scenario, type ScenarioStep } from "../model/index.ts";
import { didYouMean, listed } from "./names.ts";
import type { Report } from "./reporter.ts";
import type { Path } from "./source.ts";

type Kind = "host" | "service" | "companion" | "command" | "request" | "fact";
type Named = readonly [kind: Kind, path: Path, name: string];
type Action = Scenario["faults"][number]["do"];

/** Reports every name that could never be found, in whichever product the scenario runs. */
export function checkFleetNames(
  scenario: Scenario,
  actions: Iterable<readonly [Path, Action]>,
  products: readonly Product[],
  report: Report,
): void {
  const known = knownNames(scenario, products);
  const all = [...namesIn(scenario), ...[...actions].flatMap(([path, action]) => [...namesOfAction(path, action)])];
  for (const [kind, path, name] of all) {
    if (!known[kind].includes(name))
      report(path, `Cannot find the ${kind} ${JSON.stringify(name)} in any product: ${listed(known[kind])}`, didYouMean(name, known[kind]));
  }
  for (const [index, step] of (scenario.steps ?? []).entries()) checkAdded(["steps", index], step, products, report);
  for (const [path, between] of lines(scenario, actions)) checkLine(path, between, known, products, report);
  checkMembers(scenario, products, known.host, report);
}

function knownNames(scenario: Scenario, products: readonly Product[]): Record<Kind, string[]> {
  const added = (scenario.steps ?? []).flatMap((step) => (typeof step === "object" && "add" in step ? [step.add] : []));
  const names = (of: (product: Product) => readonly string[]): string[] => [...new Set(products.flatMap(of))];
  return {
    host: [...new Set([...names(({ hosts }) => (hosts === undefined ? [] : hostNames(hosts, scenario.hosts))), ...added])],
    service: names(({ services }) => services.map(({ name }) => name)),
    companion: names(({ companions }) => companions.map(({ name }) => name)),
    command: names(({ commands }) => Object.keys(commands)),
    request: names(({ requests }) => Object.keys(requests)),
    fact: names(({ facts }) => Object.keys(facts)),
  };
}

function* namesIn({ steps = [], facts = {}, concurrency }: Scenario): Generator<Named> {
  for (const [index, step] of steps.entries()) if (typeof step === "object") yield* namesOfStep(["steps", index], step);
  for (const name of Object.keys(facts)) yield ["fact", ["facts", name], name];
  for (const name of Object.keys(concurrency?.services ?? {})) yield ["service", ["concurrency", "services", name], name];
}

function* namesOfStep(path: Path, step: Exclude<ScenarioStep, string>): Generator<Named> {
  if ("upgrade" in step) {
    for (const [index, name] of (step.hosts ?? []).entries()) yield ["host", [...path, "hosts", index], name];
    for (const [index, name] of (step.services ?? []).entries()) yield ["service", [...path, "services", index], name];
  } else if ("run" in step) yield ["command", [...path, "run"], step.run];
  else if ("burst" in step) yield ["request", [...path, "burst"], step.burst];
  else if ("await" in step) for (const name of Object.keys(step.await)) yield ["fact", [...path, "await", name], name];
  else if ("remove" in step) yield ["host", [...path, "remove"], step.remove];
  else if (!("add" in step)) yield* namesOfAction(path, step);
}

function* namesOfAction(path: Path, action: Action): Generator<Named> {
  if (typeof action === "string") return;
  if ("kill" in action && action.on !== undefined) yield ["host", [...path, "on"], action.on];
  if ("reboot" in action) yield ["host", [...path, "reboot"], action.reboot];
  if ("companion" in action) yield ["companion", [...path, "companion"], action.companion];
}

function* lines(scenario: Scenario, actions: Iterable<readonly [Path, Action]>): Generator<readonly [Path, readonly [string, string]]> {
  for (const [index, step] of (scenario.steps ?? []).entries())
    if (typeof step === "object" && "network" in step) yield [["steps", index, "between"], step.between];
  for (const [path, action] of actions) if (typeof action === "object" && "network" in action) yield [[...path, "between"], action.between];
}

/** A line leads from a host or the operator to a companion; where hosts have endpoints, also from any machine to a host. */
function checkLine(
  path: Path,
  between: readonly [string, string],
  known: Record<Kind, readonly string[]>,
  products: readonly Product[],
  report: Report,
): void {
  const near = [...known.host, "operator"];
  const names = [...near, ...known.companion];
  const unknown = between.findIndex((name) => !names.includes(name));
  const name = between[unknown];
  if (name !== undefined) {
    report(
      [...path, unknown],
      `Cannot find the host or companion ${JSON.stringify(name)} in any product: ${listed(names)}`,
      didYouMean(name, names),
    );
    return;
  }
  const toHosts = products.some(({ hosts }) => (hosts?.endpoints ?? []).length > 0);
  const fits = between.some((one, index) => {
    const other = between[1 - index] ?? "";
    return near.includes(other) && (known.companion.includes(one) || (toHosts && one !== other && known.host.includes(one)));
  });
  if (!fits)
    report(
      path,
      `Cannot disturb a line between ${between.join(" and ")}: there is none`,
      toHosts
        ? "lines lead from a host or the operator to a companion or another host"
        : "lines lead from a host or the operator to a companion, and to a host where hosts: of product.yaml has endpoints",
    );
}

/** A host that is added has a name as the others have. */
function checkAdded(path: Path, step: ScenarioStep, products: readonly Product[], report: Report): void {
  if (typeof step !== "object" || !("add" in step)) return;
  const prefixes = [...new Set(products.flatMap(({ hosts }) => (hosts === undefined ? [] : [hosts.prefix])))];
  if (prefixes.length === 0) report([...path, "add"], "Cannot add a host: no product has hosts", "declare hosts: in product.yaml");
  else if (!prefixes.some((prefix) => new RegExp(`^${prefix}-\\d+$`).test(step.add)))
    report(
      [...path, "add"],
      `Cannot add a host called ${JSON.stringify(step.add)}`,
      `write ${prefixes.map((prefix) => `${prefix}-3`).join(" or ")}`,
    );
}

/** Globs of members that no member of any product fits. */
function checkMembers({ runs, restarts }: Scenario, products: readonly Product[], hosts: readonly string[], report: Report): void {
  const members = products.flatMap((product) => memberNames(product, product.hosts === undefined ? [] : hosts));
  const patterns: (readonly [Path, string, "key" | "value"])[] = [
    ...Object.keys(runs ?? {}).map((pattern) => [["runs", pattern], pattern, "key"] as const),
    ...(restarts?.only ?? []).map((pattern, index) => [["restarts", "only", index], pattern, "value"] as const),
  ];
  const names = [...new Set(members.flatMap(({ name, host, service }) => [name, host, service]).filter((name) => name !== undefined))];
  for (const [path, pattern, part] of patterns) {
    if (!members.some((member) => matchesMember(pattern, member)))
      report(
        path,
        `Cannot find a host or service ${JSON.stringify(pattern)} in any product: ${listed(names)}`,
        didYouMean(pattern, names),
        part,
      );
  }
}
