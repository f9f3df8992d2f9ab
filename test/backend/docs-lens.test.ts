import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
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

/** The `ts` blocks of a page, in order, as one module. */
function moduleOf(page: string): string {
  const blocks = page.matchAll(/^```ts\n([\s\S]*?)^```$/gm);
  return Array.from(blocks, ([, code]) => code).join("\n");
}

/** The module without types, printing the values that it shows as JSON. */
function programOf(code: string): string {
  const printing = code.replace(shownLine, (_, expression: string, says: string) => {
    const about = [expression, says].map((text) => JSON.stringify(text)).join(", ");
    return `shownValues.push([${about}, ${expression}]);`;
  });
  const { outputText } = ts.transpileModule(printing, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  // The package by its own names, resolved from here: the program lies elsewhere.
  const resolved = outputText.replace(/"(induction-lab(?:\/\w+)?)"/g, (_, name: string) =>
    JSON.stringify(pathToFileURL(resolve(name)).href),
  );
  return `const shownValues = [];\n${resolved}\nconsole.log(JSON.stringify(shownValues));\n`;
}

/** What the compiler, as strict as users have it, says of modules that import the built package. */
function typeErrors(files: readonly string[]): string[] {
  const program = ts.createProgram(files, {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: [],
    paths: {
      "induction-lab": [join(root, "dist/index.d.ts")],
      "induction-lab/node": [join(root, "dist/node.d.ts")],
      "induction-lab/*": [join(root, "dist/*/index.d.ts")],
    },
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file?.text.slice(start).split("\n")[0] ?? "";
    return `${ts.flattenDiagnosticMessageText(messageText, " ")} | ${line}`;
  });
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

const names = ["lens", "transformerlens"];
const pages = new Map<string, string>();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "docs-"));
  for (const name of names) {
    pages.set(name, await readFile(join(root, `docs/${name}.md`), "utf8"));
  }
});
afterAll(() => rm(folder, { recursive: true }));

describe("the TypeScript of docs/lens.md and docs/transformerlens.md", () => {
  it("has the types that the package declares", async () => {
    const files = names.map((name) => join(folder, `${name}.ts`));
    for (const [i, file] of files.entries()) {
      await writeFile(file, moduleOf(pages.get(names[i] as string) as string));
    }
    expect(typeErrors(files)).toEqual([]);
  });

  it.each(names)("runs as %s.md has it, and every value that is shown is so", async (name) => {
    const code = moduleOf(pages.get(name) as string);
    const file = join(folder, `${name}.mjs`);
    await writeFile(file, programOf(code));
    const { stdout } = await promisify(execFile)(process.execPath, [file]);
    const values = JSON.parse(stdout) as [expression: string, says: string, value: unknown][];
    const shown = values.map(([expression, says, value]): Shown => ({ expression, says, value }));
    expect(shown).toHaveLength(code.match(shownLine)?.length ?? 0);
    expect(shown.length).toBeGreaterThan(10);
    for (const { expression, says, value } of shown) {
      const message = `${expression} is ${JSON.stringify(value)}, the page says ${says}`;
      expect(agrees(value, JSON.parse(says), lastUnit(says)), message).toBe(true);
    }
  });
});
