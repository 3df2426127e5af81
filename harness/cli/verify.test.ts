// `upmatrix verify` on the red project: what is sound but called broken gets away, what is broken but called mended is a false
// alarm, and cases of another machine are told. That it can also be content is shown by the cases of this repository.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { CAN_RUN, Project } from "./testing.ts";

const SOUND = "tiny/1.0.0..2.0.0/clean-upgrade@host";
const BROKEN = "tiny/1.0.0-forgets-commit..2.0.0/clean-upgrade@host";
const FINDING = { check: "reboot-changes-nothing" };

async function addCase(project: Project, name: string, content: object): Promise<void> {
  await mkdir(path.join(project.directory, name));
  await writeFile(path.join(project.directory, name, "case.yaml"), stringify(content));
}

test.runIf(CAN_RUN)("one that gets away or a false alarm closes the gate; a good one does not", async () => {
  await using project = await Project.copy();
  await addCase(project, "good", { bug: "It forgets", broken: [BROKEN], mended: [SOUND], finding: FINDING });
  await addCase(project, "wrong", { bug: "It forgets", broken: [SOUND], mended: [BROKEN], finding: FINDING });
  await addCase(project, "foreign", { bug: "It forgets", platforms: ["win32"], broken: [BROKEN], mended: [SOUND], finding: FINDING });
  const ran = await project.upmatrix("verify", ".");
  expect(ran.exitCode).toBe(1);
  const told = ran.all.split("\n");
  expect(told).toContainEqual("– foreign: needs Windows");
  expect(told).toContainEqual("✓ good: caught by reboot-changes-nothing: 1.0.0-forgets-commit runs");
  expect(told).toContainEqual("✗ wrong: got away");
  expect(told).toContainEqual(`    got away: ${SOUND}: passed (upgraded)`);
  expect(told).toContainEqual(expect.stringContaining(`    false alarm: ${BROKEN}: failed`));
  expect(told.at(-1)).toBe("caught 1 of 2, false alarms 1 of 2");
});

test("what cannot be verified is a wrong use, and says why", async () => {
  await using project = await Project.copy();
  const none = await project.upmatrix("verify", ".");
  expect({ code: none.exitCode, said: none.all }).toEqual({
    code: 2,
    said: "Cannot find a case in .: there is no <name>/case.yaml",
  });
  await addCase(project, "good", { bug: "It forgets", broken: [BROKEN], mended: [SOUND], finding: FINDING });
  const unknown = await project.upmatrix("verify", ".", "god");
  expect({ code: unknown.exitCode, said: unknown.all }).toEqual({
    code: 2,
    said: "Cannot find the case god in .: there is no case.yaml",
  });
  await addCase(project, "bad", { bug: "It forgets", broken: BROKEN, mended: [SOUND], finding: FINDING });
  const invalid = await project.upmatrix("verify", ".");
  expect(invalid.exitCode).toBe(2);
  expect(invalid.all).toContain('bad/case.yaml:2:9: Cannot use "tiny/1.0.0-forgets-commit..2.0.0/clean-upgrade@host" for "broken"');
});
