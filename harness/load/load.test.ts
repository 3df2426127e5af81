import path from "node:path";
import { expect, test } from "vitest";
import { ConfigurationError, checkProject, loadProject } from "./index.ts";
import { MATRIX, PRODUCT, SCENARIO, sampleProject } from "./sample.ts";
import type { Files } from "./sample.ts";

const now = new Date("2026-06-01T00:00:00Z");

/** The lines of the error, or nothing when the project loads. */
async function problemsOf(files: Files): Promise<string[]> {
  await using project = await sampleProject(files);
  try {
    await loadProject(project.directory, { now });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message.replaceAll(project.directory + path.sep, "<project>/").split("\n");
  }
}

function edited(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`Cannot edit the sample: it has no ${from}`);
  return text.replace(from, to);
}

const inMatrix = (from: string, to: string): Files => ({ "matrix.yaml": edited(MATRIX, from, to) });
const afterMatrix = (text: string): Files => ({ "matrix.yaml": MATRIX + text });
const inProduct = (from: string, to: string): Files => ({ "products/alpha/product.yaml": edited(PRODUCT, from, to) });
const afterProduct = (text: string): Files => ({ "products/alpha/product.yaml": PRODUCT + text });
const afterScenario = (text: string): Files => ({ "scenarios/clean.yaml": SCENARIO + text });

type Case = readonly [name: string, files: Files, lines: readonly string[]];

const YAML: readonly Case[] = [
  [
    "no matrix",
    { "matrix.yaml": undefined },
    [
      "matrix.yaml:1:1: Cannot find the matrix: there is no file <project>/matrix.yaml (name the folder of the project, or create the file)",
    ],
  ],
  ["an empty file", { "matrix.yaml": "# nothing\n" }, ["matrix.yaml:1:1: Cannot read the file: it is empty"]],
  [
    "UTF-16",
    { "matrix.yaml": Buffer.from("\uFEFFproducts: {}", "utf16le") },
    ["matrix.yaml:1:1: Cannot read the file: it is not UTF-8 text (save it as UTF-8)"],
  ],
  [
    "a byte-order mark, which is no problem and moves no column",
    { "matrix.yaml": "\uFEFFproduct: {}\n" },
    [
      'matrix.yaml:1:1: Cannot use the key "product": it is not known here (did you mean "products"? allowed: products, pairs, environments, scenarios, tiers, limits, known)',
    ],
  ],
  ["a tab", { "matrix.yaml": "products:\n\talpha: {}\n" }, ["matrix.yaml:2:1: Cannot indent with a tab (YAML wants spaces)"]],
  [
    "a missing brace",
    inMatrix("{ version: 1.0.0,", "{ version: 1.0.0"),
    ["matrix.yaml:5:20: Cannot read the YAML: block collections are not allowed within flow collections"],
  ],
  ["a missing quote", afterScenario("baseline: 'x\n"), ["scenarios/clean.yaml:4:1: Cannot read the YAML: missing closing 'quote"]],
  [
    "a key written twice",
    afterMatrix("products: {}\n"),
    ['matrix.yaml:7:1: Cannot use the key "products" twice (remove one, or merge them)'],
  ],
  [
    "two documents",
    afterMatrix("---\na: 1\n"),
    ["matrix.yaml:7:1: Cannot read more than one YAML document in a file (remove the line ---)"],
  ],
  [
    "an alias of nothing",
    { "matrix.yaml": "products: *x\n" },
    ["matrix.yaml:1:11: Cannot resolve the alias *x: no anchor &x stands before it"],
  ],
  [
    "an alias inside its own anchor",
    { "matrix.yaml": "products: &x\n  alpha: *x\n" },
    ["matrix.yaml:2:10: Cannot resolve the alias *x: it stands inside its own anchor"],
  ],
  [
    "a list as the file",
    { "scenarios/clean.yaml": "- a\n" },
    [
      "scenarios/clean.yaml:1:1: Cannot use a list as the whole file: it must be a mapping with the keys summary, tier, kinds, pairs, traits, chain, needs, baseline, candidate, steps, faults, at, conditions, sweep, expect, downtime, overlap, hosts, runs, restarts, concurrency, facts, settled, layout",
    ],
  ],
];

