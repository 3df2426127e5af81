// One way to start a process: Node tells some failures by an event of the child and throws others, such as ELOOP. Here both are data.

/** What `start` returns, or why nothing was started. */
export function tryToStart<T>(start: () => T): T | Error {
  try {
    return start();
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return error; // of the operating system; anything else is our own mistake
    throw error;
  }
}
