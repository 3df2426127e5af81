// The `systemctl` on a product's PATH: a small shell script (a .cmd on Windows) that hands its arguments to the
// service manager of the cell and prints its answer. On POSIX over two FIFOs, made ahead: a call then costs the start of a shell
// and no other program.
import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, constants, mkdirSync, openSync, readdirSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import type { Place } from "../place.ts";
import type { ServiceManager } from "./manager.ts";

interface Answer {
  readonly code: number;
  readonly text: string;
  /** What the caller does to the files that say which units start at boot: as with systemd's own, it is the command that writes them. */
  readonly links?: readonly { readonly verb: "enable" | "disable"; readonly unit: string }[];
}

export interface ServedSystemctl extends Disposable {
  /** Who asked so far is dead: what was not read yet is thrown away, nobody is answered any more, and calls are counted anew. */
  drain(): void;
}

/** Puts the command into the cell's control folder and answers it until disposed. */
export function serveSystemctl(place: Place, manager: ServiceManager): ServedSystemctl {
  mkdirSync(place.control, { recursive: true });
  return process.platform === "win32" ? serveOverPipe(place, manager) : serveOverFifo(place, manager);
}

/** Carries out one call of systemctl. Exit codes as in systemctl(1): 3 not active, 4 no such unit, 1 anything else. */
export async function answer(argv: readonly string[], manager: ServiceManager): Promise<Answer> {
  const options = argv.filter((word) => word.startsWith("-"));
  const [verb = "status", ...rest] = argv.filter((word) => !word.startsWith("-"));
  const properties = rest.filter((word) => PROPERTIES.has(word));
  const units = rest
    .filter((word) => !properties.includes(word) && !/^SIG|^\d+$/.test(word))
    .map((name) => (name.includes(".") ? name : `${name}.service`));
  const { cuts } = manager;
  await manager.awake();
  if (manager.off || cuts !== manager.cuts) return { code: 1, text: "Connection reset by peer" }; // who asked died with the power
  try {
    const waits = !options.includes("--no-block");
    let result: Answer = { code: 0, text: "" };
    if (verb === "daemon-reload") manager.reload();
    for (const unit of units) {
      const job = carryOut(verb, unit, { argv, properties, options }, manager);
      if (waits || !BLOCKING.has(verb)) result = worse(result, await job);
      else job.catch(() => undefined); // --no-block: nobody waits for the answer; the service's state tells
    }
    if (verb === "daemon-reload" || units.length > 0) return result;
    return { code: 1, text: `Cannot ${verb}: name a unit` };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { code: text.includes("not found") ? 4 : 1, text };
  }
}

const PROPERTIES = new Set(["MainPID", "ActiveState", "SubState", "NRestarts", "UnitFileState"]);
const BLOCKING = new Set(["start", "stop", "restart", "reload-or-restart", "try-restart"]);

interface Call {
  readonly argv: readonly string[];
  readonly properties: readonly string[];
  readonly options: readonly string[];
}

async function carryOut(verb: string, unit: string, call: Call, manager: ServiceManager): Promise<Answer> {
  switch (verb) {
    case "start":
      await manager.start(unit);
      return OK;
    case "stop":
      await manager.stop(unit);
      return OK;
    case "restart":
    case "reload-or-restart":
      await manager.restart(unit);
      return OK;
    case "try-restart":
      if (manager.state(unit).state === "active") await manager.restart(unit);
      return OK;
    case "enable":
      manager.state(unit); // throws when there is no such unit
      if (call.options.includes("--now")) await manager.start(unit);
      return { ...OK, links: [{ verb, unit }] };
    case "disable":
      if (call.options.includes("--now")) await manager.stop(unit);
      return { ...OK, links: [{ verb, unit }] };
    case "reset-failed":
      manager.reset(unit);
      return OK;
    case "kill": {
      const named = call.argv.map((word) => /(?:^|=)(SIG[A-Z0-9]+)$/.exec(word)?.[1]).find((name) => name !== undefined);
      manager.signal(unit, (named ?? "SIGTERM") as NodeJS.Signals, call.argv.some((word) => word.endsWith("main")) ? "main" : "all"); // an unknown name is refused by process.kill
      return OK;
    }
    case "is-active":
      return activeAnswer(systemdState(manager, unit));
    case "is-enabled":
      return manager.isEnabled(unit) ? { code: 0, text: "enabled" } : { code: 1, text: "disabled" };
    case "status":
      return activeAnswer(
        systemdState(manager, unit),
        `● ${unit}\n   Active: ${systemdState(manager, unit)}\n Main PID: ${manager.state(unit).pid ?? 0}`,
      );
    case "show":
      return { code: 0, text: show(manager, unit, call) };
    default:
      return { code: 1, text: `Unknown command verb ${verb}.` };
  }
}

const OK: Answer = { code: 0, text: "" };

function activeAnswer(state: string, text = state): Answer {
  return { code: state === "active" ? 0 : 3, text };
}

function systemdState(manager: ServiceManager, unit: string): string {
  const { state } = manager.state(unit);
  return state === "auto-restart" ? "activating" : state;
}

function show(manager: ServiceManager, unit: string, call: Call): string {
  const { pid, restarts, enabled, state } = manager.state(unit);
  const all: Record<string, string> = {
    MainPID: String(pid ?? 0),
    ActiveState: systemdState(manager, unit),
    SubState: state === "active" ? "running" : state,
    NRestarts: String(restarts),
    UnitFileState: enabled ? "enabled" : "disabled",
  };
  const asked = [
    ...call.properties,
    ...call.options.flatMap((option) => option.replace(/^(?:--property=|-p)/, "").split(",")).filter((name) => PROPERTIES.has(name)),
  ];
  const bare = call.options.includes("--value");
  return (asked.length > 0 ? asked : Object.keys(all)).map((name) => (bare ? all[name] : `${name}=${all[name]}`)).join("\n");
}

