import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { measurePairs, postProtocol, strengthSequence } from "../../src/induction/index.js";
import { loadModel, nodeEngine } from "../../src/node.js";
import { findChromium, launchChromium } from "../support/chromium.js";

const executable = findChromium();

interface PageLab {
  goldenErrors(folder: string): Promise<Record<string, number>>;
  strengthOfPair(count: number): Promise<{ ids: number[]; induction: number[] }>;
}
declare const lab: PageLab;

describe.skipIf(executable === null)("the library in Chromium", () => {
  let server: ViteDevServer;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  beforeAll(async () => {
    server = await createServer({
      root: fileURLToPath(new URL("../..", import.meta.url)),
      configFile: false,
      logLevel: "error",
      server: { port: 0, host: "127.0.0.1", watch: null },
      cacheDir: "node_modules/.vite-browser-test",
      optimizeDeps: { exclude: ["onnxruntime-web"], entries: ["test/browser/index.html"] },
    });
    await server.listen();
    browser = await launchChromium(executable as string);
    page = await browser.newPage();
    page.on("console", (message) => {
      // A model without a tokenizer is asked for one and answers 404, which Chromium logs.
      const absent = /tokenizer(_config)?\.json$/.test(message.location().url);
      if (message.type() === "error" && !absent) problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(error.message));
    const url = server.resolvedUrls?.local[0] ?? "";
    await page.goto(`${url}test/browser/index.html`);
    await page.waitForFunction(() => "lab" in globalThis);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each(["a-attn-only-ln", "b-attn-only-shortformer", "g-attn-only-1l"])(
    "gives TransformerLens's hook values: %s",
    async (fixture) => {
      const errors = await page.evaluate((f) => lab.goldenErrors(f), `/test/fixtures/${fixture}`);
      expect(Object.keys(errors).length).toBeGreaterThan(10);
      for (const [name, error] of Object.entries(errors)) {
        expect(error, name).toBeLessThan(1e-4);
      }
    },
  );

  it("draws the sequences that Node draws and measures what Node measures", async () => {
    const count = 12;
    const inPage = await page.evaluate((n) => lab.strengthOfPair(n), count);
    const engine = nodeEngine();
    const model = await loadModel("attn-only-2l-mini", { engine });
    const protocol = { ...postProtocol(model.config.dVocab), lowestId: 3 };
    const here = { model, protocol, seed: 1, batch: 8 };
    const draw = (k: number) => ({
      unit: 0,
      k,
      pair: strengthSequence(here, { a: 1850, b: 1829 }, k),
    });
    const { induction } = await measurePairs(here, { from: 0, to: count }, draw);
    await engine.close();
    expect(inPage.ids).toEqual(Array.from(draw(count - 1).pair.control));
    for (const [i, value] of induction.entries()) {
      expect(Math.abs((inPage.induction[i] as number) - value)).toBeLessThan(1e-3);
    }
  });

  it("reports no error on the way", () => {
    expect(problems).toEqual([]);
  });
});