const SHAPE: readonly Case[] = [
  [
    "a mistyped key, said once",
    inMatrix("version: 1.1.0", "verison: 1.1.0"),
    [
      'matrix.yaml:6:11: Cannot use the key "verison": it is not known here (did you mean "version"? allowed: version, built, channel, traits, withdrawn)',
    ],
  ],
  ["a missing key", inMatrix("version: 1.1.0, ", ""), ['matrix.yaml:6:9: Cannot find the key "version": it must be text']],
  [
    "a version that YAML takes for a number",
    inMatrix("version: 1.1.0", "version: 1.10"),
    ['matrix.yaml:6:20: Cannot use 1.10 for "version": it must be text (write it in quotes: "1.10")'],
  ],
  [
    "an empty value",
    inMatrix("version: 1.1.0", "version:"),
    ['matrix.yaml:6:19: Cannot use an empty value for "version": it must be text'],
  ],
  [
    "a date for a time",
    inMatrix("2026-02-02T09:00:00Z", "2026-02-02"),
    ['matrix.yaml:6:34: Cannot use "2026-02-02" for "built": it must be a time such as 2026-03-02T09:00:00Z'],
  ],
  [
    "a product's name",
    { "matrix.yaml": MATRIX.replace("alpha:", "Alpha:") },
    ['matrix.yaml:2:3: Cannot use the key "Alpha": it must be lower-case words joined by hyphens, such as crash-on-start'],
  ],
  [
    "a tier's name and a selection",
    afterMatrix("tiers: { gaet: { pairs: all }, full: { pairs: most } }\n"),
    [
      'matrix.yaml:7:10: Cannot use the key "gaet": it is not known here (did you mean "gate"? allowed: smoke, gate, full)',
      'matrix.yaml:7:47: Cannot use "most" for "pairs": it must be one of "all", "traits", "updaters", "newest", "latest"',
    ],
  ],
  [
    "numbers and durations",
    afterMatrix("limits: { parallel: 0, step: 5, cell: 5 min }\n"),
    [
      'matrix.yaml:7:21: Cannot use 0 for "parallel": it must be at least 1',
      'matrix.yaml:7:30: Cannot use 5 for "step": it must be a duration: a number and ms, s, m, h or d',
      'matrix.yaml:7:39: Cannot use "5 min" for "cell": it must be a duration such as 300ms, 10s, 2m, 1h or 42d',
    ],
  ],
  ["a prefix", afterProduct("root: opt\n"), ['products/alpha/product.yaml:16:7: Cannot use "opt" for "root": it must begin with "/"']],
  [
    "an absolute path",
    afterScenario("layout: { absent: [/etc] }\n"),
    ['scenarios/clean.yaml:3:20: Cannot use "/etc" as item 1 of "absent": it must be relative to the tree, not absolute'],
  ],
  [
    "an empty list",
    { "scenarios/clean.yaml": "summary: x\nexpect: []\n" },
    ['scenarios/clean.yaml:2:9: Cannot use an empty list for "expect": it must not be empty'],
  ],
];

