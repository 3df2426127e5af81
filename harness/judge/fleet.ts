// The fleet of a cell – which hosts and services there are in the end, and which release each is to run – and its trees.
import {
  type Cell,
  hostNames,
  hostsAfter,
  goalOf,
  matchesMember,
  type MemberName,
  memberNames,
  membership,
  type Product,
  type Snapshot,
  type Tree,
  type TreeEntry,
} from "../model/index.ts";
import { type Matcher, matcher } from "./rules.ts";

export type ReleaseRole = "from" | "to" | "next";
export type Roles = (member: MemberName) => ReleaseRole;

export interface Fleet {
  /** In the end, with those that were added and without those that were removed; none: a single one without a name. */
  readonly hosts: readonly string[];
  readonly initial: ReadonlySet<string>;
  readonly added: ReadonlySet<string>;
  /** In the end they are not there. */
  readonly removed: ReadonlySet<string>;
  /** They were removed at some time, and may have come back as new ones. */
  readonly left: ReadonlySet<string>;
  /** In the end. */
  readonly members: readonly MemberName[];
  /** Those that ever were. */
  readonly ever: readonly MemberName[];
  /** What each is to run in the end. */
  readonly goal: Roles;
}

/** null: one agent on one machine. */
export function fleetOf({ script }: Pick<Cell, "script">, product: Product): Fleet | null {
  const before = hostNames(product.hosts, script.hosts);
  const added = script.steps.flatMap((step) => membership(step).add ?? []);
  const hosts = hostsAfter(script, product);
  const all = new Set([...before, ...added]);
  const ever = memberNames(product, [...all]);
  if (ever.length === 0) return null;
  return {
    hosts,
    initial: new Set(before),
    added: new Set(added),
    removed: new Set([...all].filter((host) => !hosts.includes(host))),
    left: new Set(script.steps.flatMap((step) => membership(step).remove ?? [])),
    members: memberNames(product, hosts),
    ever,
    goal: (member) => goalOf(script, member),
  };
}

/** `1.1.0 runs`, or what each member runs where they differ. */
export function answerOf({ version, healthy, members = [] }: Pick<Snapshot, "version" | "healthy" | "members">): string {
  const versions = new Set(members.map((member) => member.version));
  const down = members.filter((member) => !member.healthy).map(({ name }) => name);
  if (versions.size > 1 || (down.length > 0 && down.length < members.length))
    return members
      .map((member) => `${member.name}: ${member.version ?? "nothing answers"}${member.healthy ? "" : ", not healthy"}`)
      .join("; ");
  if (version === null) return healthy ? "healthy, no version answers" : "nothing answers";
  return `${version} runs${healthy ? "" : ", not healthy"}`;
}

/** What a composed tree is made of. */
export interface TreeSource {
  readonly product: Product;
  readonly cell: Pick<Cell, "script">;
  readonly fleet: Fleet;
  /** null: there is none. */
  readonly treeOf: (role: ReleaseRole) => Tree | null;
}

/**
 * The tree of a fleet in which each member has its own release: every path as it is in the tree of its owner's release. A
 * path is its service's, or else its host's; what no service owns on a host whose services differ has the release that
 * `runs` says of the host, else `from`. A host that the tree of a release lacks looks there like the first one. Instead of
 * the tree, the release that has none.
 */
export function fleetTree(
  { product, cell, fleet, treeOf }: TreeSource,
  roles: Roles,
): { readonly tree: Tree } | { readonly missing: ReleaseRole } {
  const hosts = fleet.hosts.length === 0 ? [""] : fleet.hosts;
  const needed = [...new Set(fleet.members.map(roles))];
  const trees = new Map<ReleaseRole, Tree>();
  for (const role of new Set([...needed, ...hosts.map((host) => roleOfHost(host, { cell, fleet }, roles))])) {
    const tree = treeOf(role);
    if (tree === null) return { missing: role };
    trees.set(role, tree);
  }
  const [only] = needed;
  const whole = only === undefined ? undefined : trees.get(only);
  if (needed.length === 1 && whole !== undefined && sameHosts(whole, fleet.hosts)) return { tree: whole };
  const owners = ownersOf(product);
  const entries = hosts.flatMap((host) => {
    const ofHost = roleOfHost(host, { cell, fleet }, roles);
    const roleOf = (path: string): ReleaseRole => {
      const service = owners(path);
      const owner = fleet.members.find((member) => member.service === service && (member.host ?? "") === host);
      return service === undefined || owner === undefined ? ofHost : roles(owner);
    };
    return [...trees].flatMap(([role, tree]) => entriesOn(host, tree).filter(({ path }) => roleOf(path) === role));
  });
  const top = [...trees.values()].flatMap((tree) => tree.filter(({ path }) => path === "." && fleet.hosts.length > 0)).slice(0, 1);
  return { tree: [...top, ...entries].toSorted((one, other) => (one.path < other.path ? -1 : 1)) };
}

function roleOfHost(host: string, { cell, fleet }: Pick<TreeSource, "cell" | "fleet">, roles: Roles): ReleaseRole {
  const own = new Set(fleet.members.filter((member) => (member.host ?? "") === host).map(roles));
  const [first = "from"] = own;
  if (own.size < 2) return first;
  const name = { name: host, host: host === "" ? undefined : host, service: undefined };
  return Object.entries(cell.script.runs ?? {}).find(([pattern]) => matchesMember(pattern, name))?.[1] ?? "from";
}

function sameHosts(tree: Tree, hosts: readonly string[]): boolean {
  if (hosts.length === 0) return true;
  const there = foldersOf(tree);
  return there.length === hosts.length && hosts.every((host) => there.includes(host));
}

/** The entries of one host's part; of another host's, renamed, where the tree does not have this one. */
function entriesOn(host: string, tree: Tree): readonly TreeEntry[] {
  if (host === "") return tree;
  const there = foldersOf(tree);
  const like = there.includes(host) ? host : there[0];
  if (like === undefined) return [];
  const own = tree.filter(({ path }) => path === like || path.startsWith(`${like}/`));
  return like === host ? own : own.map((entry) => ({ ...renamed(entry, like, host), path: `${host}${entry.path.slice(like.length)}` }));
}

/** Where a small text says on which host it lies, it says the other one now; its digest is nobody's any more. */
function renamed(entry: TreeEntry, from: string, to: string): TreeEntry {
  const { digest: _digest, size: _size, ...rest } = entry;
  const { text, target } = entry;
  const linked = target === undefined ? {} : { target: target.replaceAll(from, to) };
  return text?.includes(from) === true ? { ...rest, ...linked, text: text.replaceAll(from, to) } : { ...entry, ...linked };
}

function foldersOf(tree: Tree): string[] {
  return tree.flatMap(({ path, type }) => (type === "directory" && path !== "." && !path.includes("/") ? [path] : []));
}

const owners = new WeakMap<Product, (path: string) => string | undefined>();

/** Which service a path belongs to, by its `tree`; the first that claims it. */
function ownersOf(product: Product): (path: string) => string | undefined {
  const known = owners.get(product);
  if (known !== undefined) return known;
  const claims = product.services.map(({ name, tree }): readonly [string, Matcher] => [name, matcher(tree)]);
  const made = (path: string): string | undefined => claims.find(([, matches]) => matches(path))?.[0];
  owners.set(product, made);
  return made;
}
