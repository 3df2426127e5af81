/** A history that cannot be used; known, so it is printed without a stack. */
export class HistoryError extends Error {}