const UNIONS: readonly Case[] = [
  [
    "the branch whose key is nearly written",
    inProduct("{ file: health }", "{ htpp: x, match: y }"),
    [
      'products/alpha/product.yaml:6:11: Cannot use the key "htpp": it is not known here (did you mean "http"? allowed: http, json, match, equals)',
    ],
  ],
  [
    "the branch whose key is written",
    inProduct("{ file: health }", "{ command: run it }"),
    ['products/alpha/product.yaml:6:20: Cannot use "run it" for "command": it must be a list'],
  ],
  [
    "no branch, when none fits better",
    inProduct("{ file: health }", "{}"),
    [
      'products/alpha/product.yaml:6:9: Cannot use an empty mapping for "health": it must be a mapping with one of the keys http, command, file, sqlite',
    ],
  ],
  [
    "a word among mappings",
    inProduct("{ exit: 1 }", "hnag"),
    [
      'products/alpha/product.yaml:13:31: Cannot use "hnag" for "then": it must be "hang", "ignore-stop", or a mapping with one of the keys exit, delay (did you mean "hang"?)',
    ],
  ],
  [
    "a value inside a branch",
    inProduct("{ exit: 1 }", "{ exit: 300 }"),
    ['products/alpha/product.yaml:13:39: Cannot use 300 for "exit": it must be at most 255'],
  ],
  [
    "unions inside unions",
    afterScenario(`faults:
  - { when: strat, do: { kill: agnt } }
  - { when: { fiel: a }, do: reboot }
  - { do: { serve: x, misbehave: { status: 200 } } }
  - { do: { limitDisk: { archiv: 1 } }, undo: 5 seconds }
`),
    [
      'scenarios/clean.yaml:4:13: Cannot use "strat" for "when": it must be "start" or a mapping with one of the keys file, log, process, service, request, answers, point, operation (did you mean "start"?)',
      'scenarios/clean.yaml:4:32: Cannot use "agnt" for "kill": it must be one of "agent", "updater", "watcher", "all", "caller" (did you mean "agent"?)',
      'scenarios/clean.yaml:5:15: Cannot use the key "fiel": it is not known here (did you mean "file"? allowed: file, event)',
      'scenarios/clean.yaml:6:44: Cannot use 200 for "status": it must be at least 400',
      'scenarios/clean.yaml:7:26: Cannot use the key "archiv": it is not known here (did you mean "archive"? allowed: archive, unpacked, installed, bytes)',
      'scenarios/clean.yaml:7:47: Cannot use "5 seconds" for "undo": it must be a duration such as 300ms, 10s, 2m, 1h or 42d',
    ],
  ],
  [
    "steps",
    afterScenario("steps:\n  - upgarde: to\n  - setle\n  - { upgrade: to, falt: true }\n"),
    [
      'scenarios/clean.yaml:4:5: Cannot use the key "upgarde": it is not known here (did you mean "upgrade"? allowed: upgrade, variant, fault, hosts, services, until)',
      'scenarios/clean.yaml:5:5: Cannot use "setle" as item 2 of "steps": it must be one of "settle", "reboot", "stop", "start", "edit" or a mapping with one of the keys upgrade, reboot, add, remove, run, burst, await, network, companion (did you mean "settle"?)',
      'scenarios/clean.yaml:6:20: Cannot use the key "falt": it is not known here (did you mean "fault"? allowed: upgrade, variant, fault, hosts, services, until)',
    ],
  ],
  [
    "a word or a mapping",
    afterScenario("at: point\n"),
    [
      'scenarios/clean.yaml:3:5: Cannot use "point" for "at": it must be "points", "rollback-points", "state-files", or a mapping (did you mean "points"?)',
    ],
  ],
];