function worse(one: Answer, other: Answer): Answer {
  return {
    code: Math.max(one.code, other.code),
    text: [one.text, other.text].filter(Boolean).join("\n"),
    links: [...(one.links ?? []), ...(other.links ?? [])],
  };
}

/** So many calls find a FIFO for their answer; further ones make their own. */
const REPLIES = 48;

/**
 * Lines of an answer that begin with `#` tell what to do to the files of enabled units. A FIFO is taken by the one who makes its
 * `taken` file, which noclobber lets only one do, and is not used again before the power was cut: a dead caller is not answered
 * any more, so nobody hears what was meant for another.
 */
const SCRIPT = (wants: string): string => `#!/bin/sh
# systemctl of the cell: asks the builtin service manager of upmatrix
d=\${UPMATRIX_CONTROL:?is not set: this systemctl works only inside a cell}
n=1
set -C
until { command : >"$d/taken.$n"; } 2>/dev/null; do
  [ -e "$d/taken.$n" ] || { echo "Cannot write to $d" >&2; exit 1; }
  n=$((n + 1))
done
set +C
r=$d/reply.$n
[ -p "$r" ] || mkfifo "$r" || exit 1
printf '%s %s\\n' "$n" "$*" >"$d/request" || exit 1
wants='${wants}'
{
  read -r code
  while IFS= read -r line; do
    case $line in
    '#enable '*) : >"$wants/\${line#* }" || code=1 ;;
    '#disable '*) rm -f "$wants/\${line#* }" || code=1 ;;
    *) printf '%s\\n' "$line" ;;
    esac
  done
} <"$r"
exit "\${code:-1}"
`;

function serveOverFifo(place: Place, manager: ServiceManager): ServedSystemctl {
  const request = path.join(place.control, "request");
  const replies = Array.from({ length: REPLIES }, (_, index) => path.join(place.control, `reply.${index + 1}`));
  execFileSync("mkfifo", ["-m", "644", request, ...replies]);
  writeFileSync(path.join(place.control, "systemctl"), SCRIPT(manager.wants));
  chmodSync(path.join(place.control, "systemctl"), 0o755);
  // read and write, so that the FIFO has a writer at all times and never ends
  const socket = new net.Socket({ fd: openSync(request, constants.O_RDWR | constants.O_NONBLOCK), readable: true, writable: false });
  let rest = "";
  let cuts = 0;
  socket.setEncoding("utf8").on("data", (text: string) => {
    const before = cuts;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [caller = "", ...argv] = line.split(" ").filter(Boolean);
      void answer(argv, manager).then((result) => reply(path.join(place.control, `reply.${caller}`), result, () => cuts === before));
    }
  });
  return {
    drain: () => {
      cuts++;
      rest = "";
      drainFifo(request);
      for (const name of readdirSync(place.control)) if (name.startsWith("taken.")) rmSync(path.join(place.control, name));
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** Reads what lies in it, without waiting for more. */
function drainFifo(fifo: string): void {
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    while (readSync(fd, Buffer.alloc(FIFO_BYTES)) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error; // node:fs throws only such errors; EAGAIN: it is empty
  } finally {
    closeSync(fd);
  }
}

/** As much as a FIFO holds as a rule. */
const FIFO_BYTES = 1 << 16;

/**
 * The caller opens its end a moment after it asked; until then opening ours fails with ENXIO. A killed caller never does.
 * @param lives whether the caller may be there
 */
async function reply(fifo: string, { code, text, links = [] }: Answer, lives: () => boolean): Promise<void> {
  const lines = [String(code), ...links.map(({ verb, unit }) => `#${verb} ${unit}`), ...(text === "" ? [] : [text])];
  for (let tries = 0; tries < 2000 && lives(); tries++) {
    try {
      const fd = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(fd, `${lines.join("\n")}\n`);
      closeSync(fd);
      return;
    } catch (error) {
      const { code: reason } = error as NodeJS.ErrnoException; // node:fs throws only such errors
      if (reason === "ENOENT" || reason === "EPIPE") return; // the caller was killed
      if (reason !== "ENXIO") throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const CLIENT = `const [name, ...argv] = process.argv.slice(2);
const socket = require("node:net").connect(name, () => socket.write(JSON.stringify(argv) + "\\n"));
let text = "";
socket.setEncoding("utf8").on("data", (chunk) => (text += chunk)).on("end", () => {
  const { code, text: out } = JSON.parse(text);
  if (out) console.log(out);
  process.exitCode = code;
});
`;

function serveOverPipe(place: Place, manager: ServiceManager): ServedSystemctl {
  const name = place.pipe("systemctl");
  const client = path.join(place.control, "systemctl.cjs");
  writeFileSync(client, CLIENT);
  writeFileSync(path.join(place.control, "systemctl.cmd"), `@"${process.execPath}" "${client}" "${name}" %*\r\n`);
  const server = net.createServer((socket) => {
    socket.setEncoding("utf8").once("data", (text) => {
      const argv = JSON.parse(String(text)) as string[]; // our own client wrote it
      void answer(argv, manager).then((result) => {
        for (const { verb, unit } of result.links ?? []) manager[verb](unit);
        socket.end(JSON.stringify(result));
      });
    });
  });
  server.listen(name);
  return { drain: () => undefined, [Symbol.dispose]: () => void server.close() }; // a connection ends with who made it
}
