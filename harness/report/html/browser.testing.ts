// Support of the report's tests: a real Chromium, pages that keep what went wrong in them, and what axe says of them.
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import type { RunRecord } from "../../model/index.ts";
import type { Details } from "../junit.ts";
import { htmlStream } from "./page.ts";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** undefined: there is none on this machine. */
export const CHROMIUM = [process.env["UPMATRIX_CHROMIUM"] ?? "", ...PLACES].find((file) => file !== "" && existsSync(file));

export const pack = (text: string): string => gzipSync(text).toString("base64");

/** A folder with reports, and the browser that looks at them. */
export class ReportBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #folder: string;

  private constructor(browser: Browser, folder: string) {
    this.#browser = browser;
    this.#folder = folder;
  }

  static async open(): Promise<ReportBrowser> {
    if (CHROMIUM === undefined) throw new Error(`Cannot find a Chromium: install one, or name it by UPMATRIX_CHROMIUM`);
    const folder = await mkdtemp(path.join(os.tmpdir(), "upmatrix-report-"));
    return new ReportBrowser(await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] }), folder);
  }

  /** Writes a report, as it is or damaged. */
  async write(name: string, record: RunRecord, details: Details, damage = (text: string): string => text): Promise<string> {
    return await this.writeText(name, damage([...htmlStream(record, { details, pack })].join("")));
  }

  /** Writes a page that somebody else made. */
  async writeText(name: string, text: string): Promise<string> {
    const file = path.join(this.#folder, `${name}.html`);
    await writeFile(file, text);
    return file;
  }

  /** A page of its own; `problems` fills with all that a browser complains about. */
  async page(file: string, options: BrowserContextOptions = {}): Promise<{ page: Page; problems: string[] }> {
    const page = await this.#browser.newPage(options);
    const problems: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith("file://")) problems.push(`asks for ${request.url()}`);
    });
    await page.goto(`file://${file}`);
    return { page, problems };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What axe finds wrong, one line each. */
export async function accessibility(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const result = (await page.evaluate(
    `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })`,
  )) as axe.AxeResults; // what axe.run gives
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}

interface Styles {
  getComputedStyle(element: unknown, pseudo: string | null): Record<string, string>;
}

/** A computed style of an element. The browser's names are typed by hand: Node's types do not know them. */
export function style(element: Locator, name: string, pseudo: string | null = null): Promise<string | undefined> {
  return element.evaluate((one, [wanted, part]) => (globalThis as unknown as Styles).getComputedStyle(one, part)[wanted], [
    name,
    pseudo,
  ] as const);
}
