// Names that were mistyped.
import { closestMatch } from "leven";

/** The known name that was probably meant; the longer the name, the more slips it may hold. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const near = closestMatch(name, [...new Set(known)], { maxDistance: Math.ceil(name.length / 3) });
  return near === name ? undefined : near;
}

/** `did you mean "version"?` when one of the known names is near. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  const near = nearest(name, known);
  return near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`;
}

/** `there is a, b and c`, for messages about a name that is not there. */
export function listed(names: readonly string[]): string {
  return names.length === 0 ? "there is none" : `there is ${new Intl.ListFormat("en", { type: "conjunction" }).format(names)}`;
}
