// What a sweep expands into once its upgrade is recorded: a cell for each state a crash can leave, or for each operation to
// strike at. Pure: the recording and the digest function are given.
import { crashStates, errnoPoints, recurringPoints, sample, type Digest, type ErrnoPoint } from "../crash/index.ts";
import {
  address,
  type Cell,
  type CrashVariant,
  crashVariants,
  type Cut,
  type Fault,
  type Operation,
  type Product,
  type Recording,
  type Script,
  SERVICE_MARK,
  type Step,
  type Sweep,
  type Tier,
} from "../model/index.ts";
import picomatch from "picomatch";

export interface SweepInput {
  /** The cell that was recorded. */
  readonly cell: Cell;
  readonly product: Product;
  readonly recording: Recording;
  /** Where operations are struck at, a second one of the same: it tells which of them come by in every run. */
  readonly again?: Recording | undefined;
  readonly tier: Tier;
  /** The most points, below the tier `full`. */
  readonly most?: number | undefined;
  readonly digest: Digest;
}

export interface ExpandedSweep {
  readonly points: readonly Cell[];
  /** Operations that count; what only writes logs does not. */
  readonly operations: number;
  /** Points there are; `points` are those that the tier takes. */
  readonly states: number;
  /** States before equal ones were taken together. */
  readonly candidates: number;
  /** Operations that are not struck at, because they do not come by in every run. */
  readonly irregular?: number;
}

/** The points of a sweep. The gate takes the first, the middle and the last operation of each kind in each folder, and `most` of those. */
export function expandSweep(input: SweepInput): ExpandedSweep {
  const { sweep } = input.cell.script;
  if (sweep === undefined) throw new Error(`Cannot expand ${input.cell.id}: it is no sweep`);
  const recording = withoutLogs(input.recording, input.product);
  const from = sweep.part === "all" ? 0 : firstStart(recording, input.product);
  const { length: operations } = recording.operations.filter(({ k }) => k > from);
  switch (sweep.kind) {
    case "kill":
      return { operations, ...crashPoints(input, recording, from, ["kill"]) };
    case "power-loss":
      return { operations, ...crashPoints(input, recording, from, variantsOf(sweep.dropOne)) };
    case "errno":
    case "signal":
      return { operations, ...strikes(input, recording, from, sweep) };
    default:
      return sweep satisfies never;
  }
}

/** A kill is a sweep of its own. */
function variantsOf(dropOne: boolean): CrashVariant[] {
  return crashVariants.filter((variant) => variant !== "kill" && (dropOne || variant !== "drop-one"));
}

function crashPoints(
  { cell, tier, most, digest }: SweepInput,
  recording: Recording,
  from: number,
  variants: readonly CrashVariant[],
): Omit<ExpandedSweep, "operations"> {
  const states = crashStates(recording, { variants, digest, from });
  // in the gate one model of file systems stands for the others: each loses something at other operations
  const points = chosen(states, { tier, most }, ({ signature, variant }) => signature.replace(` (${variant})`, "")).map((state) =>
    pointCell(cell, state.name, {
      faults: [{ when: "start", do: { kill: "all", signal: "SIGKILL" }, undo: "never" }],
      cut: {
        name: state.name,
        k: state.k,
        variant: state.variant,
        ...(state.drop === undefined ? {} : { dropped: state.drop }),
        digest: state.digest,
        sentence: state.sentence,
        alike: state.alike.count,
      },
    }),
  );
  return { points, states: states.length, candidates: states.reduce((sum, { alike }) => sum + alike.count, 0) };
}

/** Operations at which a call fails or a signal comes: there the updater is run again. */
function strikes(
  { cell, tier, most, again, product }: SweepInput,
  recording: Recording,
  from: number,
  sweep: Extract<Sweep, { kind: "errno" | "signal" }>,
): Omit<ExpandedSweep, "operations"> {
  const found =
    again === undefined ? { points: errnoPoints(recording), irregular: [] } : recurringPoints(recording, withoutLogs(again, product));
  const points = found.points.filter(({ k }) => k > from);
  const irregular = found.irregular.filter((k) => k > from).length;
  const kinds = actionsOf(sweep);
  const cells = chosen(points, { tier, most }).flatMap((point) =>
    kinds
      .filter(({ fits }) => fits(point))
      .map(({ name, action }) => pointCell(cell, `${point.name}.${name}`, { faults: [strike(point, action)] })),
  );
  const all = points.reduce((sum, point) => sum + kinds.filter(({ fits }) => fits(point)).length, 0);
  return { points: cells, states: all, candidates: all, ...(irregular === 0 ? {} : { irregular }) };
}

