// The active pointer: whether it leads to something, what that is, and of which version. Of a fleet it is well when every host's is.
import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import path from "node:path";
import { joinedVersions, type Snapshot } from "../model/index.ts";
import { runCommand } from "./command.ts";
import type { Host } from "./host.ts";
import type { Observer } from "./observer.ts";
import { NOTHING, type Place } from "./place.ts";
import { extract } from "./probe.ts";

type Active = Snapshot["active"];

/** @param ask whether to run the command that tells the version of what it leads to */
export async function readActive(hosts: readonly Host[], observer: Observer, ask: boolean): Promise<Active> {
  const [first, ...others] = await Promise.all(
    hosts.map(async ({ place }) => ({ name: place.name, ...(await activeOn(place, observer, ask)) })),
  );
  if (first === undefined) return { exists: false, target: null, version: null, detail: "there is no host" };
  const { name, ...only } = first;
  if (name === "") return only;
  const all = [first, ...others];
  const led = all.find(({ exists }) => !exists) ?? first; // one that leads nowhere is what is to be seen
  const details = [...Map.groupBy(all, ({ detail }) => detail)];
  return {
    exists: all.every(({ exists }) => exists),
    target: led.target === null ? null : `${led.name}/${led.target}`,
    version: joinedVersions(all.map(({ version }) => version)),
    detail: details
      .map(([detail, some]) => (details.length === 1 ? detail : `${some.map((one) => one.name).join(", ")}: ${detail}`))
      .join("; "),
  };
}

async function activeOn(place: Place, observer: Observer, ask: boolean): Promise<Active> {
  const { active } = place.job.product;
  if (active === undefined) return { exists: true, target: null, version: null, detail: "the product declares no active pointer" };
  const full = path.join(place.root, active.path);
  const stat = lstatSync(full, { throwIfNoEntry: false });
  if (stat === undefined) return { exists: false, target: null, version: null, detail: `${active.path} does not exist` };
  let target: string | null = null;
  try {
    target = path.relative(realpathSync(place.root), realpathSync(full)).split(path.sep).join("/");
  } catch (error) {
    return {
      exists: false,
      target: stat.isSymbolicLink() ? readlinkSync(full) : null,
      version: null,
      detail: `${active.path} leads nowhere: ${(error as Error).message}`,
    }; // fs errors are Errors
  }
  if (!ask || active.command === undefined) return { exists: true, target, version: null, detail: "not asked" };
  const argv = active.command.map((word) => place.fill(word, NOTHING));
  const options = { ...place.commandOptions(NOTHING, 5000), quiet: true };
  const result = await runCommand(argv, options, observer);
  const version = result.code === 0 ? extract({}, result.stdout) : null;
  const detail =
    result.code === 0
      ? "asked"
      : `${argv.join(" ")}: ${result.code === null ? `ended by ${result.signal}` : `exit code ${result.code}`}: ${result.stderr.trim().slice(-300)}`;
  return { exists: true, target, version, detail };
}
