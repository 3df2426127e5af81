// What the product says when it is asked: its facts, and of each host or service what every source says that should know.
import type { Consistency, Product, Statement } from "../model/index.ts";
import type { Host } from "./host.ts";
import { NOTHING } from "./place.ts";
import type { Prober } from "./probe.ts";

/** Every fact by its name; null: no answer. */
export async function readFacts({ facts }: Product, prober: Prober, names = Object.keys(facts)): Promise<Record<string, string | null>> {
  const asked = names.flatMap((name) => (facts[name] === undefined ? [] : [{ name, probe: facts[name] }]));
  return Object.fromEntries(await Promise.all(asked.map(async ({ name, probe }) => [name, await prober.says(probe)] as const)));
}

/** Every source is asked on the host it is asked about. */
export async function readStatements(hosts: readonly Host[]): Promise<Statement[]> {
  const declared = hosts[0]?.place.job.product.consistency ?? [];
  return Promise.all(
    declared.flatMap((one) => hosts.flatMap((host) => subjects(one, host).map((service) => statement(one, host, service)))),
  );
}

/** The services on a host that are spoken of; the host itself is undefined. */
function subjects({ of, services }: Consistency, { place }: Host): (string | undefined)[] {
  return of === "hosts" ? [undefined] : (services ?? place.job.product.services.map(({ name }) => name));
}

async function statement({ name, sources }: Consistency, { place, patient }: Host, service: string | undefined): Promise<Statement> {
  const target = { ...NOTHING, service };
  const says = await Promise.all(
    Object.entries(sources).map(async ([source, probe]) => [source, await patient.says(probe, target)] as const),
  );
  return { of: name, member: service === undefined ? place.name : place.label(service), says: Object.fromEntries(says) };
}
