import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is, or `null` with one line that says why the browser's tests are skipped. */
export function findChromium(): string | null {
  const found = [process.env.CHROMIUM, ...places].find((path) => path && existsSync(path));
  if (found !== undefined) return found;
  console.warn("skipped: the tests in a browser need Chromium (or set CHROMIUM to its path)");
  return null;
}

/** Starts headless Chromium. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
