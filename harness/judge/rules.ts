// What a product's layout rules say of a path. Globs are compiled once per product, and each path is looked up once.
import picomatch from "picomatch";
import type { Product } from "../model/index.ts";

/** How much of an entry is compared. `without-content`: all but size and digest. */
export type Comparison = "all" | "without-content" | "presence" | "nothing";

export interface PathRule {
  readonly compare: Comparison;
  /** It may be there although the reference lacks it. */
  readonly mayBeExtra: boolean;
}

export interface LayoutRules {
  of(path: string): PathRule;
}

export type Matcher = (path: string) => boolean;

/** The globs of a product, compiled. */
export interface ProductGlobs {
  /** What belongs to the user: `preserved`, and the files that the user edits. */
  readonly preserved: Matcher;
  readonly volatile: Matcher;
  readonly contents: Matcher;
  readonly allowed: Matcher;
  readonly temporary: Matcher;
}

/** Broken variants of a cell: wrappers of the harness lie in the tree, which no sound release has. */
export interface Wrapped {
  /** The variant of what is installed now: its wrapped files have another content. */
  readonly now: string | undefined;
  /** All that were ever installed: their `.real` files may have stayed. */
  readonly ever: readonly string[];
}

const NOTHING_WRAPPED: Wrapped = { now: undefined, ever: [] };
const MOST_REMEMBERED_PATHS = 100_000;

const globs = new WeakMap<Product, ProductGlobs>();
const rules = new WeakMap<Product, Map<string, LayoutRules>>();
const lists = new WeakMap<readonly string[], readonly Matcher[]>();

/** Compiles a list of globs into one test. Dot files match like any other. */
export function matcher(patterns: readonly string[]): Matcher {
  return patterns.length === 0 ? () => false : picomatch([...patterns], { dot: true, windows: false });
}

/** A test for each glob of a list that is used again and again, such as a scenario's. */
export function matchersOf(patterns: readonly string[]): readonly Matcher[] {
  const known = lists.get(patterns) ?? patterns.map((pattern) => matcher([pattern]));
  lists.set(patterns, known);
  return known;
}

export function productGlobs(product: Product): ProductGlobs {
  const known = globs.get(product);
  if (known !== undefined) return known;
  const { preserved, volatile, contents, allowed } = product.layout;
  const edited = new Set(product.user.map(({ file }) => file));
  const globbed = matcher([...preserved, ...(product.hosts === undefined ? [] : edited)]);
  const compiled: ProductGlobs = {
    preserved: (path) => edited.has(path) || globbed(path),
    volatile: matcher(volatile),
    contents: matcher(contents),
    allowed: matcher(allowed),
    temporary: matcher(product.temporary),
  };
  globs.set(product, compiled);
  return compiled;
}

/**
 * The rules by which two trees of a product are compared. What is preserved is left out: it is compared with what was
 * there before the upgrade (check `user-files`), never with a fresh install.
 */
export function layoutRules(product: Product, wrapped: Wrapped = NOTHING_WRAPPED): LayoutRules {
  const known = rules.get(product) ?? new Map<string, LayoutRules>();
  rules.set(product, known);
  const key = [wrapped.now ?? "", ...wrapped.ever].join(" ");
  const made = known.get(key) ?? makeRules(product, wrapped);
  known.set(key, made);
  return made;
}

function makeRules(product: Product, { now, ever }: Wrapped): LayoutRules {
  const { preserved, volatile, contents, allowed } = productGlobs(product);
  const changed = matcher(now === undefined ? [] : wrappedGlobs(product, now));
  const kept = matcher(ever.flatMap((name) => wrappedGlobs(product, name)).map((glob) => `${glob}.real`));
  const compare = (path: string): Comparison => {
    if (volatile(path) || preserved(path) || kept(path)) return "nothing";
    if (contents(path)) return "presence";
    return changed(path) ? "without-content" : "all";
  };
  const remembered = new Map<string, PathRule>();
  return {
    of(path) {
      const known = remembered.get(path);
      if (known !== undefined) return known;
      if (remembered.size >= MOST_REMEMBERED_PATHS) remembered.clear();
      const rule: PathRule = { compare: compare(path), mayBeExtra: allowed(path) };
      remembered.set(path, rule);
      return rule;
    },
  };
}

/** The wrapped files wherever the install puts them: the glob is of the archive, so only its last part can be relied on. */
function wrappedGlobs(product: Product, variant: string): string[] {
  const wrap = product.variants[variant]?.wrap;
  if (wrap === undefined) return [];
  if (/\{[^}]*\/[^}]*\}/.test(wrap)) return [`**/${wrap}`];
  const segments = wrap.split("/");
  let tail = segments.pop() ?? wrap;
  // a tail of wildcards only would take in every file
  while (!/[A-Za-z0-9]/.test(tail) && segments.length > 0) tail = `${segments.pop()}/${tail}`;
  return [`**/${tail}`];
}
