// By which command lines a product's processes are known. The expressions are compiled once per product.
import type { Product } from "../model/index.ts";

export interface ProcessPatterns {
  readonly kinds: readonly { readonly name: string; readonly count: number; readonly expression: RegExp }[];
  readonly updaters: readonly RegExp[];
}

const compiled = new WeakMap<Product, ProcessPatterns>();

export function processPatterns(product: Product): ProcessPatterns {
  const known = compiled.get(product) ?? {
    kinds: product.processes.map(({ name, count, match }) => ({ name, count, expression: new RegExp(match) })),
    updaters: product.updaters.map((pattern) => new RegExp(pattern)),
  };
  compiled.set(product, known);
  return known;
}