const IN_MATRIX: readonly Case[] = [
  [
    "a version listed twice",
    inMatrix("1.1.0", "1.0.0"),
    ["matrix.yaml:6:20: Cannot list the release 1.0.0 twice: it is item 1 already (remove one)"],
  ],
  [
    "no semantic version",
    inMatrix("1.1.0", "v1.1"),
    ['matrix.yaml:6:20: Cannot use the version "v1.1": it is not a semantic version (write 1.1.0)'],
  ],
  [
    "the mark of a rebuild",
    inMatrix("1.1.0", "1.1.0+rebuilt"),
    ["matrix.yaml:6:20: Cannot use the version 1.1.0+rebuilt: '+rebuilt' marks a rebuild (choose other build metadata)"],
  ],
  [
    "a build time to come",
    inMatrix("2026-02-02T09:00:00Z", "2027-02-02T09:00:00Z"),
    ["matrix.yaml:6:34: Cannot have been built at 2027-02-02T09:00:00Z: it is 2026-06-01T00:00:00Z now (write when it was built)"],
  ],
  [
    "one release and no rebuilds",
    { "matrix.yaml": `${MATRIX.split("\n").slice(0, 5).join("\n")}\npairs: { kinds: [upgrade] }\n` },
    [
      "matrix.yaml:5:7: Cannot make a pair of the one release of alpha: pairs.kinds has no rebuild (add a release, or rebuild to pairs.kinds)",
    ],
  ],
  [
    "nothing but withdrawn releases",
    { "matrix.yaml": MATRIX.replaceAll(" }", ", withdrawn: bad }") },
    ["matrix.yaml:5:7: Cannot upgrade alpha to anything: every release is withdrawn (add a release that is offered)"],
  ],
  [
    "no product",
    { "matrix.yaml": "products: {}\n" },
    ["matrix.yaml:1:11: Cannot plan without a product (add one: products: { <name>: { releases: [...] } })"],
  ],
  [
    "no environment",
    afterMatrix("environments: {}\n"),
    ["matrix.yaml:7:15: Cannot run without an environment (add docker: {} or host: {})"],
  ],
  [
    "a path to nowhere",
    inMatrix("products/alpha\n", "products/alhpa\n"),
    [
      'matrix.yaml:3:11: Cannot find the product "alpha": there is no file products/alhpa/product.yaml (correct the path, or create the file)',
    ],
  ],
  [
    "no path, and nothing at the default one",
    inMatrix("    path: products/alpha\n", ""),
    [
      'matrix.yaml:2:3: Cannot find the product "alpha": there is no file fixtures/alpha/product.yaml (create the file, or say where it is with path:)',
    ],
  ],
  [
    "a path out of the project",
    inMatrix("products/alpha\n", "../alpha\n"),
    [`matrix.yaml:3:11: Cannot use the folder "../alpha": '..' leads out of the project (move it into the project)`],
  ],
  [
    "an absolute path",
    inMatrix("products/alpha\n", "/alpha\n"),
    ['matrix.yaml:3:11: Cannot use the folder "/alpha": it is absolute (write it relative to the project)'],
  ],
  [
    "a backslash",
    inMatrix("products/alpha\n", "products\\alpha\n"),
    [String.raw`matrix.yaml:3:11: Cannot use the folder "products\\alpha": it has a backslash (write "products/alpha")`],
  ],
  [
    "scenarios out of the project",
    afterMatrix("scenarios: a/../../b\n"),
    [`matrix.yaml:7:12: Cannot use the folder "a/../../b": '..' leads out of the project (move it into the project)`],
  ],
  [
    "a product.yaml of several products, which is complained of once",
    {
      "matrix.yaml": `${MATRIX}  beta:\n    path: products/alpha\n    releases: [{ version: 1.0.0, built: 2026-01-05T09:00:00Z }, { version: 1.1.0, built: 2026-02-02T09:00:00Z }]\n`,
      "products/alpha/product.yaml": edited(PRODUCT, "{root}/agent", "{rot}/agent"),
    },
    ["products/alpha/product.yaml:8:32: Cannot fill in {rot}: there is no such placeholder (did you mean {root}?)"],
  ],
  [
    "a product.yaml of several products, which is no problem",
    afterMatrix(
      "  beta:\n    path: products/alpha\n    releases: [{ version: 1.0.0, built: 2026-01-05T09:00:00Z }, { version: 1.1.0, built: 2026-02-02T09:00:00Z }]\n",
    ),
    [],
  ],
  [
    "one of several folders of scenarios out of the project",
    afterMatrix("scenarios: [scenarios, ../b]\n"),
    [`matrix.yaml:7:24: Cannot use the folder "../b": '..' leads out of the project (move it into the project)`],
  ],
  [
    "two scenarios of one name",
    { ...afterMatrix("scenarios: [scenarios, more]\n"), "more/clean.yaml": SCENARIO, "more/other.yaml": SCENARIO },
    ["more/clean.yaml:1:1: Cannot have two scenarios of one name: scenarios/clean.yaml is one already (rename one)"],
  ],
  [
    "several folders of scenarios, which is no problem",
    { ...afterMatrix("scenarios: [scenarios, more]\n"), "more/other.yaml": SCENARIO },
    [],
  ],
  [
    "no scenarios",
    afterMatrix("scenarios: nowhere\n"),
    ["matrix.yaml:7:12: Cannot find a scenario: there is no .yaml file in nowhere/ (add one, or set scenarios: to their folder)"],
  ],
  [
    "patterns of known failures",
    afterMatrix(
      "known:\n  - { pattern: alhpa/*, reason: r, link: l, expires: 2027-01-01 }\n  - { pattern: a/b/c/d, reason: r, link: l, expires: 2027-01-01 }\n",
    ),
    [
      'matrix.yaml:8:16: Cannot match any cell with "alhpa/*": no product is named so, there is alpha (did you mean "alpha"?)',
      'matrix.yaml:9:16: Cannot read the pattern "a/b/c/d": an address is <product>/<from>..<to>/<scenario>@<environment>, of which a pattern gives the first parts',
    ],
  ],
];

