// Many cells made of one: the story that a real cell told, retold of other releases. Pure.
import { address, artifactName, type Cell, type CellRecord, type Observation, type Snapshot } from "../model/index.ts";

type Releases = Pick<Cell, "from" | "to" | "next">;

const PRODUCTS = 4;
const RELEASES = 51;
const SCENARIOS = 20;
/** Left behind by a broken cell. */
const LEFTOVER = "left-behind.tmp";

/** Observations in which the releases' versions can be replaced. */
export class Story {
  /** Text and, in between, the name of a release. */
  readonly #pieces: readonly string[];

  constructor(observations: readonly Observation[], told: Releases) {
    const names = new Map([told.from, told.to, told.next].map((version, index) => [version, ["from", "to", "next"][index] ?? ""]));
    const versions = [...names.keys()].map((version) => version.replaceAll(".", "\\.")).join("|");
    const text = JSON.stringify(observations);
    this.#pieces = text
      .split(new RegExp(`(?<![\\d.])(${versions})(?!\\d|\\.\\d)`))
      .map((piece, index) => (index % 2 === 0 ? piece : (names.get(piece) ?? piece)));
  }

  tell(releases: Releases): Observation[] {
    const text = this.#pieces.map((piece, index) => (index % 2 === 0 ? piece : releases[piece as keyof Releases])).join(""); // odd pieces are names
    return JSON.parse(text) as Observation[]; // made from some
  }
}

/** Without the texts of small files in trees, which only diffs show: half as big. */
export function withoutTexts(observations: readonly Observation[]): Observation[] {
  return observations.map((one) => {
    if (one.kind !== "snapshot") return one;
    const tree = one.snapshot.tree.map(({ text: _text, ...entry }) => entry);
    return { ...one, snapshot: { ...one.snapshot, tree } };
  });
}

/** As if the upgrade had left a file behind. */
export function broken(observations: readonly Observation[]): Observation[] {
  const littered = (snapshot: Snapshot): Snapshot => ({
    ...snapshot,
    tree: [
      ...snapshot.tree,
      { path: LEFTOVER, type: "file" as const, mode: "644", owner: "0:0", size: 5, digest: "0".repeat(64), text: "left\n" },
    ].sort((one, other) => (one.path < other.path ? -1 : 1)),
  });
  return observations.map((one) =>
    one.kind === "snapshot" && one.label !== "before" ? { ...one, snapshot: littered(one.snapshot) } : one,
  );
}

/** The cell of a number: another product, pair or scenario for each up to 100,000. */
export function castCell(like: Cell, index: number): Cell {
  const product = `product-${index % PRODUCTS}`;
  const scenario = `${like.scenario}-${Math.floor(index / PRODUCTS) % SCENARIOS}`;
  const [low, high] = pairOf(Math.floor(index / PRODUCTS / SCENARIOS));
  const releases = { from: `1.${low}.0`, to: `1.${high}.0`, next: `1.${high + 1}.0` };
  return { ...like, ...releases, product, scenario, id: address({ ...releases, product, scenario, environment: like.environment }) };
}

/** The products that `castCell` knows, and their references: the address of each release's fresh install. */
export const CAST_PRODUCTS = Array.from({ length: PRODUCTS }, (_, index) => `product-${index}`);

export function castReferences(like: Cell): { readonly id: string; readonly releases: Releases }[] {
  return CAST_PRODUCTS.flatMap((product) =>
    Array.from({ length: RELEASES }, (_, index) => {
      const version = `1.${index}.0`;
      const ref = artifactName({ product, version, rebuilt: false });
      return { id: `${ref}/fresh-install@${like.environment}`, releases: { from: version, to: version, next: version } };
    }),
  );
}

/** Its record before it is judged again. */
export function castRecord(like: CellRecord, { id, product, from, to, next, scenario }: Cell, observations: string): CellRecord {
  return { ...structuredClone(like), id, product, from, to, next, scenario, observations, replay: `npm run upmatrix -- replay '${id}'` };
}

/** The pairs of releases in order: 0 → 1, 0 → 2, … */
function pairOf(index: number): [number, number] {
  let rest = index;
  for (let low = 0; low < RELEASES; low++) {
    const higher = RELEASES - 1 - low;
    if (rest < higher) return [low, low + 1 + rest];
    rest -= higher;
  }
  throw new RangeError(`Cannot cast pair ${index}: ${RELEASES} releases have fewer`);
}
