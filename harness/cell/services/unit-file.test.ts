import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { readUnit, splitWords, timeSpan } from "./unit-file.ts";

function unit(text: string): ReturnType<typeof readUnit> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "upmatrix-test-"));
  try {
    writeFileSync(path.join(folder, "agent.service"), text);
    return readUnit(path.join(folder, "agent.service"), "agent.service");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("reads what systemd would, with systemd's defaults", () => {
  const read = unit(`# a comment
[Unit]
StartLimitBurst=3
ConditionPathExists=/var/marker
ConditionPathExists=!/var/held
[Service]
ExecStart=-/bin/agent "two words" 'one more' \\
  --flag=a\\ b
Environment=A=1 "B=two words"
Environment=C=3
Restart=on-failure
RestartSec=1min 500ms
[Install]
WantedBy=multi-user.target
`);
  expect(read).toEqual({
    name: "agent.service",
    command: ["/bin/agent", "two words", "one more", "--flag=a b"],
    environment: { A: "1", B: "two words", C: "3" },
    directory: undefined,
    restart: "on-failure",
    restartMs: 60_500,
    startLimitBurst: 3,
    startLimitMs: 10_000,
    killMode: "control-group",
    killSignal: "SIGTERM",
    stopMs: 90_000,
    wantedBy: ["multi-user.target"],
    conditions: ["/var/marker", "!/var/held"],
  });
});

test("an empty assignment resets what came before", () => {
  expect(unit("[Service]\nExecStart=/bin/old\nExecStart=\nExecStart=/bin/new\nEnvironment=A=1\nEnvironment=\n")).toMatchObject({
    command: ["/bin/new"],
    environment: {},
  });
});

test.each([
  ["[Service]\nRestart=always\n", /has no ExecStart=/],
  ["[Service]\nExecStart=/bin/a\nRestart=sometimes\n", /Restart=sometimes: it must be one of no, /],
  ["[Service]\nExecStart=/bin/a\nKillMode=hard\n", /KillMode=hard: it must be one of/],
  ["[Service]\nExecStart\n", /Cannot read the unit file line: "ExecStart"/],
])("refuses %j", (text, message) => {
  expect(() => unit(text)).toThrow(message);
});

test.each([
  ["5", 5000],
  ["1.5s", 1500],
  ["2min 3s", 123_000],
  ["infinity", Infinity],
])("the time span %s is %d ms", (text, expected) => {
  expect(timeSpan(text)).toBe(expected);
});

test.each([
  [
    true,
    String.raw`C:\Users\me\node.exe "C:\two words\agent" run`,
    [String.raw`C:\Users\me\node.exe`, String.raw`C:\two words\agent`, "run"],
  ],
  [false, String.raw`/bin/agent a\ b "c\"d" 'e\f'`, ["/bin/agent", "a b", 'c"d', "ef"]],
])("splits words (on Windows: %s): %s", (windows, text, words) => {
  expect(splitWords(text, windows)).toEqual(words);
});