const IN_PRODUCT: readonly Case[] = [
  [
    "an unknown placeholder",
    inProduct("{root}/agent", "{rooot}/agent"),
    ["products/alpha/product.yaml:8:32: Cannot fill in {rooot}: there is no such placeholder (did you mean {root}?)"],
  ],
  [
    "a socket without a name",
    inProduct("{socket:agent}", "{socket}"),
    ["products/alpha/product.yaml:5:18: Cannot fill in {socket} (name the socket: {socket:agent})"],
  ],
  [
    "a placeholder that has no value there",
    inProduct("{version}.tar.gz", "{artifact}.tar.gz"),
    ["products/alpha/product.yaml:2:19: Cannot fill in {artifact} here: it has no value yet (known here: {version} {platform})"],
  ],
  [
    "a placeholder where none is filled in",
    inProduct("agent run$", '"{root}/agent run$"'),
    ["products/alpha/product.yaml:10:35: Cannot use {root} here: placeholders are not filled in here (write it without)"],
  ],
  [
    "a regular expression",
    inProduct("agent run$", '"agent (run"'),
    [
      String.raw`products/alpha/product.yaml:10:35: Cannot compile the regular expression: /agent (run/: Unterminated group (escape signs that are meant as they stand with \)`,
    ],
  ],
  [
    "points in a circle, of no point and of no service",
    afterProduct("  a: { point: b }\n  b: { point: a }\n  c: { point: sawp }\n  d: { service: agnet }\n"),
    [
      "products/alpha/product.yaml:16:6: Cannot find out when a is: its points lead in a circle (give it a trigger of its own)",
      "products/alpha/product.yaml:17:6: Cannot find out when b is: its points lead in a circle (give it a trigger of its own)",
      'products/alpha/product.yaml:18:15: Cannot find the point "sawp": there is swap, a, b, c, and d (did you mean "swap"?)',
      'products/alpha/product.yaml:19:17: Cannot find the service "agnet": there is agent (did you mean "agent"?)',
    ],
  ],
  [
    "two services of one name",
    inProduct("unit: agent.service }", "unit: agent.service }, { name: agent, unit: other.service }"),
    ['products/alpha/product.yaml:4:58: Cannot use the name "agent" twice in services (give each its own)'],
  ],
];

const IN_SCENARIO: readonly Case[] = [
  [
    "a trait that no release has",
    afterScenario("traits: { from: { has: [journal, jurnal] } }\n"),
    ['scenarios/clean.yaml:3:34: Cannot find the trait "jurnal" in any release: there is journal (did you mean "journal"?)'],
  ],
  [
    "names that no product knows",
    afterScenario(
      "candidate: carsh\nbaseline: nope\nfaults: [{ when: { point: sawp }, do: reboot }]\nat: { x: [{ when: { service: agnt }, do: reboot }] }\n",
    ),
    [
      'scenarios/clean.yaml:3:12: Cannot find the variant "carsh" in any product: there is crash (did you mean "crash"?)',
      'scenarios/clean.yaml:4:11: Cannot find the variant "nope" in any product: there is crash',
      'scenarios/clean.yaml:5:27: Cannot find the point "sawp" in any product: there is swap (did you mean "swap"?)',
      'scenarios/clean.yaml:6:30: Cannot find the service "agnt" in any product: there is agent (did you mean "agent"?)',
    ],
  ],
  [
    "a step's variant",
    afterScenario("steps: [{ upgrade: to, variant: carsh }]\n"),
    ['scenarios/clean.yaml:3:33: Cannot find the variant "carsh" in any product: there is crash (did you mean "crash"?)'],
  ],
  [
    "no upgrade",
    afterScenario("steps: [settle]\n"),
    ["scenarios/clean.yaml:3:8: Cannot test an upgrade: no step upgrades (add - { upgrade: to })"],
  ],
  [
    "faults that are never armed, services started twice",
    afterScenario("faults: [{ do: reboot }]\nsteps: [start, { upgrade: to }]\n"),
    [
      "scenarios/clean.yaml:4:8: Cannot arm the faults: no step has fault: true (write - { upgrade: to, fault: true })",
      "scenarios/clean.yaml:4:9: Cannot start the services: they run already at this step (remove it)",
    ],
  ],
  [
    "a candidate that is never served, a product that stays stopped",
    afterScenario("candidate: crash\nsteps: [{ upgrade: to }, stop, stop]\n"),
    [
      "scenarios/clean.yaml:3:12: Cannot serve the candidate crash: no step is { upgrade: to, fault: true } (or name it in a step: variant)",
      "scenarios/clean.yaml:4:32: Cannot stop the services: they are stopped already at this step (remove it)",
      "scenarios/clean.yaml:4:32: Cannot check a product that is stopped: the steps end with its services stopped (add - start)",
    ],
  ],
  [
    "points for no fault",
    afterScenario("at: points\nfaults: [{ when: { log: x }, do: reboot }]\n"),
    ["scenarios/clean.yaml:3:5: Cannot fire anything at the points: no fault is left without a trigger (leave `when` out of a fault)"],
  ],
  [
    "a chain downwards",
    afterScenario("chain: true\nkinds: [downgrade]\n"),
    ["scenarios/clean.yaml:4:8: Cannot run a chain without the kind upgrade: both its steps go up (add upgrade)"],
  ],
  [
    "names of files",
    { "scenarios/Bad.yaml": SCENARIO, "scenarios/x.yml": SCENARIO },
    [
      'scenarios/Bad.yaml:1:1: Cannot use "Bad" as the name of a scenario: it must be lower-case words joined by hyphens, such as crash-on-start',
      "scenarios/x.yml:1:1: Cannot use a scenario whose name ends in .yml (rename it to x.yaml)",
    ],
  ],
];

