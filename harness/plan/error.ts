// What is wrong with a filter, said to the person who wrote it.

/** A filter that cannot be read, or that names what does not exist. The message says what to write instead. */
export class FilterError extends Error {
  override readonly name = "FilterError";
}
