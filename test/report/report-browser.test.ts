import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csvParseRows } from "d3-dsv";

import { reportFiles } from "../../src/report/index.js";
import { createDocument } from "../../src/report/node-document.js";
import { findChromium, launchChromium } from "../support/chromium.js";
import { fullRun } from "./gallery-cases.js";

const chromium = findChromium();

describe.skipIf(chromium === null)("the report in Chromium", () => {
  const files = reportFiles(fullRun(900), { document: createDocument() });
  let browser: Browser;
  let page: Page;
  let folder: string;
  const said: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "induction-report-"));
    const path = join(folder, "report.html");
    await writeFile(path, files["report.html"] ?? "");
    browser = await launchChromium(chromium ?? "");
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("request", (request) => {
      if (request.url() !== pathToFileURL(path).href) said.push(`request: ${request.url()}`);
    });
    await page.goto(pathToFileURL(path).href, { waitUntil: "load" });
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("logs nothing and asks for nothing but itself", () => {
    expect(said).toEqual([]);
  });

  it("offers of each figure the CSV of the table that is folded under it", async () => {
    const found = await page.$$eval("figure", (list) =>
      list.map((figure) => ({
        name: figure.id.replace("figure-", ""),
        href: figure.querySelector('a[download$=".csv"]')?.getAttribute("href") ?? "",
        rows: [...figure.querySelectorAll("tbody tr")].map((tr) =>
          [...tr.children].map((cell) => cell.textContent ?? ""),
        ),
      })),
    );
    expect(found.length).toBe(7);
    for (const { name, href, rows } of found) {
      const csv = decodeURIComponent(href.slice(href.indexOf(",") + 1));
      expect(csv).toBe(files[`figures/${name}.csv`]);
      const shown = rows.map((cells) =>
        cells.map((text) => text.replace("−", "-").replace("∞", "inf")),
      );
      expect(shown).toEqual(csvParseRows(csv).slice(1));
    }
  });

  it("saves a file when its link is pressed", async () => {
    for (const ending of ["svg", "csv"]) {
      const name = `strengths.${ending}`;
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.press(`a[download="${name}"]`, "Enter"),
      ]);
      expect(download.suggestedFilename()).toBe(name);
      const saved = await readFile((await download.path()) ?? "", "utf8");
      expect(saved).toBe(files[`figures/${name}`]);
    }
  });

  it("draws the saved SVG file on its own", async () => {
    const alone = await browser.newPage();
    const path = join(folder, "alone.svg");
    await writeFile(path, files["figures/neighbours-ladder.svg"] ?? "");
    await alone.goto(pathToFileURL(path).href);
    const size = await alone.$eval("svg", (svg) => svg.getBoundingClientRect().width);
    expect(size).toBe(460);
    await alone.close();
  });

  it("reaches every link, summary and scrolling table with the Tab key, in order", async () => {
    const expected = await page.$$eval(
      "a, summary, [tabindex]",
      (list) =>
        // What is folded away is not reached.
        list.filter((element) => element.closest("details") === null || element.matches("summary"))
          .length,
    );
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    const reached: number[] = [];
    for (let i = 0; i < expected; i++) {
      await page.keyboard.press("Tab");
      reached.push(
        await page.evaluate(() =>
          [...document.querySelectorAll("*")].indexOf(document.activeElement!),
        ),
      );
    }
    expect(new Set(reached).size).toBe(expected);
  });

  it("unfolds a table with the keyboard", async () => {
    const table = page.locator("#figure-powers-scatter details table");
    expect(await table.isVisible()).toBe(false);
    await page.locator("#figure-powers-scatter summary").focus();
    await page.keyboard.press("Enter");
    expect(await table.isVisible()).toBe(true);
  });

  it.each([1280, 390])("at %i pixels nothing makes the page scroll sideways", async (width) => {
    await page.setViewportSize({ width, height: 900 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBe(width);
  });

  it("has names for images and links, and ids that are unique", async () => {
    const wrong = await page.evaluate(() => {
      const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
      const images = [...document.querySelectorAll('svg[role="img"]')];
      const links = [...document.querySelectorAll("a")].map((a) => a.getAttribute("aria-label"));
      return {
        ids: ids.filter((id, i) => ids.indexOf(id) !== i),
        images: images.filter((svg) => (svg.getAttribute("aria-label") ?? "") === "").length,
        links: links.filter((name, i) => name === null || links.indexOf(name) !== i),
      };
    });
    expect(wrong).toEqual({ ids: [], images: 0, links: [] });
  });

  it.each(["light", "dark"] as const)(
    "has text of enough contrast on a %s page",
    async (scheme) => {
      await page.emulateMedia({ colorScheme: scheme });
      const ratios = await page.evaluate(() => {
        const parse = (colour: string) => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
        const luminance = (colour: string) => {
          const [r = 0, g = 0, b = 0] = parse(colour).map((value) => {
            const share = value / 255;
            return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const paper = luminance(getComputedStyle(document.body).backgroundColor);
        const texts = [
          ...document.querySelectorAll("p, th, td, a, summary, h1, h2, dt, dd, svg text"),
        ];
        return texts.map((element) => {
          const style = getComputedStyle(element);
          const colour = element instanceof SVGElement ? style.fill : style.color;
          const ink = luminance(colour);
          return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        });
      });
      expect(ratios.length).toBeGreaterThan(300);
      expect(Math.min(...ratios)).toBeGreaterThanOrEqual(4.5);
    },
  );
});