interface Kind {
  readonly name: string;
  readonly action: Fault["do"];
  readonly fits: (point: ErrnoPoint) => boolean;
}

/** Only what takes space can find none; everything else fails as well for want of rights, of luck, or of a writable disk. */
const TAKES_SPACE: readonly Operation["op"][] = ["create", "write", "mkdir", "symlink", "link", "mknod", "fallocate"];
const SYNCS: readonly Operation["op"][] = ["fsync", "fdatasync", "sync", "syncfs", "msync"];

function actionsOf(sweep: Extract<Sweep, { kind: "errno" | "signal" }>): Kind[] {
  if (sweep.kind === "signal")
    return [{ name: sweep.signal.toLowerCase(), action: { kill: "caller", signal: sweep.signal }, fits: () => true }];
  return sweep.errors.flatMap((error): Kind[] => {
    const name = error.toLowerCase();
    const once: Kind = { name, action: { fail: error, sticky: false }, fits: ({ op }) => error === "EIO" || !SYNCS.includes(op) };
    if (error !== "ENOSPC" && error !== "EDQUOT") return [once];
    const fits = ({ op }: ErrnoPoint): boolean => TAKES_SPACE.includes(op);
    return [
      { ...once, fits },
      { name: `${name}-sticky`, action: { fail: error, sticky: true }, fits },
    ];
  });
}

function strike({ op, path, nth }: ErrnoPoint, action: Fault["do"]): Fault {
  return { when: { operation: op, path, nth, moment: "before" }, do: action, undo: "settled" };
}

function chosen<T extends { readonly signature: string }>(
  points: readonly T[],
  { tier, most = Infinity }: Pick<SweepInput, "tier" | "most">,
  signatureOf: (point: T) => string = ({ signature }) => signature,
): readonly T[] {
  if (tier === "full") return points;
  const taken = sample(
    points.map((point) => ({ point, signature: signatureOf(point) })),
    "first-middle-last",
  );
  return evenly(taken, most).map(({ point }) => point);
}

/** The first, the last, and so many in between. */
function evenly<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  const step = (list.length - 1) / Math.max(1, most - 1);
  return Array.from({ length: most }, (_, index) => Math.round(index * step)).flatMap((index) => list.slice(index, index + 1));
}

function pointCell(sweep: Cell, name: string, { faults, cut }: { readonly faults: readonly Fault[]; readonly cut?: Cut }): Cell {
  const { sweep: _, ...own } = sweep.script;
  const scenario = `${sweep.scenario}.${name}`;
  const script: Script = { ...own, scenario, faults, ...(cut === undefined ? {} : { cut, steps: afterTheCut(own.steps) }) };
  return { ...sweep, scenario, script, id: address({ ...sweep, scenario }) };
}

/** What was recorded up to the upgrade stays; then the machine boots. */
function afterTheCut(steps: readonly Step[]): Step[] {
  const cut = steps.findIndex((step) => step.kind === "upgrade" && step.faults);
  return [
    ...steps.slice(0, cut + 1),
    { kind: "reboot" },
    { kind: "snapshot", label: "rebooted" },
    { kind: "upgrade", role: "again", faults: false },
    { kind: "settle" },
    { kind: "snapshot", label: "again" },
    { kind: "stop" },
  ];
}

/** What goes into a log changes nothing that anybody reads again: every line of it would be a state of its own. */
function withoutLogs(recording: Recording, product: Product): Recording {
  const [root] = recording.base;
  const isLog = picomatch([...product.logs.agent, ...product.logs.updater], { dot: true });
  const relative = (file: string): string =>
    root !== undefined && file.startsWith(`${root.path}/`) ? file.slice(root.path.length + 1) : "";
  const concernsLog = (operation: Operation): boolean =>
    isLog(relative(operation.path ?? "")) || ("to" in operation && isLog(relative(operation.to)));
  return { ...recording, operations: recording.operations.filter((operation) => !concernsLog(operation)) };
}

/** Of any of the product's services, on whichever host. A recording in which none is started has no such part. */
function firstStart({ notes }: Recording, { services }: Product): number {
  const isStart = (name: string): boolean =>
    services.some(({ unit }) => name === `${SERVICE_MARK}:${unit}` || (name.startsWith(`${SERVICE_MARK}:`) && name.endsWith(`/${unit}`)));
  return notes.find((note) => note.note === "mark" && isStart(note.name))?.after ?? Infinity;
}