test.each([...YAML, ...SHAPE, ...UNIONS, ...IN_MATRIX, ...IN_PRODUCT, ...IN_SCENARIO])("%s", async (_, files, lines) => {
  expect(await problemsOf(files)).toEqual(lines);
});

test("problems of all files come together, file by file, from top to bottom", async () => {
  const lines = await problemsOf({
    "matrix.yaml": edited(MATRIX, "version: 1.0.0", "version: 1"),
    "products/alpha/product.yaml": edited(PRODUCT, "exit: 1", "exit: -1"),
    "scenarios/clean.yaml": "a: b: c\n",
    "scenarios/other.yaml": `tier: gat\n${SCENARIO}`,
  });
  expect(lines.map((line) => line.split(": ")[0])).toEqual([
    "matrix.yaml:5:20",
    "products/alpha/product.yaml:13:39",
    "scenarios/clean.yaml:1:4",
    "scenarios/other.yaml:1:7",
  ]);
});

test("aliases that grow without bound are refused", async () => {
  const rows = [
    "a: &a [1,1,1,1,1,1,1,1,1,1]",
    "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]",
    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]",
    "d: [*c,*c,*c,*c,*c,*c]",
  ];
  expect(await problemsOf({ "matrix.yaml": rows.join("\n") })).toEqual([
    expect.stringMatching(/^matrix\.yaml:1:1: Cannot read the YAML: Excessive alias count/),
  ]);
});

test("problems are data with positions from 1, beside the message", async () => {
  await using project = await sampleProject(inMatrix("version: 1.1.0", "verison: 1.1.0"));
  const error = await loadProject(project.directory, { now }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error).toHaveProperty("problems.0", {
    file: "matrix.yaml",
    line: 6,
    column: 11,
    message: 'Cannot use the key "verison": it is not known here',
    hint: 'did you mean "version"? allowed: version, built, channel, traits, withdrawn',
  });
});

test("a sound project loads: defaults filled in, folders absolute, comments, anchors and merge keys welcome", async () => {
  const files: Files = {
    "other.yaml": `# a comment\n${MATRIX}  beta: { <<: &b { path: products/beta }, releases: [{ version: 2.0.0-rc.1+linux.5, built: 2026-01-05T10:00:00+01:00 }] }\n`,
    "matrix.yaml": undefined,
    "products/beta/product.yaml": `${PRODUCT}env: { SHELL_TEXT: "$HOME {work}" }\nuser: [{ file: a, append: "{anything}" }]\nupdaters: ["x{2}"]\n`,
    "scenarios/README.md": "not a scenario",
    "scenarios/stop.yaml": `${SCENARIO}candidate: crash\nsteps: [stop, start, { upgrade: to, fault: true }, stop, reboot]\nfaults: [{ when: { point: swap }, do: reboot }]\n`,
  };
  await using sample = await sampleProject(files);
  const project = await loadProject(sample.directory, { matrixFile: "other.yaml", now });
  expect(Object.keys(project.products)).toEqual(["alpha", "beta"]);
  expect(Object.keys(project.scenarios)).toEqual(["clean", "stop"]);
  expect(project.productDirectories["beta"]).toBe(path.join(sample.directory, "products", "beta"));
  expect(project.matrix.pairs.kinds).toEqual(["upgrade", "downgrade", "rebuild"]);
  expect(project.scenarios["clean"]?.tier).toBe("gate");
});

test("an expired known failure does not keep a project from loading, and checkProject names it on the day after", async () => {
  const known =
    "known:\n  - { pattern: alpha/*, reason: r, link: https://example.org/1, expires: 2026-05-31 }\n  - { pattern: '*', reason: r, link: l, expires: 2026-06-01 }\n";
  await using sample = await sampleProject(afterMatrix(known));
  const project = await loadProject(sample.directory, { now });
  expect(checkProject(project, new Date("2026-05-31T23:00:00Z"))).toEqual([]);
  expect(checkProject(project, now)).toEqual([
    "matrix.yaml:8:74: Cannot excuse alpha/* any longer: the known failure expired on 2026-05-31 (mend it and remove the entry, or look at https://example.org/1 and set a later date)",
  ]);
});
