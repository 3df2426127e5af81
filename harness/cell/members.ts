// Asks the members of a fleet – hosts, services, services of hosts – how they are, and makes one answer of theirs.
import { joinedVersions, type Member, type MemberName, memberNames } from "../model/index.ts";
import type { Host } from "./host.ts";
import { NOTHING } from "./place.ts";
import type { Answers, Prober } from "./probe.ts";
import { identityOf } from "./processes.ts";

/** What the whole product answers, and each of its members; there are none when it is one agent. */
export interface FleetAnswers extends Answers {
  readonly members: readonly Member[];
}

/**
 * Asks everybody at once.
 * @param who asks, again and again or once and patiently
 */
export async function askAll(hosts: readonly Host[], who: "prober" | "patient" = "prober"): Promise<FleetAnswers> {
  const [first] = hosts;
  if (first === undefined) return { version: null, healthy: false, members: [] };
  const named = membersOf(hosts);
  if (named.length === 0) return { ...(await first[who].ask()), members: [] };
  const members = await Promise.all(named.map(({ at, ...name }) => askMember(name, at, at[who])));
  return { ...together(members), members };
}

/** The members of these hosts, and where each is. */
export function membersOf(hosts: readonly Host[]): (MemberName & { readonly at: Host })[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const names = memberNames(first.place.job.product, hosts.map(({ name }) => name).filter(Boolean));
  return names.flatMap((name) => {
    const at = hosts.find((host) => host.name === (name.host ?? ""));
    return at === undefined ? [] : [{ ...name, at }];
  });
}

/** The fleet's answer: well when all are; the versions of all that answer. */
export function together(members: readonly Pick<Member, "version" | "healthy">[]): Answers {
  return { version: joinedVersions(members.map(({ version }) => version)), healthy: members.every(({ healthy }) => healthy) };
}

/** Asks one member. */
export async function askMember({ name, host, service }: MemberName, { manager, place }: Host, prober: Prober): Promise<Member> {
  const { product } = place.job;
  const declared = product.services.find((one) => one.name === (service ?? product.services[0]?.name));
  const { version, health } = (service === undefined ? undefined : declared) ?? product;
  const answers = await prober.ask({ version: version ?? product.version, health }, { ...NOTHING, service });
  const processOf = (unit: string | undefined): string | null => {
    const pid = unit === undefined ? undefined : manager.pidOf(unit);
    return pid === undefined ? null : identityOf(pid);
  };
  const where = { ...(host === undefined ? {} : { host }), ...(service === undefined ? {} : { service }) };
  if (service !== undefined || product.services.length < 2) return { name, ...where, ...answers, process: processOf(declared?.unit) };
  const processes = Object.fromEntries(product.services.map((one) => [one.name, processOf(one.unit)]));
  return { name, ...where, ...answers, process: null, processes };
}

/** A member of which nothing is known, or nothing any more. */
export function silent({ name, host, service }: Pick<Member, "name" | "host" | "service"> | MemberName): Member {
  const where = { ...(host === undefined ? {} : { host }), ...(service === undefined ? {} : { service }) };
  return { name, ...where, version: null, healthy: false, process: null };
}
