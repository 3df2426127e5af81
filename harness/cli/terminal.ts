// What the terminal that we print to can show.

export function colored(): boolean {
  return process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
}

export function columns(): number {
  return process.stdout.columns ?? 120;
}
