// Patterns over the addresses of cells, as filters and known failures write them. Knows the four parts of an address; nobody else does.
import { FilterError } from "./error.ts";

const WILDCARD = /[*?{]/;
const PARTS = "<product>/<from>..<to>/<scenario>@<environment>";

/**
 * A test for addresses of cells. A pattern gives the parts of an address from the left; parts it leaves out match anything, so `*`,
 * `elastic`, `elastic/*`, `elastic/8.*..9.*` and `*@docker` are patterns too. `*` matches any characters within a part, `?` one of them,
 * `{a,b}` one of the choices.
 * A scenario named without a point means all its points: `elastic/*` + `/kill-updater` matches `…/kill-updater.rename@docker`.
 */
export function addressMatcher(pattern: string): (address: string) => boolean {
  const { path, environment } = split(pattern);
  const [product = "*", pair = "*", scenario = "*"] = path;
  const point = String.raw`(?:\.[^/@]+)?`;
  const expression = new RegExp(
    `^${partExpression(product)}/${partExpression(pair)}/${partExpression(scenario)}${point}@${partExpression(environment)}$`,
  );
  return (address) => expression.test(address);
}

/** Whether a pattern names whole addresses: every part given, no wildcard. */
export function isExactAddress(pattern: string): boolean {
  return !WILDCARD.test(pattern) && /^[^/@]+\/[^/@]+\/[^/@]+@[^/@]+$/.test(pattern);
}

/** A test for one part, such as the name of a product, with the same wildcards. */
export function partMatcher(pattern: string): (part: string) => boolean {
  const expression = new RegExp(`^${partExpression(pattern)}$`);
  return (part) => expression.test(part);
}

/** A test for products, taken from a pattern of addresses. */
export function productMatcher(pattern: string): (product: string) => boolean {
  return partMatcher(split(pattern).path[0] ?? "*");
}

function split(pattern: string): { readonly path: readonly string[]; readonly environment: string } {
  const [left = "", environment = "*", ...more] = pattern.split("@");
  const path = left.split("/");
  if (more.length > 0 || path.length > 3 || path.includes("") || environment === "" || /\s/.test(pattern)) {
    throw new FilterError(
      `Cannot read the pattern ${JSON.stringify(pattern)}: an address is ${PARTS}, of which a pattern gives the first parts`,
    );
  }
  return { path, environment };
}

function partExpression(part: string): string {
  return part.replaceAll(/\{([^{}]*)\}|\*+|\?|[.+^${}()|[\]\\]/g, (found, choices: string | undefined) => {
    if (choices !== undefined) return `(?:${choices.split(",").map(partExpression).join("|")})`;
    if (found.startsWith("*")) return "[^/@]*";
    return found === "?" ? "[^/@]" : `\\${found}`;
  });
}
