/** A step that did not do what it was to do. Not an error of the harness. */
export class StepFailed extends Error {}
