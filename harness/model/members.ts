// The members of a fleet by name, and which release each is to run: what a script says of hosts and services, made out once.
import type { Script, Step } from "./cell.ts";
import { type FleetStep, hostNames } from "./fleet.ts";
import type { Member } from "./observation.ts";
import type { Product } from "./product.ts";

/** A member's name is `host`, `service` or `host/service`. */
export interface MemberName {
  readonly name: string;
  readonly host: string | undefined;
  readonly service: string | undefined;
}

/** The members of a product on these hosts; none: it is one agent, and speaks for itself. */
export function memberNames({ services }: Pick<Product, "services">, hosts: readonly string[]): MemberName[] {
  const versioned = services.flatMap(({ name, version }) => (version === undefined ? [] : [name]));
  if (versioned.length === 0) return hosts.map((host) => ({ name: host, host, service: undefined }));
  if (hosts.length === 0) return versioned.map((service) => ({ name: service, host: undefined, service }));
  return hosts.flatMap((host) => versioned.map((service) => ({ name: `${host}/${service}`, host, service })));
}

/** What several say together: `1.0.0`, or `1.0.0 and 1.1.0`; null when nobody says anything. */
export function joinedVersions(said: readonly (string | null)[]): string | null {
  const different = [...new Set(said.filter((one) => one !== null))].sort();
  return different.length === 0 ? null : different.join(BOTH);
}

/** The versions in what several say together. */
export function versionsIn(said: string): ReadonlySet<string> {
  return new Set(said.split(BOTH));
}

const BOTH = " and ";

/** The main processes of a member, by the name of the service; a single one has no name. */
export function mainProcesses({ process, processes }: Pick<Member, "process" | "processes">): Readonly<Record<string, string | null>> {
  return processes ?? { "": process };
}

/**
 * The services of a member whose main process is another one than before; of a member with a single one its name is empty.
 * null: nobody can tell, because no main process was known before or after.
 */
export function changedProcesses(before: Member | undefined, after: Member | undefined): string[] | null {
  if (before === undefined || after === undefined) return null;
  const [was, is] = [mainProcesses(before), mainProcesses(after)];
  const known = [was, is].every((all) => Object.values(all).some((one) => one !== null));
  return known
    ? [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => (was[name] ?? null) !== (is[name] ?? null))
    : null;
}

/** Whether a glob names this member: by its whole name, by its host, or by its service. `*` stands for any letters but `/`. */
export function matchesMember(pattern: string, { name, host, service }: Pick<MemberName, "name" | "host" | "service">): boolean {
  const expression = new RegExp(`^${pattern.split("*").map(escaped).join("[^/]*")}$`);
  return [name, host, service].some((word) => word !== undefined && expression.test(word));
}

/** The hosts there are when a script has taken its steps, in the order in which they came; `steps` may be a part of them. */
export function hostsAfter(script: Pick<Script, "steps" | "hosts">, product: Pick<Product, "hosts">, steps = script.steps): string[] {
  const hosts = hostNames(product.hosts, script.hosts);
  for (const step of steps) {
    const { add, remove } = membership(step);
    if (add !== undefined) hosts.push(add);
    if (remove !== undefined && hosts.includes(remove)) hosts.splice(hosts.indexOf(remove), 1);
  }
  return hosts;
}

/** How many hosts a fresh install must have to be a reference for all that a script ever has; undefined: as the product says. */
export function referenceHosts({ steps, hosts }: Pick<Script, "steps" | "hosts">): number | undefined {
  const left = new Set<string>();
  const added = steps.map((step) => {
    const { add, remove } = membership(step);
    if (remove !== undefined) left.add(remove);
    // one that comes back was there before
    return add === undefined || left.has(add) ? 0 : Number(/-(\d+)$/.exec(add)?.[1] ?? 0);
  });
  const most = Math.max(hosts ?? 0, ...added);
  return most === 0 ? undefined : most;
}

/**
 * The release that a member is to run in the end: what `runs` says of it; else what the last upgrade that was meant for it
 * goes to, and `from` when none was.
 */
export function goalOf(script: Pick<Script, "steps" | "runs">, member: MemberName): "from" | "to" | "next" {
  const said = Object.entries(script.runs ?? {}).find(([pattern]) => matchesMember(pattern, member));
  if (said !== undefined) return said[1];
  const added = script.steps.findLastIndex((step) => member.host !== undefined && membership(step).add === member.host);
  const last = script.steps.findLast(
    (step, index) => index > added && step.kind === "upgrade" && step.role !== "again" && isMeant(step, member),
  );
  return last?.kind === "upgrade" && last.role !== "again" ? last.role : "from";
}

/** Whether an upgrade is meant for a member. */
export function isMeant({ hosts, services }: Pick<Extract<Step, { kind: "upgrade" }>, "hosts" | "services">, member: MemberName): boolean {
  const onHost = hosts === undefined || member.host === undefined || hosts.includes(member.host);
  return onHost && (services === undefined || member.service === undefined || services.includes(member.service));
}

/** Names of the fleet that a step has, by what they are. */
export function membership(step: Step): { readonly add?: string; readonly remove?: string } {
  if (step.kind !== "fleet") return {};
  const done: FleetStep = step.do;
  if ("add" in done) return { add: done.add };
  return "remove" in done ? { remove: done.remove } : {};
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\/]/g, String.raw`\$&`);
}
