import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { resolve } = createRequire(join(root, "package.json"));

/** An expression of a page with the value that the page says it has, and the value that it had. */
interface Shown {
  readonly expression: string;
  readonly says: string;
  readonly value: unknown;
}

/** Lines such as `sum; // → 0.25`. */
const shownLine = /^(.+); \/\/ → (.+)$/gm;

/** The `ts` blocks of a page as one program that prints what the page shows, as JSON. */
function programOf(page: string): string {
  const blocks = Array.from(page.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, code]) => code);
  const code = blocks
    .join("\n")
    .replace(shownLine, (_, expression: string, says: string) => {
      const about = [expression, says].map((text) => JSON.stringify(text)).join(", ");
      return `shownValues.push([${about}, ${expression}]);`;
    })
    // The package by its own names, resolved from here: the program lies elsewhere.
    .replace(/"(induction-lab(?:\/\w+)?)"/g, (_, name: string) =>
      JSON.stringify(pathToFileURL(resolve(name)).href),
    );
  return `const shownValues = [];\n${code}\nconsole.log(JSON.stringify(shownValues));\n`;
}

/** Equal, numbers to one unit of the last decimal that the page gives. */
function agrees(value: unknown, says: unknown, unit: number): boolean {
  if (typeof says === "number") return Math.abs(Number(value) - says) <= unit;
  if (!Array.isArray(says)) return value === says;
  if (!Array.isArray(value) || value.length !== says.length) return false;
  return says.every((part, i) => agrees(value[i], part, unit));
}

/** One unit of the last decimal of a text's numbers; 0 for whole ones. */
function lastUnit(text: string): number {
  const decimals = Array.from(text.matchAll(/\d\.(\d+)/g), ([, digits = ""]) => digits.length);
  return decimals.length === 0 ? 0 : 10 ** -Math.max(...decimals) * (1 + 1e-9);
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "docs-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(["lens", "transformerlens"])("docs/%s.md", (name) => {
  it("runs as it stands, and every value that it shows is so", async () => {
    const page = await readFile(join(root, `docs/${name}.md`), "utf8");
    const file = join(folder, `${name}.mjs`);
    await writeFile(file, programOf(page));
    const { stdout } = await promisify(execFile)(process.execPath, [file]);
    const values = JSON.parse(stdout) as [expression: string, says: string, value: unknown][];
    const shown = values.map(([expression, says, value]): Shown => ({ expression, says, value }));
    expect(shown).toHaveLength(page.match(shownLine)?.length ?? 0);
    expect(shown.length).toBeGreaterThan(10);
    for (const { expression, says, value } of shown) {
      const message = `${expression} is ${JSON.stringify(value)}, the page says ${says}`;
      expect(agrees(value, JSON.parse(says), lastUnit(says)), message).toBe(true);
    }
  });
});
