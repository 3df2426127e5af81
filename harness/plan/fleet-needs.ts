// What a script asks of a fleet – hosts, services, companions, commands, facts – and the product does not have.
import { type Action, hostNames, matchesMember, memberNames, membership, type Product, type Script } from "../model/index.ts";

/** Capabilities that follow from what a product declares: nobody has to list them in `provides`. */
export function impliedCapabilities(product: Product): string[] {
  const { hosts, companions, services, commands, requests, facts, consistency } = product;
  const implied: readonly (readonly [string, boolean])[] = [
    ["hosts", hosts !== undefined],
    ["companions", companions.length > 0],
    ["services", services.some(({ version }) => version !== undefined)],
    ["commands", Object.keys(commands).length > 0],
    ["requests", Object.keys(requests).length > 0],
    ["facts", Object.keys(facts).length > 0],
    ["consistency", consistency.length > 0],
  ];
  return implied.flatMap(([name, has]) => (has ? [name] : []));
}

/** Why the product cannot run the script; each reason names what is missing. */
export function missingOfFleet(product: Product, script: Script): string[] {
  const has = namesOf(product, script);
  const missing = (kind: keyof typeof has, names: readonly string[]): string[] =>
    names.filter((name) => !has[kind].includes(name)).map((name) => `the product has no ${kind} ${name}`);
  const lacksHosts = product.hosts === undefined && asksForHosts(script);
  const steps = script.steps.flatMap((step) => {
    if (step.kind === "upgrade") return [...missing("host", step.hosts ?? []), ...missing("service", step.services ?? [])];
    if (step.kind !== "fleet") return [];
    const { do: done } = step;
    if ("run" in done) return missing("command", [done.run]);
    if ("burst" in done) return missing("request", [done.burst]);
    if ("await" in done) return missing("fact", Object.keys(done.await));
    if ("add" in done) return wrongName(done.add, product);
    if ("remove" in done) return missing("host", [done.remove]);
    return ofAction(done, missing, product);
  });
  const all = [
    ...steps,
    ...script.faults.flatMap(({ do: action }) => ofAction(action, missing, product)),
    ...missing("fact", Object.keys(script.facts ?? {})),
    ...missing("service", Object.keys(script.concurrency?.services ?? {})),
    ...missingMembers(product, script),
  ];
  // one reason stands for every host that a product without hosts does not have
  return lacksHosts ? ["the product has no hosts", ...all.filter((reason) => !reason.startsWith("the product has no host "))] : all;
}

type Names = Readonly<Record<"host" | "service" | "companion" | "command" | "request" | "fact", readonly string[]>>;
type Missing = (kind: keyof Names, names: readonly string[]) => string[];

function namesOf(product: Product, script: Script): Names {
  const added = script.steps.flatMap((step) => membership(step).add ?? []);
  return {
    host: [...hostNames(product.hosts, script.hosts), ...added],
    service: product.services.map(({ name }) => name),
    companion: product.companions.map(({ name }) => name),
    command: Object.keys(product.commands),
    request: Object.keys(product.requests),
    fact: Object.keys(product.facts),
  };
}

function ofAction(action: Action, missing: Missing, product: Product): string[] {
  if (typeof action === "string") return [];
  if ("kill" in action) return action.on === undefined ? [] : missing("host", [action.on]);
  if ("reboot" in action) return missing("host", [action.reboot]);
  if ("companion" in action) return missing("companion", [action.companion]);
  return "network" in action ? missingLine(action.between, missing, product) : [];
}

/** Lines lead to companions, and to hosts where these have endpoints. */
function missingLine(between: readonly [string, string], missing: Missing, { companions, hosts }: Product): string[] {
  const ends = between.filter((name) => name !== "operator");
  const far = ends.find((name) => companions.some((companion) => companion.name === name));
  if (far === undefined && (hosts === undefined || hosts.endpoints.length === 0)) {
    const why = hosts === undefined ? "" : ", and its hosts have no endpoints";
    return [`the product has no line between ${between.join(" and ")}: neither is a companion of it${why}`];
  }
  return missing(
    "host",
    ends.filter((name) => name !== far),
  );
}

function asksForHosts({ hosts, steps, concurrency }: Script): boolean {
  const named = steps.some((step) => {
    if (step.kind === "upgrade") return step.hosts !== undefined;
    return step.kind === "fleet" && ("add" in step.do || "remove" in step.do || "reboot" in step.do);
  });
  return hosts !== undefined || concurrency?.hosts !== undefined || named;
}

function wrongName(host: string, { hosts }: Product): string[] {
  if (hosts === undefined || new RegExp(`^${hosts.prefix}-\\d+$`).test(host)) return [];
  return [`the product's hosts are called ${hosts.prefix}-1, ${hosts.prefix}-2, …: ${host} cannot be one`];
}

function missingMembers(product: Product, script: Script): string[] {
  const patterns = [...Object.keys(script.runs ?? {}), ...(script.restarts?.only ?? [])];
  const asked = script.runs !== undefined || script.restarts !== undefined || script.concurrency !== undefined;
  const added = script.steps.flatMap((step) => membership(step).add ?? []);
  const members = memberNames(product, [...hostNames(product.hosts, script.hosts), ...added]);
  if (members.length === 0) return asked ? ["the product has neither hosts nor services with versions of their own"] : [];
  return patterns
    .filter((pattern) => !members.some((member) => matchesMember(pattern, member)))
    .map((pattern) => `the product has no host or service ${pattern}`);
}
