// A cell without the harness: product.yaml as a shell script with one function a step. Reads nothing, runs nothing.
import { milliseconds, type Product } from "../../model/index.ts";
import { type Fill, filler, quoted } from "./fill.ts";

/** A release as the script finds it. */
export interface ServedRelease {
  readonly version: string;
  /** Folder of its files, where the script runs. */
  readonly directory: string;
  readonly archive: string;
  /** What {url} means when upgrading to it. */
  readonly url: string;
}

export interface ScriptPlaces {
  readonly root: string;
  readonly work: string;
  readonly node: string;
  /** Folder of systemctl, wait.pl and looks. */
  readonly tools: string;
  readonly looks: string;
  /** Value of UPMATRIX_CELL. */
  readonly cell: string;
  readonly platform: string;
}

export interface ScriptReleases {
  readonly from: ServedRelease;
  readonly to: ServedRelease;
  readonly next: ServedRelease;
}

/** The steps that do the product's work, in order. */
export const WORK_STEPS = ["install", "start", "edit", "upgrade", "reboot", "again", "stop"] as const;
/** All steps of a cell, those that look included. */
export const ALL_STEPS = [
  "install",
  "start",
  "edit",
  "snapshot",
  "upgrade",
  "settle",
  "snapshot",
  "reboot",
  "snapshot",
  "again",
  "settle",
  "snapshot",
  "stop",
] as const;

/** `sh SCRIPT STEP...` takes these steps; it ends with 1 as soon as one does not end as it must. */
export function cellScript(product: Product, releases: ScriptReleases, places: ScriptPlaces): string {
  const fillFor = (release: ServedRelease): Fill => filler(valuesOf(release, places), places.work);
  const names = product.services.map(({ unit }) => unit);
  const start = names.map((unit) => `systemctl start ${unit}`).join("; ");
  const [startMs, upgradeMs] = [milliseconds(product.limits.start), milliseconds(product.limits.upgrade)];
  const lines = [
    `#!/bin/sh`,
    `set -eu`,
    ...variables(product, places, fillFor(releases.from)),
    `at=${quoted(places.work)} root=${quoted(places.root)}`,
    `wait_for() { perl ${quoted(`${places.tools}/wait.pl`)} "$1" "$2" ${quoted(places.looks)}; }`,
    `expect() { v=$(wait_for "$2" "$3"); [ "$v" = "$1" ] || { echo "version $v runs, $1 must" >&2; exit 1; }; }`,
    // none of these may carry the marker that they look for
    `marked() { (unset UPMATRIX_CELL; grep -lsz '^UPMATRIX_CELL=${places.cell}$' /proc/[0-9]*/environ | sed 's:^/proc/::; s:/.*::'); }`,
    `kill_all() { while pids=$(marked) && [ -n "$pids" ]; do kill -9 $pids 2> /dev/null || :; done; }`,
    `step_install() {`,
    `  mkdir -p "$root" "$BENCH_UNITS/wants" "$BENCH_STATE"`,
    ...product.services.flatMap(({ unit, definition }) =>
      definition === undefined ? [] : [unitFile(unit, fillFor(releases.from)(definition))],
    ),
    ...product.install.map((argv) => `  (cd "$root" && ${command(argv, fillFor(releases.from))})`),
    `  systemctl enable ${names.join(" ")}`,
    `}`,
    `step_start() { ${start}; expect ${releases.from.version} healthy ${startMs}; }`,
    `step_edit() { :; ${product.user.map(({ file, append }) => `printf %s ${quoted(append)} >> "$root/${file}"`).join("; ")}`,
    `}`,
    upgrade("upgrade", product, releases.to, fillFor(releases.to), upgradeMs),
    `step_settle() { wait_for steady ${startMs} > /dev/null; }`,
    // a file may vanish between finding and reading
    `step_snapshot() { find "$root" -printf '%p %y %m %U:%G %s %l\\n'; find "$root" -type f -exec sha256sum {} + || :; ps axww -o pid,ppid,args; wait_for healthy ${startMs}; }`,
    `step_reboot() {`,
    `  kill_all`,
    `  rm -f "$BENCH_STATE"/*.active "$BENCH_STATE"/*.main "$BENCH_STATE"/*.pending "$BENCH_STATE"/*.stop`,
    `  for unit in "$BENCH_UNITS"/wants/*; do systemctl start "\${unit##*/}"; done`,
    `  expect ${releases.to.version} healthy ${startMs}`,
    `}`,
    upgrade("again", product, releases.next, fillFor(releases.next), upgradeMs),
    `step_stop() { systemctl stop ${names.toReversed().join(" ")}; kill_all; rm -rf "$root" "$at"; }`,
    `for step; do step_$step; done`,
  ];
  return `${lines.join("\n")}\n`;
}

function valuesOf(release: ServedRelease, { root, work, node, platform }: ScriptPlaces): Record<string, string> {
  const { version, directory, archive, url } = release;
  return { root, work, units: `${work}/units`, node, platform, version, url, artifacts: directory, artifact: `${directory}/${archive}` };
}

function variables(product: Product, places: ScriptPlaces, fill: Fill): string[] {
  const settings = Object.values(product.settings).map(({ env, test }): [string, string] => [env, test]);
  const own = Object.entries(product.env).map(([name, value]): [string, string] => [name, fill(value)]);
  const state = `${places.work}/state`;
  const ours: [string, string][] = [
    ["HOME", places.work],
    ["UPMATRIX_CELL", places.cell],
    ["BENCH_UNITS", `${places.work}/units`],
    ["BENCH_STATE", state],
  ];
  const folder = places.node.slice(0, places.node.lastIndexOf("/"));
  return [
    ...[...own, ...settings, ...ours].map(([name, value]) => `export ${name}=${quoted(value)}`),
    `export PATH=${quoted(`${places.tools}:${folder}`)}:$PATH`,
  ];
}

function unitFile(unit: string, definition: string): string {
  return `  cat > "$BENCH_UNITS/${unit}" << 'END_OF_UNIT'\n${definition.trimEnd()}\nEND_OF_UNIT`;
}

function command(argv: readonly string[], fill: Fill): string {
  return argv.map((word) => quoted(fill(word))).join(" ");
}

function upgrade(step: string, product: Product, to: ServedRelease, fill: Fill, limitMs: number): string {
  const accepted = product.upgrade.accepted.join(" | ");
  return [
    `step_${step}() {`,
    `  code=0; (cd "$root" && ${command(product.upgrade.command, fill)}) || code=$?`,
    `  case $code in ${accepted}) ;; *) echo "the upgrade was refused with $code" >&2; exit 1 ;; esac`,
    `  expect ${to.version} steady ${limitMs}`,
    `}`,
  ].join("\n");
}
