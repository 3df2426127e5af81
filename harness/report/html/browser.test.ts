// The report in a real Chromium: what is told, filters, keys, colours, phones, print, accessibility, and nothing to complain about.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { BrowserContextOptions, Page } from "playwright-core";
import { accessibility, CHROMIUM, ReportBrowser, style } from "./browser.testing.ts";
import { compareHtml, compareRuns } from "../compare/index.ts";
import { sampleCell } from "../sample.ts";
import { FLEET_CELL, fleetDetails, richDetails, richRecord } from "./sample.ts";

const required = process.env["UPMATRIX_REQUIRE_CHROMIUM"] === "1";
if (CHROMIUM === undefined)
  console.warn("Tests of the report in a browser are skipped: there is no Chromium here (apt-get install chromium)");

describe.skipIf(CHROMIUM === undefined && !required)("in Chromium", () => {
  let browser: ReportBrowser;
  let report = "";
  beforeAll(async () => {
    browser = await ReportBrowser.open();
    report = await browser.write("rich", richRecord(), richDetails);
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  /** A page on which nothing may have gone wrong when the test is over. */
  async function open(options: BrowserContextOptions = {}, place = ""): Promise<Page> {
    const { page, problems } = await browser.page(report + place, options);
    await page.waitForSelector("footer");
    onTestFinished(async () => {
      await page.close();
      expect(problems).toEqual([]);
    });
    return page;
  }

  const field = (page: Page, product: string, label: RegExp) =>
    page.getByRole("region", { name: product }).getByRole("button", { name: label });
  const status = (page: Page) => page.getByRole("search").getByRole("status");

  test("the decision, three reasons, and whose fault it seems to be", async () => {
    const page = await open();
    expect(await page.locator(".decision h2").innerText()).toBe("✗ Gate closed (exit code 1)");
    const reasons = await page.locator(".decision li").allInnerTexts();
    expect(reasons).toHaveLength(3);
    expect(reasons[0]).toContain("the trait checks-space, which the earlier build lacks");
    expect(reasons[1]).toContain("the updater of 1.0.0");
    await page.locator(".decision li a").nth(1).click();
    await page.getByRole("heading", { name: /alpha\/1\.0\.0\.\..*\/clean@docker/ }).waitFor();
  });

  test("a field has sign, colour and label: inverted, known, skipped with its reason", async () => {
    const page = await open();
    const inverted = field(page, "beta in docker", /^1\.0\.9 → 1\.1\.0, inverted: 3 of 4 failed$/);
    expect(await inverted.innerText()).toBe("✗3");
    expect(await style(inverted, "borderTopWidth", "::after")).toBe("6px");
    const known = field(page, "alpha in docker", /^1\.1\.0 → 1\.2\.0: 1 of 4 known, 1 skipped: needs a point that alpha does not name$/);
    expect(await style(known, "backgroundImage")).toContain("repeating-linear-gradient");
    const sound = field(page, "beta in docker", /^1\.0\.0 → 1\.0\.9: 4 of 4 passed$/);
    expect(await style(sound, "backgroundImage")).toBe("none");
    const skipped = field(page, "sample in docker", /^2\.0\.0 → 1\.4\.0: 1 of 1 skipped: needs rollback, which sample does not provide$/);
    expect(await skipped.innerText()).toBe("–");
  });

  test("behind a field its scenarios, behind each the cell: plan, findings, timeline, tree, logs, replay", async () => {
    const page = await open();
    await field(page, "beta in docker", /^1\.0\.9 → 1\.1\.0/).click();
    await page.getByRole("heading", { name: "beta 1.0.9 → 1.1.0 @docker" }).waitFor();
    expect(await page.locator("article .cells tbody tr").count()).toBe(4);
    expect(await page.locator("article").innerText()).toContain("built 2026-01-04; knows checks-space");
    await page.locator("article .cells a").first().click();
    await page.locator(".plan").waitFor();
    expect(await page.locator(".plan li.bad").innerText()).toContain("Take a snapshot after the upgrade ← 1 finding");
    expect(await page.locator(".finding pre").innerText()).toMatch(/- link → versions\/2\n\+ nothing/);
    expect(await page.getByRole("img", { name: /lanes: steps, agent answers, agent/ }).count()).toBe(1);
    expect(await page.locator(".timeline .at.fault").count()).toBe(2);
    await page.getByText("Updater log log/updater.log").click();
    expect(await page.getByRole("region", { name: "Updater log log/updater.log" }).innerText()).toContain(
      "ERROR cannot remove data/agent-2.0.0: busy",
    );
    expect(await page.getByRole("region", { name: /^Tree before the upgrade/ }).innerText()).toMatch(/\+ +"migrated": true,/);
    expect(await page.locator(".copyable code").allInnerTexts()).toEqual([
      "upmatrix replay beta/1.0.9..1.1.0/crash-on-start@docker",
      "upmatrix history beta/1.0.9..1.1.0/crash-on-start@docker",
    ]);
  });

  test("the replay command is copied, or selected where there is no clipboard", async () => {
    const place = `#/cell/${encodeURIComponent("beta/1.0.9..1.1.0/crash-on-start@docker")}`;
    const page = await open({ permissions: ["clipboard-read", "clipboard-write"] }, place);
    await page.getByRole("button", { name: "Copy the replay command" }).click();
    await page.getByText("Copied", { exact: true }).waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe("upmatrix replay beta/1.0.9..1.1.0/crash-on-start@docker");
    await page.evaluate(`void Object.defineProperty(navigator, "clipboard", { value: undefined })`);
    await page.getByRole("button", { name: "Copy the replay command" }).click();
    await page.getByText("Selected: copy it with Ctrl+C").waitFor();
    expect(await page.evaluate("String(getSelection())")).toBe("upmatrix replay beta/1.0.9..1.1.0/crash-on-start@docker");
  });

  test("filters: text, verdict, product, inverted; and clear", async () => {
    const page = await open();
    const all = richRecord().cells;
    const shown = (keep: (cell: (typeof all)[number]) => boolean): string => `${all.filter(keep).length} of ${all.length} cells`;
    expect(await status(page).innerText()).toBe(`all ${all.length} cells`);
    await page.getByLabel("inverted only").check();
    expect(await status(page).innerText()).toBe(shown(({ inverted }) => inverted));
    expect(await field(page, "beta in docker", /^1\.0\.0/).count()).toBe(0);
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("group", { name: "Verdicts" }).getByRole("button", { name: /known/ }).click();
    expect(await status(page).innerText()).toBe(shown(({ verdict }) => verdict === "known"));
    await page.getByLabel("Product").selectOption("alpha");
    expect(await status(page).innerText()).toBe(shown(({ verdict, product }) => verdict === "known" && product === "alpha"));
    expect(await page.getByRole("region", { name: "beta in docker" }).count()).toBe(0);
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByLabel("Address").fill("beta/*/clean@docker");
    expect(await status(page).innerText()).toBe(shown(({ product, scenario }) => product === "beta" && scenario === "clean"));
    await page.getByLabel("Address").fill("nothing is like this");
    expect(await page.getByText("No cell is like that.").count()).toBe(1);
  });

  test("from where people can upgrade to a release, and which safe way leads there", async () => {
    const page = await open();
    const table = page.getByRole("region", { name: "From where people can upgrade: alpha" });
    expect(await table.locator("tbody tr").first().allInnerTexts()).toEqual([expect.stringMatching(/^1\.3\.0\s+1\.2\.0, 1\.0\.9/)]);
    await table.getByRole("link", { name: "1.3.0" }).click();
    await page.getByRole("heading", { name: "alpha 1.3.0" }).waitFor();
    const to = page.getByRole("region", { name: "Upgrades to 1.3.0" });
    const row = (name: string): Promise<string> => to.getByRole("row", { name: new RegExp(`^${name} `) }).innerText();
    expect(await row("1.0.0")).toMatch(/✗ not safe\s+none\s+failed: layout-after-upgrade current: expected link/);
    expect(await row("1.1.0")).toMatch(/~ at a known risk\s+by way of 1\.2\.0|~ at a known risk\s+none/);
    expect(await row("1.2.0")).toMatch(/✓ safe\s+straight\s+3 cells passed/);
    expect(await to.getByRole("link", { name: "https://example.org/9" }).getAttribute("href")).toBe("https://example.org/9");
    await to.getByRole("link", { name: "1.0.0" }).click();
    await page.getByRole("heading", { name: "alpha 1.0.0 → 1.3.0" }).waitFor();
  });

  test("a fleet's cell: a lane for each member and line, who was away, what sources say", async () => {
    const file = await browser.write("fleet", { ...richRecord(), cells: [FLEET_CELL], sweeps: [] }, () => fleetDetails());
    const { page, problems } = await browser.page(`${file}#/cell/${encodeURIComponent(FLEET_CELL.id)}`);
    await page.locator(".plan").waitFor();
    expect(await page.locator(".timeline .lane").allTextContents()).toEqual([
      ...["steps", "all answer", "host-1/api", "host-2/api", "line host-2 – inventory"],
    ]);
    expect(await page.locator(".timeline .downtext").innerHTML()).toBe("host-1/api: no healthy answer for 300ms");
    expect(await page.locator(".timeline .marktext").first().innerHTML()).toBe("line host-2 – inventory cut");
    const said = page.getByRole("region", { name: "What is said of version after the upgrade" });
    expect(await said.locator("tr.bad").allInnerTexts()).toEqual([expect.stringMatching(/✗ host-2\/api\s+1\.4\.0\s+2\.0\.0\s+disagree/)]);
    const away = page.getByRole("region", { name: "Without a healthy answer during the upgrade" });
    expect(await away.locator("tbody tr").last().innerText()).toMatch(/host-1\/api\s+400ms in 2, longest 300ms/);
    expect(await accessibility(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("a sweep is a strip of operations", async () => {
    const page = await open();
    const strip = page.getByRole("toolbar", { name: /40 points of beta/ });
    expect(await strip.getByRole("button").count()).toBe(40);
    expect(await strip.getByRole("button", { name: /: failed, bricked/ }).allInnerTexts()).toEqual(["✗", "✗"]);
    expect((await strip.getByRole("button").allInnerTexts()).filter((sign) => sign === "↩")).toHaveLength(19);
    await strip.getByRole("button").first().focus();
    for (let step = 1; step < 20; step++) await page.keyboard.press("ArrowRight");
    expect(await page.locator(".readout").innerText()).toBe("after operation 20, unlink of …/current");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /kill-sweep\.0020-after-unlink-current/ }).waitFor();
  });

  test("what was not run is a section of its own", async () => {
    const page = await open();
    const text = await page.getByRole("region", { name: "What was not run" }).innerText();
    for (const part of [
      "host: not asked for",
      "10 cells of alpha: needs a point that alpha does not name",
      "sample: 24 cells of 2 scenarios",
    ])
      expect(text).toContain(part);
  });

  test("keys alone: / filters, arrows walk, Enter opens, Escape goes back to the same place", async () => {
    const page = await open();
    await page.keyboard.press("/");
    expect(await page.evaluate("document.activeElement?.id")).toBe("search");
    await field(page, "beta in docker", /^1\.0\.0 → 1\.0\.9/).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    const label = (): Promise<unknown> => page.evaluate(`document.activeElement?.getAttribute("aria-label")`);
    expect(await label()).toMatch(/^1\.0\.0 → 1\.1\.0|^1\.0\.9 → 1\.1\.0/);
    await page.keyboard.press("End");
    expect(await label()).toMatch(/→ 1\.3\.0/);
    const tabStops = await page.locator(".heat").last().locator("[tabindex='0']").count();
    expect(tabStops).toBe(1);
    const scrolled = await page.evaluate("scrollY");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^beta .* → 1\.3\.0/ }).waitFor();
    expect(await page.evaluate("document.activeElement?.tagName")).toBe("H2");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Pairs" }).waitFor();
    expect(await page.evaluate("scrollY")).toBe(scrolled);
    expect(await label()).toMatch(/→ 1\.3\.0/);
  });

  test("an address that is not in the report says so", async () => {
    const page = await open({}, "#/cell/some%2Fother%40docker");
    expect(await page.locator("article").innerText()).toContain("Not in this report");
  });

  describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
    test.each([
      ["overview", ""],
      ["pair", "#/pair/beta/docker/1.0.9/1.1.0"],
      ["release", "#/release/beta/1.3.0"],
      ["cell", `#/cell/${encodeURIComponent("beta/1.0.9..1.1.0/crash-on-start@docker")}`],
    ])("%s: axe finds nothing", async (_, place) => {
      const page = await open({ colorScheme }, place);
      if (place.includes("cell")) await page.locator(".plan").waitFor();
      expect(await accessibility(page)).toEqual([]);
      await page.evaluate(`document.querySelectorAll("details").forEach((one) => (one.open = true))`);
      expect(await accessibility(page)).toEqual([]);
    });
  });

  test("these checks see what is wrong: a button without a name, a script that is not the report's own, a request", async () => {
    const { page, problems } = await browser.page(report);
    await page.waitForSelector("footer");
    await page.evaluate(`document.querySelector("main").append(document.createElement("button"))`);
    expect(await accessibility(page)).toEqual([expect.stringMatching(/^button-name: <button/)]);
    await page.evaluate(`document.body.append(Object.assign(document.createElement("script"), { textContent: "window.ran = true" }))`);
    await page.evaluate(`document.body.append(Object.assign(document.createElement("img"), { src: "http://127.0.0.1:9/x.png", alt: "" }))`);
    await expect.poll(() => problems.join("\n")).toMatch(/script-src[^]*img-src|default-src/);
    expect(await page.evaluate("window.ran")).toBeUndefined();
    await page.close();
  });

  test("of a large report only tables in sight are drawn; in print all are", async () => {
    const versions = Array.from({ length: 25 }, (_, index) => `1.${index}.0`);
    const cells = ["one", "two", "three"].flatMap((product) =>
      versions.flatMap((from) => versions.filter((to) => to !== from).map((to) => sampleCell({ product, from, to, next: to }))),
    );
    const large = await browser.write("large", { ...richRecord(), cells, sweeps: [] }, () => undefined);
    const { page, problems } = await browser.page(large);
    await page.waitForSelector(".heat");
    expect(await page.locator(".heat").count()).toBeLessThan(3);
    await page.getByRole("region", { name: "three in docker" }).scrollIntoViewIfNeeded();
    await page.getByRole("grid", { name: /^three/ }).waitFor();
    await page.evaluate(`dispatchEvent(new Event("beforeprint"))`);
    await expect.poll(() => page.locator(".heat").count()).toBe(3);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("a sweep of which only known points fail is no alarm", async () => {
    const record = richRecord();
    const cells = record.cells.map((cell) =>
      cell.scenario.startsWith("kill-sweep.") && cell.verdict === "failed"
        ? { ...cell, verdict: "known" as const, reason: "as designed" }
        : cell,
    );
    const lines: string[] = [];
    for (const [name, shown] of [
      ["known", cells],
      ["new", record.cells],
    ] as const) {
      const { page } = await browser.page(await browser.write(`sweep-${name}`, { ...record, cells: shown }, () => undefined));
      lines.push(await page.locator(".sweep p").first().innerText());
      await page.close();
    }
    expect(lines).toEqual([
      expect.stringMatching(/^~ 38 of 40 states .*; all that fails is known$/),
      expect.stringMatching(/^✗ 38 of 40 [^;]*;[^;]*$/),
    ]);
  });

  test("colours follow the machine, and the switch, also when the report is opened again", async () => {
    const page = await open({ colorScheme: "dark" });
    const paper = (): Promise<unknown> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const dark = await paper();
    await page.getByRole("button", { name: "light" }).click();
    expect(await paper()).toBe("rgb(255, 255, 255)");
    await page.getByRole("button", { name: "dark" }).click();
    expect(await paper()).toBe(dark);
    expect(dark).not.toBe("rgb(255, 255, 255)");
    await page.getByRole("button", { name: "light" }).click();
    await page.reload();
    await page.waitForSelector("footer");
    expect(await paper()).toBe("rgb(255, 255, 255)");
    expect(await page.getByRole("button", { name: "light" }).getAttribute("aria-pressed")).toBe("true");
  });

  test("where a browser keeps nothing the switch works all the same", async () => {
    const { page, problems } = await browser.page(report);
    await page.addInitScript(`Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no", "SecurityError"); } })`);
    await page.reload();
    await page.getByRole("button", { name: "dark" }).click();
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
    expect(problems).toEqual([]);
    await page.close();
  });

  test.each([
    "",
    "#/release/beta/1.3.0",
    "#/pair/beta/docker/1.0.9/1.1.0",
    `#/cell/${encodeURIComponent("beta/1.0.9..1.1.0/crash-on-start@docker")}`,
  ])("on a phone nothing but tables and pictures is wider than the screen (%s)", async (place) => {
    const page = await open({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }, place);
    if (place.includes("cell")) await page.locator(".plan").waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
  });

  test("in print there are no controls, and no dark paper", async () => {
    const page = await open({ colorScheme: "dark" });
    await page.emulateMedia({ media: "print" });
    expect(await page.getByRole("search").isVisible()).toBe(false);
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    expect(await page.locator(".decision").isVisible()).toBe(true);
    await page.setViewportSize({ width: 740, height: 1000 }); // A4 within its margins
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(740);
  });

  test("where scripts are forbidden the decision is still told", async () => {
    const { page } = await browser.page(report, { javaScriptEnabled: false });
    expect(await page.locator(".decision").innerText()).toContain("the updater of 1.0.0");
    expect(await page.locator("noscript").innerText()).toContain("summary.md");
    await page.close();
  });

  test("data that cannot be read is told, below the decision", async () => {
    const broken = await browser.write("broken", richRecord(), richDetails, (text) => text.replace(/(id="data">.{2000})[^<]*/, "$1"));
    const { page, problems } = await browser.page(broken);
    expect(await page.getByRole("alert").innerText()).toContain("Cannot read the data in this file");
    expect(await page.locator(".decision").innerText()).toContain("Gate closed");
    expect(problems).toHaveLength(1);
    await page.close();
  });

  describe("a comparison", () => {
    const [before, after] = [richRecord(), richRecord()];
    const worse = after.cells.map((cell, index) =>
      cell.verdict === "passed" && index % 7 === 0
        ? {
            ...cell,
            verdict: "failed" as const,
            findings: [{ check: "layout", path: "a".repeat(200), expected: "a", actual: "b", step: 1 }],
          }
        : { ...cell, durationMs: cell.durationMs * (index % 11 === 0 ? 9 : 1) },
    );
    let file = "";
    beforeAll(async () => {
      file = await browser.writeText("compare", [...compareHtml(compareRuns(before, { ...after, cells: worse }))].join(""));
    });

    test.each(["light", "dark"] as const)("%s: axe finds nothing, the browser has nothing to complain about", async (colorScheme) => {
      const { page, problems } = await browser.page(file, { colorScheme });
      expect(await page.locator("h2").allInnerTexts()).toEqual([
        expect.stringMatching(/^Newly failing \(\d+\)$/),
        expect.stringMatching(/^Slower/),
      ]);
      expect(await accessibility(page)).toEqual([]);
      expect(problems).toEqual([]);
      await page.close();
    });

    test.each([
      ["on a phone", 360, "screen"],
      ["in print", 740, "print"],
    ] as const)("%s nothing is wider than there is room", async (_, width, media) => {
      const { page } = await browser.page(file, { viewport: { width, height: 800 } });
      await page.emulateMedia({ media });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      expect(
        await page.evaluate(`Math.max(...[...document.querySelectorAll("td")].map((one) => one.getBoundingClientRect().right))`),
      ).toBeLessThanOrEqual(width);
      await page.close();
    });
  });

  test("details that cannot be read are told where they are asked for", async () => {
    const page = await open();
    await page.evaluate(
      `document.getElementById("details").textContent = "H4sI"; location.hash = "#/cell/beta%2F1.0.9..1.1.0%2Fcrash-on-start%40docker"`,
    );
    await page.getByText("Cannot read the details in this file").waitFor();
  });
});
