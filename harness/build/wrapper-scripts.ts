// The two programs that stand in for a wrapped executable, as text. `__X__` is filled in by wrapper.ts.
// What they look like from outside is part of the contract: same path, same arguments, same __dirname of the real program.

/** CommonJS; goes below the shebang of the program it replaces. */
export const SCRIPT_FOR_NODE = String.raw`"use strict";
// A wrapper of the test harness. The program itself is this file's name with ".real" behind it.
const settings = __SETTINGS__;
const started = performance.timeOrigin;
const stopSignals = ["SIGTERM", "SIGINT"];

/** Runs the program in this process, as this module: same __filename, require.main and arguments. */
function runReal() {
  const source = require("node:fs").readFileSync(__filename + ".real", "utf8");
  module._compile(source.replace(/^#!/, "//"), __filename);
}

function exitLater(code, afterMs) {
  const exit = process.exit.bind(process);
  // Not referenced: a program that ends by itself earlier still does.
  setTimeout(() => exit(code), Math.max(0, started + afterMs - Date.now())).unref();
}

/** Our empty handlers stand between the signals and both their default action and the program's own handlers. */
function ignoreStops() {
  for (const signal of stopSignals) process.on(signal, () => {});
  for (const name of ["on", "addListener", "once", "prependListener", "prependOnceListener", "off", "removeListener"]) {
    const original = process[name];
    process[name] = function (event, ...rest) {
      return stopSignals.includes(event) ? this : original.call(this, event, ...rest);
    };
  }
  const removeAll = process.removeAllListeners;
  process.removeAllListeners = function (...events) {
    for (const event of events.length === 0 ? this.eventNames() : events) {
      if (!stopSignals.includes(event)) removeAll.call(this, event);
    }
    return this;
  };
}

function misbehave({ kind, code, ms }) {
  switch (kind) {
    case "exit":
      return process.exit(code);
    case "exit-after":
      exitLater(code, ms);
      return runReal();
    case "hang":
      return void setInterval(() => {}, 2 ** 31 - 1);
    case "delay":
      // Blocks, so that the program still starts while its module is being loaded.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      return runReal();
    case "ignore-stop":
      ignoreStops();
      return runReal();
  }
}

if (settings.arguments === undefined || new RegExp(settings.arguments).test(process.argv.slice(2).join(" "))) misbehave(settings.then);
else runReal();
`;

/** POSIX shell; "sleep" must take fractions, as coreutils, busybox and the BSDs do. */
export const SCRIPT_FOR_SHELL = String.raw`#!/bin/sh
# A wrapper of the test harness. The program itself is this file's name with ".real" behind it.
self=$0
case $self in
  */*) ;;
  *) self=$(command -v -- "$self") ;;
esac
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname "$self")/$target ;;
  esac
done
real=$self.real

matches() {
  __MATCHES__
}

misbehave() {
  __MISBEHAVE__
}

if matches "$@"; then misbehave "$@"; fi
exec "$real" "$@"
`;

/** Bodies of misbehave(); returning from one goes on to the program itself. */
export const SHELL_MISBEHAVIOURS = {
  exit: String.raw`exit __CODE__`,

  // A timer beside the program tells this shell, which ends the program and then itself with the wanted code. The order is
  // such that no signal is lost: the timer starts before our traps, which it would inherit, and the program after them.
  "exit-after": String.raw`due=
  stop=
  program=
  exec 3<&0 4>&2 2>/dev/null # background programs get an empty standard input, and this shell has nothing to say
  trap 'due=yes; kill -KILL "$program"' USR1
  (
    # not TERM: before it is a program of its own, a child still has this shell's trap, which would swallow it
    trap 'kill -KILL "$!"; wait "$!"; exit' TERM
    sleep __SECONDS__ &
    wait "$!"
    kill -USR1 $$
  ) </dev/null >/dev/null 3<&- 4>&- &
  timer=$!
  trap 'stop=TERM; kill -TERM "$program"' TERM
  trap 'stop=INT; kill -INT "$program"' INT
  "$real" "$@" <&3 2>&4 3<&- 4>&- &
  program=$!
  exec 3<&- 4>&-
  if [ -n "$stop" ]; then kill -"$stop" "$program"; fi
  if [ -n "$due" ]; then kill -KILL "$program"; fi
  while :; do
    wait "$program"
    status=$?
    kill -0 "$program" || break
  done
  if [ -n "$due" ]; then status=__CODE__; else kill -TERM "$timer"; fi
  wait "$timer"
  exit "$status"`,

  // Short sleeps: when this shell is killed, the last one ends soon.
  hang: String.raw`while :; do sleep 1; done`,

  delay: String.raw`sleep __SECONDS__`,

  // The shell stays as the program's parent: a stop request to the main process is lost, whatever the program handles.
  "ignore-stop": String.raw`trap '' TERM INT
  "$real" "$@"
  exit $?`,
} as const;
