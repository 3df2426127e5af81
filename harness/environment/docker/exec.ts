// A program in a running container with its three streams, as lines. Hides the engine's stream format and its exit codes.
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import type { Container } from "dockerode";

export interface Exec {
  send(text: string): void;
  /** Closes the program's input. */
  end(): void;
  /** Resolves when both of its outputs are closed: it has ended, or the container or the engine has. */
  readonly closed: Promise<void>;
  /** Its exit code once closed; undefined when nobody can tell. */
  exitCode(): Promise<number | undefined>;
  /** Cuts the connection. */
  destroy(): void;
}

export interface ExecOptions {
  readonly argv: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  line(text: string): void;
  error(text: string): void;
}

/** Starts a program in a container. */
export async function startExec(container: Container, options: ExecOptions): Promise<Exec> {
  const exec = await container.exec({
    Cmd: [...options.argv],
    Env: Object.entries(options.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    User: "0:0",
    WorkingDir: "/",
  });
  const stream = await exec.start({ hijack: true, stdin: true });
  const out = new PassThrough();
  const err = new PassThrough();
  const finish = () => {
    out.end();
    err.end();
  };
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const lines = [createInterface({ input: out }), createInterface({ input: err })] as const;
  lines[0].on("line", options.line);
  lines[1].on("line", options.error);
  void Promise.all(lines.map((one) => new Promise((done) => one.once("close", done)))).then(() => resolve());
  container.modem.demuxStream(stream, out, err);
  for (const event of ["end", "close"]) stream.once(event, finish);
  stream.on("error", finish); // a broken connection: `closed` tells
  return {
    send: (text) => void (stream.writable && stream.write(text)),
    end: () => void stream.end(),
    closed,
    exitCode: async () => (await exec.inspect().catch(() => undefined))?.ExitCode ?? undefined,
    destroy: () => void stream.destroy(),
  };
}

/** Runs a program to its end and returns what it wrote. */
export async function runExec(container: Container, argv: readonly string[]): Promise<{ code: number | undefined; output: string }> {
  const output: string[] = [];
  const keep = (text: string) => void output.push(text);
  const exec = await startExec(container, { argv, line: keep, error: keep });
  exec.end();
  await exec.closed;
  return { code: await exec.exitCode(), output: output.join("\n") };
}
